"""Which Sentry operation a span is: a table of rules over old and new semantic conventions, first match wins.

Source: the newest JavaScript SDK's inference (design decision 9) and Sentry's registry of operations.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

from opentelemetry.trace import SpanKind

from otel_sentry.convert.values import text

EXPLICIT_OP: Final = "sentry.op"

MESSAGING_OPERATION_TO_OP: Final[Mapping[str, str]] = {
    "publish": "queue.publish",
    "send": "queue.publish",
    "create": "queue.create",
    "receive": "queue.receive",
    "poll": "queue.receive",
    "process": "queue.process",
    "deliver": "queue.process",
    "settle": "queue.settle",
    "ack": "queue.settle",
    "nack": "queue.settle",
}
"""`messaging.operation.type`, or the older `messaging.operation` → op."""

MESSAGING_KIND_TO_OP: Final[Mapping[SpanKind, str]] = {
    SpanKind.PRODUCER: "queue.publish",
    SpanKind.CONSUMER: "queue.process",
}
"""Span kind → op of a messaging span that does not say its operation; other kinds are `queue`."""

FAAS_TRIGGER_TO_OP: Final[Mapping[str, str]] = {"http": "http.server", "pubsub": "queue.process"}
"""`faas.trigger` → op; every other trigger is `function`."""

CACHE_COMMAND_TO_OP: Final[Mapping[str, str]] = {
    "GET": "cache.get",
    "MGET": "cache.get",
    "GETEX": "cache.get",
    "HGET": "cache.get",
    "HMGET": "cache.get",
    "HGETALL": "cache.get",
    "SET": "cache.put",
    "MSET": "cache.put",
    "SETEX": "cache.put",
    "PSETEX": "cache.put",
    "SETNX": "cache.put",
    "HSET": "cache.put",
    "ADD": "cache.put",
    "REPLACE": "cache.put",
    "DEL": "cache.remove",
    "UNLINK": "cache.remove",
    "HDEL": "cache.remove",
    "DELETE": "cache.remove",
    "FLUSHDB": "cache.flush",
    "FLUSHALL": "cache.flush",
}
"""Command of a Redis-like store → op of a span that says it is about a cache."""

CACHE_STORES: Final = frozenset({"redis", "valkey", "memcached", "memcache", "keydb", "dragonfly"})
"""Databases whose spans may be cache spans, when `cache.*` attributes say so."""

_MESSAGING_TYPE_KEYS: Final = ("messaging.operation.type", "messaging.operation", "messaging.operation.name")
_COMMAND_KEYS: Final = ("cache.operation", "db.operation.name", "db.operation")
_GRAPHQL_KEYS: Final = ("graphql.operation.type", "graphql.operation.name", "graphql.document", "graphql.path")
_HTTP_KIND: Final = {SpanKind.SERVER: "http.server", SpanKind.CLIENT: "http.client"}


OpFunction = Callable[[Any, Mapping[str, Any], SpanKind], "str | None"]


class OpRule(NamedTuple):
    """A span that has one of `keys` has the op that `op` makes of the first one's value; None passes on.

    Attributes:
        family: what the rule is about, for the documentation.
        keys: attribute names, new spelling before old.
        op: (value of the first key there, attributes, kind) → op or None.
        results: the ops it can give, for the documentation.
    """

    family: str
    keys: tuple[str, ...]
    op: OpFunction
    results: tuple[str, ...]


def sentry_op(attributes: Mapping[str, Any], kind: SpanKind) -> str | None:
    """The op of a span: `sentry.op` if the application set it, else the first rule that matches, else None."""
    explicit = attributes.get(EXPLICIT_OP)
    return text(explicit) if explicit else op_by_rules(attributes, kind)


def op_by_rules(attributes: Mapping[str, Any], kind: SpanKind) -> str | None:
    """The op that the first matching rule gives."""
    for rule in OP_RULES:
        value = first_of(attributes, rule.keys)
        op = None if value is None else rule.op(value, attributes, kind)
        if op is not None:
            return op
    return None


def first_of(attributes: Mapping[str, Any], keys: tuple[str, ...]) -> Any:
    """The first value among `keys` that is there and not None."""
    for key in keys:
        value = attributes.get(key)
        if value is not None:
            return value
    return None


def _http(_method: Any, attributes: Mapping[str, Any], kind: SpanKind) -> str:
    op = _HTTP_KIND.get(kind, "http")
    return f"{op}.prefetch" if attributes.get("sentry.http.prefetch") else op


def _cache(_value: Any, attributes: Mapping[str, Any], _kind: SpanKind) -> str | None:
    store = first_of(attributes, ("db.system.name", "db.system"))
    if store is not None and text(store) not in CACHE_STORES:
        return None
    command = first_of(attributes, _COMMAND_KEYS)
    if command is None:
        return "cache.get" if "cache.hit" in attributes else "cache"
    named = f"cache.{text(command).lower()}"
    known = named in CACHE_COMMAND_TO_OP.values()
    return named if known else CACHE_COMMAND_TO_OP.get(text(command).upper(), "cache")


def _database(_system: Any, _attributes: Mapping[str, Any], _kind: SpanKind) -> str:
    return "db"


def _mcp(method: Any, _attributes: Mapping[str, Any], kind: SpanKind) -> str:
    if not text(method).startswith("notifications/"):
        return "mcp.server" if kind is not SpanKind.CLIENT else "mcp.client"
    sent = kind in (SpanKind.CLIENT, SpanKind.PRODUCER)
    return "mcp.notification.server_to_client" if sent else "mcp.notification.client_to_server"


def _gen_ai(_value: Any, attributes: Mapping[str, Any], _kind: SpanKind) -> str:
    operation = attributes.get("gen_ai.operation.name")
    return f"gen_ai.{text(operation)}" if operation else "gen_ai"


def _rpc(_system: Any, _attributes: Mapping[str, Any], _kind: SpanKind) -> str:
    return "rpc"


def _messaging(_value: Any, attributes: Mapping[str, Any], kind: SpanKind) -> str:
    for key in _MESSAGING_TYPE_KEYS:
        op = MESSAGING_OPERATION_TO_OP.get(text(attributes.get(key)).lower())
        if op is not None:
            return op
    return MESSAGING_KIND_TO_OP.get(kind, "queue")


def _faas(_value: Any, attributes: Mapping[str, Any], _kind: SpanKind) -> str:
    return FAAS_TRIGGER_TO_OP.get(text(attributes.get("faas.trigger")), "function")


def _graphql(_value: Any, attributes: Mapping[str, Any], _kind: SpanKind) -> str | None:
    is_graphql = first_of(attributes, _GRAPHQL_KEYS) is not None or attributes.get("component") == "graphql"
    return "graphql" if is_graphql else None


def _file(_path: Any, _attributes: Mapping[str, Any], _kind: SpanKind) -> str:
    return "file"


OP_RULES: Final = (
    OpRule(
        "HTTP",
        ("http.request.method", "http.method"),
        _http,
        ("http.server", "http.client", "http", "http.client.prefetch"),
    ),
    OpRule(
        "Cache",
        ("cache.hit", "cache.key", "cache.operation"),
        _cache,
        ("cache.get", "cache.put", "cache.remove", "cache.flush", "cache"),
    ),
    OpRule("Database", ("db.system.name", "db.system"), _database, ("db",)),
    OpRule("MCP", ("mcp.method.name",), _mcp, ("mcp.server", "mcp.client", "mcp.notification.*")),
    OpRule(
        "Generative AI",
        ("gen_ai.operation.name", "gen_ai.provider.name", "gen_ai.system"),
        _gen_ai,
        ("gen_ai.<gen_ai.operation.name>", "gen_ai"),
    ),
    OpRule(
        "RPC (gRPC, JSON-RPC)",
        ("rpc.system.name", "rpc.system", "rpc.service", "rpc.jsonrpc.version", "jsonrpc.protocol.version"),
        _rpc,
        ("rpc",),
    ),
    OpRule(
        "Messaging",
        ("messaging.system", "messaging.destination.name", "messaging.destination"),
        _messaging,
        ("queue.publish", "queue.create", "queue.receive", "queue.process", "queue.settle", "queue"),
    ),
    OpRule(
        "Functions as a service",
        ("faas.trigger", "faas.invocation_id", "faas.execution"),
        _faas,
        ("http.server", "queue.process", "function"),
    ),
    OpRule("GraphQL", (*_GRAPHQL_KEYS, "component"), _graphql, ("graphql",)),
    OpRule("Files", ("file.path",), _file, ("file",)),
)
"""In this order; the documentation prints it."""

OP_VALUES: Final = frozenset(
    {
        "sentry.http.prefetch",
        "db.system.name",
        "db.system",
        *_COMMAND_KEYS,
        "mcp.method.name",
        "gen_ai.operation.name",
        *_MESSAGING_TYPE_KEYS,
        "faas.trigger",
        "component",
    }
)
"""Names whose values the rules look at; of all others it only counts whether they are there."""
