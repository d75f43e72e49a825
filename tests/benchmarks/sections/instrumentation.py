"""What our own instrumentations add to the operations that they trace, beside the same operation without them."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from statistics import median
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import httpx
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider

from otel_sentry.instrumentation.web3 import Web3Instrumentor
from tests.benchmarks.sections.section import Section, grouped, markdown, spread

if TYPE_CHECKING:
    from tests.benchmarks.sections.section import Record

HEADER: Final = ("operation", "bare µs", "no span wanted: adds µs", "span recorded: adds µs", "adds, ÷ FLOOR")
_ROUNDS: Final = 7
_ROUND_SECONDS: Final = 0.05
_ANSWER: Final = json.dumps({"jsonrpc": "2.0", "id": 1, "result": "0x10"}).encode()
_CALL: Final = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "eth_call",
    "params": [{"to": "0x" + "ab" * 20, "data": "0x18160ddd"}],
}
_ABI: Final = [
    {
        "type": "function",
        "name": "totalSupply",
        "inputs": [],
        "outputs": [{"type": "uint256", "name": ""}],
        "stateMutability": "view",
    }
]

Operation = Callable[[], object]


class Case(NamedTuple):
    """One operation.

    Attributes:
        title: in the table.
        make: prepares it; everything that costs besides is done here.
    """

    title: str
    make: Callable[[], Operation]


def web3_request() -> Operation:
    """A request of web3.py that no network slows down."""
    return _web3().eth.get_block_number  # type: ignore[no-any-return]


def contract_call() -> Operation:
    """A contract's function, encoded and decoded."""
    contract = _web3().eth.contract(address="0x" + "00" * 19 + "01", abi=_ABI)
    return lambda: contract.functions.totalSupply().call()


def json_rpc_over_httpx() -> Operation:
    """JSON-RPC without web3.py."""
    client = httpx.Client(transport=httpx.MockTransport(lambda _: httpx.Response(200, content=_ANSWER)))
    return lambda: client.post("http://node/", json=_CALL)


def other_post_over_httpx() -> Operation:
    """A POST that is no JSON-RPC: it has to pass."""
    client = httpx.Client(transport=httpx.MockTransport(lambda _: httpx.Response(200, content=_ANSWER)))
    return lambda: client.post("http://shop/", json={"order": 7})


CASES: Final = (
    Case("web3.py: `eth.get_block_number()`, answer at hand", web3_request),
    Case("web3.py: a contract's function by its ABI, answer at hand", contract_call),
    Case("httpx: a JSON-RPC request, answer at hand", json_rpc_over_httpx),
    Case("httpx: a POST that is no JSON-RPC", other_post_over_httpx),
)


def _web3() -> Any:
    from web3 import Web3  # noqa: PLC0415 - slow to import, and only this part needs it
    from web3.providers.base import JSONBaseProvider  # noqa: PLC0415 - as above

    class AtHand(JSONBaseProvider):
        def make_request(self, method: Any, params: Any) -> Any:
            del params
            result = f"0x{5:064x}" if method == "eth_call" else "0x10"
            return {"jsonrpc": "2.0", "id": 1, "result": result}

    return Web3(AtHand())


@contextmanager
def _instrumented(provider: Any) -> Iterator[None]:
    Web3Instrumentor().instrument(tracer_provider=provider)
    try:
        yield
    finally:
        Web3Instrumentor().uninstrument()


def cpu_us(operation: Operation) -> float:
    """CPU of this thread for one operation, microseconds: the best of some rounds, which nobody disturbed."""
    operation()
    count = 1
    while _round(operation, count) < _ROUND_SECONDS:
        count *= 2
    return min(_round(operation, count) / count for _ in range(_ROUNDS)) * 1e6


def _round(operation: Operation, count: int) -> float:
    started = time.thread_time()
    for _ in range(count):
        operation()
    return time.thread_time() - started


def _floor_us() -> float:
    """One span with four attributes on the bare SDK."""
    tracer = TracerProvider(shutdown_on_exit=False).get_tracer("floor")
    attributes = {"a": 1, "b": "two", "c": "three", "d": 4}

    def span() -> None:
        with tracer.start_as_current_span("span", attributes=attributes):
            pass

    return cpu_us(span)


def measure(_: Sequence[str] = (), repetition: int = 0) -> Iterator[Record]:
    """Measure every case: bare, with a tracer that makes no spans, with the SDK's own."""
    del repetition
    floor = _floor_us()
    for case in CASES:
        operation = case.make()
        bare = cpu_us(operation)
        with _instrumented(trace.NoOpTracerProvider()):
            unwanted = cpu_us(operation)
        with _instrumented(TracerProvider(shutdown_on_exit=False)):
            recorded = cpu_us(operation)
        yield {"case": case.title, "bare": bare, "unwanted": unwanted, "recorded": recorded, "floor": floor}


def table(records: Sequence[Record]) -> str:
    """Return the table; of several repetitions medians with their spread."""
    rows = [
        [
            str(title),
            spread([one["bare"] for one in found], 1),
            spread([one["unwanted"] - one["bare"] for one in found], 1),
            spread([one["recorded"] - one["bare"] for one in found], 1),
            f"{median((one['recorded'] - one['bare']) / one['floor'] for one in found):.1f}",
        ]
        for (title,), found in grouped(records, "case").items()
    ]
    return markdown(HEADER, rows)


INSTRUMENTATION: Final = Section(
    "instrumentation",
    "What instrumentation adds",
    "CPU of the calling thread for one operation, microseconds: bare, with the instrumentation and no span wanted, and "
    "with a span recorded by the bare SDK. The answer is at hand, so that no network hides anything; a node across one "
    "takes a thousand times longer.",
    measure,
    table,
)
