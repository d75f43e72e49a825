"""A real chain behind a JSON-RPC port that fails on demand, and what OpenTelemetry's own SDK recorded of the calls."""

from __future__ import annotations

import importlib
import json
import sys
import threading
import warnings
from collections import deque
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from otel_sentry.instrumentation.web3 import Web3Instrumentor

if TYPE_CHECKING:
    from collections.abc import Iterator

DAPP = Path(__file__).parents[2] / "examples" / "dapp"


class Node:
    """A JSON-RPC node.

    Attributes:
        url: where it listens, with a key in its path as providers give them.
        contract: address of the contract that mints once for each account.
        script: what the next requests get instead of an answer: a status, or the answer's members. web3.py's own
            questions for the chain's id are spared.
        served: methods that were asked for, whatever they got.
    """

    def __init__(self, chain: Any, contract: str) -> None:
        self._chain = chain
        self._lock = threading.Lock()
        self.contract = contract
        self.url = ""
        self.script: deque[int | dict[str, Any]] = deque()
        self.served: list[str] = []

    def answer(self, body: Any) -> tuple[int, Any]:
        """Status and answer to one body; py-evm is no concurrent chain."""
        with self._lock:
            if isinstance(body, list):
                return 200, [self._one(call) for call in body]
            refuses = bool(self.script) and isinstance(self.script[0], int)
            return (int(self.script.popleft()), {}) if refuses else (200, self._one(body))  # type: ignore[arg-type]

    def _one(self, call: dict[str, Any]) -> dict[str, Any]:
        self.served.append(call["method"])
        scripted = self.script.popleft() if self.script and call["method"] != "eth_chainId" else None
        found = scripted if isinstance(scripted, dict) else self._chain.answer(call["method"], call["params"])
        return {"jsonrpc": "2.0", "id": call["id"], **found}


@pytest.fixture(scope="session")
def chain_module() -> Iterator[Any]:
    """The example's chain: eth-tester with py-evm."""
    pytest.importorskip("eth_tester", reason="pip install -r examples/dapp/requirements.txt")
    sys.path.insert(0, str(DAPP))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # web3.py imports the old client of websockets, which says so
            module = importlib.import_module("chain")
        yield module
    finally:
        sys.path.remove(str(DAPP))
        sys.modules.pop("chain", None)


@pytest.fixture(scope="session")
def _node(chain_module: Any) -> Iterator[Node]:
    node = Node(chain_module.Chain(), chain_module.CONTRACT)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            status, reply = node.answer(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            body = json.dumps(reply).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Keep quiet."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        node.url = f"http://127.0.0.1:{server.server_port}/v3/0123456789abcdef0123456789abcdef"
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield node
        server.shutdown()
        thread.join(timeout=5)


@pytest.fixture
def node(_node: Node) -> Node:
    """The node, with nothing scripted."""
    _node.script.clear()
    _node.served.clear()
    return _node


class Recorded:
    """Spans by OpenTelemetry's own account."""

    def __init__(self) -> None:
        self._exporter = InMemorySpanExporter()
        self.provider = TracerProvider(shutdown_on_exit=False)
        self.provider.add_span_processor(SimpleSpanProcessor(self._exporter))
        self.tracer = self.provider.get_tracer("application")

    @property
    def spans(self) -> list[ReadableSpan]:
        """All that have ended, in this order."""
        return list(self._exporter.get_finished_spans())

    def named(self, name: str) -> ReadableSpan:
        """The only span of a name."""
        (span,) = [span for span in self.spans if span.name == name]
        return span

    def only(self) -> ReadableSpan:
        """The only span there is."""
        (span,) = self.spans
        return span


@pytest.fixture
def recorded() -> Iterator[Recorded]:
    """The instrumentation is on, without any expected revert but `sold out`."""
    recorded = Recorded()
    instrumentor = Web3Instrumentor()
    instrumentor.instrument(tracer_provider=recorded.provider, expected_reverts=("sold out", "Paused"))
    yield recorded
    instrumentor.uninstrument()
