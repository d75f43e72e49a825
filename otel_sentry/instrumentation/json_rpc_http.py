"""JSON-RPC over HTTP without web3.py: requests of httpx and requests whose body is JSON-RPC. Both enter here, by name.

The request is recognised by its body; anything else passes with one look at method and first bytes.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from otel_sentry.instrumentation.patches import Patch, Step
from otel_sentry.instrumentation.rpc_call import call_in_progress, never_raises

if TYPE_CHECKING:
    from collections.abc import Callable

    from otel_sentry.instrumentation.rpc_call import RpcCalls

_MARK: Final = b'"jsonrpc"'
_MARKED_WITHIN: Final = 512
_LARGEST_READ: Final = 1 << 20
"""Bytes; larger bodies pass unread."""


class JsonRpcOverHttp:
    """The methods, and what happens around them.

    Args:
        calls: begins requests.
    """

    def __init__(self, calls: RpcCalls) -> None:
        self._calls = calls

    def patches(self) -> list[Patch]:
        """Every method that is replaced. Those of OpenTelemetry's own instrumentations lie further in."""
        return [
            Patch("httpx._client", "Client", "send", self._httpx),
            Patch("httpx._client", "AsyncClient", "send", self._httpx),
            Patch("requests.sessions", "Session", "request", self._requests),
        ]

    def _httpx(self, _: Any, request: Any, *__: Any, stream: bool = False, **___: Any) -> Step | None:
        if request.method != "POST" or call_in_progress() is not None:
            return None
        body = getattr(request, "_content", None)  # the public property raises for a body that is a stream
        return self._step(_parsed(body), str(request.url), readable=not stream)

    def _requests(self, _: Any, method: Any, url: Any, *args: Any, **keywords: Any) -> Step | None:
        if str(method).upper() != "POST" or call_in_progress() is not None:
            return None
        given = keywords.get("json")
        data = keywords.get("data", args[1] if len(args) > 1 else None)
        body = given if given is not None else _parsed(data)
        return self._step(body, str(url), readable=not keywords.get("stream"))

    def _step(self, body: Any, url: str, *, readable: bool) -> Step | None:
        if isinstance(body, list) and body and all(map(_is_rpc, body)):
            call = self._calls.begin_batch([one["method"] for one in body], url)
            return None if call is None else Step(call, _reader(call.batch_answered, readable=readable))
        if not _is_rpc(body):
            return None
        call = self._calls.begin(body["method"], body.get("params"), url)
        return None if call is None else Step(call, _reader(call.answered, readable=readable))


def _reader(answered: Callable[[Any], None], *, readable: bool) -> Callable[[Any], object]:
    """Reads what both libraries call a response, unless its body is a stream that belongs to the application."""

    def returned(response: Any) -> None:
        content = response.content if readable else b""
        if len(content) <= _LARGEST_READ and content[:1] in (b"{", b"["):
            answered(json.loads(content))

    return never_raises(returned)


def _is_rpc(body: Any) -> bool:
    return isinstance(body, Mapping) and "jsonrpc" in body and isinstance(body.get("method"), str)


def _parsed(body: Any) -> Any:
    """A body that may be JSON-RPC; None for any other."""
    data = body.encode() if isinstance(body, str) else body
    if not isinstance(data, bytes) or data[:1] not in (b"{", b"[") or len(data) > _LARGEST_READ:
        return None
    return json.loads(data) if _MARK in data[:_MARKED_WITHIN] or _MARK in data[-_MARKED_WITHIN:] else None
