"""JSON-RPC over HTTP without web3.py: recognised by its body, and nothing else is."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import httpx
import pytest
import requests
from opentelemetry.instrumentation.httpx import HTTPXClientInstrumentor
from opentelemetry.instrumentation.utils import suppress_instrumentation
from opentelemetry.trace import SpanKind, StatusCode

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.instrumentation.conftest import Node, Recorded

MINT = {"from": "0xe1AB8145F7E55DC933d51a18c793F901A3A0b276", "data": "0x1249c58b"}


def body(method: str = "eth_blockNumber", *params: Any) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": 7, "method": method, "params": list(params)}


def with_httpx(url: str, sent: Any) -> Any:
    with httpx.Client() as client:
        return client.post(url, json=sent).json()


def with_async_httpx(url: str, sent: Any) -> Any:
    async def post() -> Any:
        async with httpx.AsyncClient() as client:
            return (await client.post(url, json=sent)).json()

    return asyncio.run(post())


def with_requests(url: str, sent: Any) -> Any:
    return requests.post(url, json=sent, timeout=10).json()


def with_encoded_requests(url: str, sent: Any) -> Any:
    return requests.post(url, json.dumps(sent), timeout=10).json()


CLIENTS = [with_httpx, with_async_httpx, with_requests, with_encoded_requests]


@pytest.mark.parametrize("post", CLIENTS)
def test_request_is_a_span(recorded: Recorded, node: Node, post: Callable[[str, Any], Any]) -> None:
    """Whatever sends it: the same names as with web3.py, and the answer reaches the application whole."""
    answer = post(node.url, body())
    span = recorded.only()

    assert (span.name, span.kind, span.status.status_code) == ("eth_blockNumber", SpanKind.CLIENT, StatusCode.UNSET)
    assert span.attributes["evm.block.number"] == int(answer["result"], 16)
    assert span.attributes["jsonrpc.request.id"] == "7"
    assert span.attributes["server.address"] == "127.0.0.1"


@pytest.mark.parametrize("post", CLIENTS)
def test_error_is_a_failure_without_an_exception(
    recorded: Recorded, node: Node, post: Callable[[str, Any], Any]
) -> None:
    """HTTP 200 with an `error` inside: the status tells it in the node's words, the revert is decoded."""
    node.script.append({"error": {"code": 3, "message": "execution reverted: nope", "data": None}})
    answer = post(node.url, body("eth_call", {**MINT, "to": node.contract}, "latest"))
    span = recorded.only()

    assert answer["error"]["code"] == 3
    assert (span.status.status_code, span.status.description) == (StatusCode.ERROR, "execution reverted: nope")
    assert span.attributes["evm.revert.reason"] == "nope"
    assert span.events == ()


@pytest.mark.parametrize("post", CLIENTS)
def test_batch(recorded: Recorded, node: Node, post: Callable[[str, Any], Any]) -> None:
    """A list of requests is one span."""
    post(node.url, [body(), body("eth_gasPrice"), body("eth_nonsense")])
    span = recorded.only()

    assert span.attributes["rpc.batch.methods"] == ("eth_blockNumber", "eth_gasPrice", "eth_nonsense")
    assert (span.attributes["rpc.batch.size"], span.attributes["rpc.batch.errors"]) == (3, 1)


@pytest.mark.parametrize(
    "sent",
    [
        pytest.param({"method": "eth_blockNumber"}, id="no jsonrpc"),
        pytest.param({"jsonrpc": "2.0", "result": 1}, id="an answer"),
        pytest.param([], id="an empty list"),
        pytest.param("jsonrpc", id="a text"),
    ],
)
def test_other_requests_pass(recorded: Recorded, sent: Any) -> None:
    """No span, and the client's own exception."""
    for post in CLIENTS:
        with pytest.raises((httpx.ConnectError, requests.ConnectionError)):
            post("http://127.0.0.1:9/", sent)

    assert recorded.spans == []


def test_streams_belong_to_the_application(recorded: Recorded, node: Node) -> None:
    """Neither a body that is a generator nor an answer that is streamed is read."""
    with httpx.Client() as client, client.stream("POST", node.url, json=body()) as response:
        assert not response.is_stream_consumed
        response.read()
    with httpx.Client() as client, pytest.raises(httpx.ConnectError):
        client.post("http://127.0.0.1:9/", content=iter([json.dumps(body()).encode()]))

    assert [dict(span.attributes).get("evm.block.number") for span in recorded.spans] == [None]


def test_an_answer_that_is_no_json(recorded: Recorded, node: Node) -> None:
    """What the node says instead is the application's to read."""
    node.script.append(503)
    answer = with_httpx(node.url, body())

    assert answer == {}
    assert recorded.only().name == "eth_blockNumber"


def test_exception_of_the_client(recorded: Recorded) -> None:
    """Reaches the application; the span has failed by its type."""
    with pytest.raises(httpx.ConnectError):
        with_httpx("http://127.0.0.1:9/secretkey", body())
    span = recorded.only()

    assert (span.attributes["error.type"], span.status.status_code) == ("ConnectError", StatusCode.ERROR)
    assert "secretkey" not in str(dict(span.attributes))


def test_http_span_hangs_below(recorded: Recorded, node: Node) -> None:
    """OpenTelemetry's own instrumentation of httpx is the inner one."""
    HTTPXClientInstrumentor().instrument(tracer_provider=recorded.provider)
    try:
        with_httpx(node.url, body())
    finally:
        HTTPXClientInstrumentor().uninstrument()
    post, call = recorded.spans

    assert (call.name, post.parent.span_id) == ("eth_blockNumber", call.context.span_id)


def test_span_of_the_application_is_completed(recorded: Recorded, node: Node) -> None:
    """Who has opened a span for the request gets no second one."""
    attributes = {"rpc.system.name": "jsonrpc", "rpc.method": "eth_blockNumber"}
    with recorded.tracer.start_as_current_span("mine", attributes=attributes):
        with_httpx(node.url, body())
    span = recorded.only()

    assert (span.name, "evm.block.number" in span.attributes) == ("mine", True)


def test_suppressed(recorded: Recorded, node: Node) -> None:
    """Where instrumentation is suppressed there is no span."""
    with suppress_instrumentation():
        with_httpx(node.url, body())

    assert recorded.spans == []
