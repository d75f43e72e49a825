"""Which op a span gets: the table, old and new semantic conventions, first match wins."""

from __future__ import annotations

from typing import Any

import pytest
from opentelemetry.trace import SpanKind

from otel_sentry.convert.op import (
    CACHE_COMMAND_TO_OP,
    FAAS_TRIGGER_TO_OP,
    MESSAGING_OPERATION_TO_OP,
    sentry_op,
)

SERVER, CLIENT, INTERNAL = SpanKind.SERVER, SpanKind.CLIENT, SpanKind.INTERNAL
PRODUCER, CONSUMER = SpanKind.PRODUCER, SpanKind.CONSUMER


@pytest.mark.parametrize(
    ("attributes", "kind", "op"),
    [
        pytest.param({}, INTERNAL, None, id="nothing known"),
        pytest.param({}, SERVER, None, id="kind alone says nothing"),
        pytest.param({"http.request.method": "GET"}, SERVER, "http.server", id="HTTP server"),
        pytest.param({"http.method": "GET"}, SERVER, "http.server", id="HTTP server, old"),
        pytest.param({"http.request.method": "GET"}, CLIENT, "http.client", id="HTTP client"),
        pytest.param({"http.method": "GET"}, CLIENT, "http.client", id="HTTP client, old"),
        pytest.param({"http.request.method": "GET"}, INTERNAL, "http", id="HTTP, neither side"),
        pytest.param(
            {"http.request.method": "GET", "sentry.http.prefetch": True}, CLIENT, "http.client.prefetch", id="prefetch"
        ),
        pytest.param({"http.response.status_code": 200}, INTERNAL, None, id="HTTP without method"),
        pytest.param({"db.system.name": "postgresql"}, CLIENT, "db", id="database"),
        pytest.param({"db.system": "redis"}, CLIENT, "db", id="Redis is a database, old"),
        pytest.param({"http.method": "POST", "db.system": "elasticsearch"}, CLIENT, "http.client", id="HTTP first"),
        pytest.param({"db.system": "redis", "cache.hit": True}, CLIENT, "cache.get", id="cache hit"),
        pytest.param({"db.system": "redis", "cache.key": ["k"]}, CLIENT, "cache", id="cache key"),
        pytest.param(
            {"db.system": "redis", "cache.key": ["k"], "db.operation": "SETEX"}, CLIENT, "cache.put", id="put"
        ),
        pytest.param({"cache.operation": "remove", "cache.hit": False}, INTERNAL, "cache.remove", id="cache operation"),
        pytest.param({"cache.operation": "flush"}, INTERNAL, "cache.flush", id="cache flush"),
        pytest.param({"cache.operation": "compact"}, INTERNAL, "cache", id="unknown cache operation"),
        pytest.param({"db.system": "postgresql", "cache.hit": False}, CLIENT, "db", id="hit of a database's own cache"),
        pytest.param({"mcp.method.name": "tools/call"}, SERVER, "mcp.server", id="MCP server"),
        pytest.param({"mcp.method.name": "tools/call"}, INTERNAL, "mcp.server", id="MCP, no side told"),
        pytest.param({"mcp.method.name": "tools/call"}, CLIENT, "mcp.client", id="MCP client"),
        pytest.param(
            {"mcp.method.name": "tools/call", "gen_ai.operation.name": "execute_tool"},
            SERVER,
            "mcp.server",
            id="MCP before generative AI",
        ),
        pytest.param(
            {"mcp.method.name": "notifications/cancelled"},
            SERVER,
            "mcp.notification.client_to_server",
            id="MCP notification received",
        ),
        pytest.param(
            {"mcp.method.name": "notifications/progress"},
            PRODUCER,
            "mcp.notification.server_to_client",
            id="MCP notification sent",
        ),
        pytest.param({"gen_ai.operation.name": "chat", "gen_ai.system": "openai"}, CLIENT, "gen_ai.chat", id="chat"),
        pytest.param({"gen_ai.operation.name": "invoke_agent"}, INTERNAL, "gen_ai.invoke_agent", id="agent"),
        pytest.param({"gen_ai.provider.name": "openai"}, CLIENT, "gen_ai", id="generative AI without operation"),
        pytest.param({"rpc.system": "grpc", "rpc.service": "shop.Users"}, CLIENT, "rpc", id="gRPC"),
        pytest.param({"rpc.system.name": "jsonrpc"}, SERVER, "rpc", id="JSON-RPC"),
        pytest.param({"rpc.jsonrpc.version": "2.0"}, CLIENT, "rpc", id="JSON-RPC by version"),
        pytest.param({"rpc.service": "S3"}, CLIENT, "rpc", id="RPC service alone"),
        pytest.param({"rpc.system": "aws-api", "db.system": "dynamodb"}, CLIENT, "db", id="database before RPC"),
        pytest.param(
            {"messaging.system": "kafka", "messaging.operation.type": "send"}, PRODUCER, "queue.publish", id="send"
        ),
        pytest.param(
            {"messaging.system": "kafka", "messaging.operation.type": "receive"}, CLIENT, "queue.receive", id="receive"
        ),
        pytest.param(
            {"messaging.system": "kafka", "messaging.operation": "process"},
            CONSUMER,
            "queue.process",
            id="process, old",
        ),
        pytest.param(
            {"messaging.system": "kafka", "messaging.operation.type": "create"}, CLIENT, "queue.create", id="create"
        ),
        pytest.param(
            {"messaging.system": "kafka", "messaging.operation.type": "settle"}, CLIENT, "queue.settle", id="settle"
        ),
        pytest.param({"messaging.system": "kafka"}, PRODUCER, "queue.publish", id="producer"),
        pytest.param({"messaging.destination": "celery"}, CONSUMER, "queue.process", id="consumer without system"),
        pytest.param(
            {"messaging.system": "kafka", "messaging.operation": "x"}, INTERNAL, "queue", id="unknown operation"
        ),
        pytest.param({"faas.trigger": "http"}, SERVER, "http.server", id="function by HTTP"),
        pytest.param({"faas.trigger": "pubsub"}, CONSUMER, "queue.process", id="function by queue"),
        pytest.param({"faas.trigger": "timer"}, INTERNAL, "function", id="function by timer"),
        pytest.param({"faas.invocation_id": "1"}, SERVER, "function", id="function without trigger"),
        pytest.param({"graphql.operation.type": "query"}, INTERNAL, "graphql", id="GraphQL"),
        pytest.param({"graphql.document": "{ me }"}, INTERNAL, "graphql", id="GraphQL document"),
        pytest.param({"component": "graphql"}, SERVER, "graphql", id="GraphQL component"),
        pytest.param({"component": "net"}, SERVER, None, id="other component"),
        pytest.param({"file.path": "/a"}, INTERNAL, "file", id="file"),
        pytest.param({"http.method": None, "db.system": "sqlite"}, CLIENT, "db", id="None counts as absent"),
        pytest.param({"http.method": "GET", "sentry.op": "cache.get"}, CLIENT, "cache.get", id="explicit"),
        pytest.param({"sentry.op": 5}, CLIENT, "5", id="explicit, no text"),
        pytest.param({"http.method": "GET", "sentry.op": ""}, CLIENT, "http.client", id="explicit, empty"),
    ],
)
def test_op(attributes: dict[str, Any], kind: SpanKind, op: str | None) -> None:
    """The first rule that matches gives the op; what the application says comes before all rules."""
    assert sentry_op(attributes, kind) == op


@pytest.mark.parametrize(("operation", "op"), MESSAGING_OPERATION_TO_OP.items())
def test_each_messaging_operation(operation: str, op: str) -> None:
    """In any case of letters."""
    assert sentry_op({"messaging.system": "x", "messaging.operation.type": operation.upper()}, INTERNAL) == op


@pytest.mark.parametrize(("command", "op"), CACHE_COMMAND_TO_OP.items())
def test_each_cache_command(command: str, op: str) -> None:
    """A Redis span that says it is about a cache is one."""
    attributes = {"db.system.name": "redis", "cache.key": ["k"], "db.operation.name": command}

    assert sentry_op(attributes, CLIENT) == op


@pytest.mark.parametrize(("trigger", "op"), FAAS_TRIGGER_TO_OP.items())
def test_each_trigger(trigger: str, op: str) -> None:
    """Functions are named after what calls them."""
    assert sentry_op({"faas.trigger": trigger}, SERVER) == op
