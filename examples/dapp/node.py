"""The JSON-RPC node of the dapp's chain, one span per call."""

from __future__ import annotations

from typing import Any

import httpx
from opentelemetry import trace

tracer = trace.get_tracer(__name__)


class Refused(Exception):
    """The node answered with an error, for example because a contract reverted."""


class Node:
    """A node, asked over HTTP."""

    def __init__(self, url: str) -> None:
        self._http = httpx.Client(base_url=url, timeout=10)

    def call(self, method: str, *params: Any) -> Any:
        """Call a JSON-RPC method.

        Raises:
            Refused: with the node's own words.
        """
        attributes = {"rpc.system.name": "jsonrpc", "rpc.method": method}
        with tracer.start_as_current_span(method, kind=trace.SpanKind.CLIENT, attributes=attributes):
            request = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
            reply = self._http.post("/", json=request).raise_for_status().json()
            if "error" in reply:
                raise Refused(reply["error"]["message"])
            return reply["result"]

    def balance(self, wallet: str) -> int:
        """What a wallet holds, in wei."""
        return int(self.call("eth_getBalance", wallet, "latest"), 16)
