"""What file spans cost, and the mask that keeps secrets from leaving, against the same work without.

In this process, both sides in turns, CPU time, the least of many rounds: what others take comes on top of both.
"""

from __future__ import annotations

import tempfile
import time
from contextlib import ExitStack, nullcontext
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from opentelemetry.sdk.trace import TracerProvider

from otel_sentry.convert.encode import SpanEncoder
from otel_sentry.instrumentation.file_access.record import FileOptions
from otel_sentry.instrumentation.files import FilesInstrumentor
from otel_sentry.masking.mask import SecretMask
from otel_sentry.masking.names import Holds
from tests.benchmarks.loads.web_request import VARIANTS, WEB_REQUEST
from tests.benchmarks.sections.section import Section, grouped, markdown, spread

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from tests.benchmarks.sections.section import Record

ROUNDS: Final = 30
FILES_PER_ROUND: Final = 300
BYTES: Final = 1000


class _Nothing(SecretMask):
    """Masks nothing, and takes no time for it: what encoding costs by itself."""

    class _All(set[str]):
        def __contains__(self, _: object) -> bool:
            return True

    def __init__(self) -> None:
        super().__init__()
        self.clean = self._All()

    def holds(self, name: str) -> Holds:
        return Holds.NOTHING

    def text(self, text: str) -> str:
        return text

    def attribute(self, name: str, typed: Any) -> Any:
        return typed


def _least(cases: dict[str, Callable[[], float]]) -> dict[str, float]:
    """Microseconds of CPU for one piece of each case."""
    least = dict.fromkeys(cases, float("inf"))
    for _ in range(ROUNDS):
        for name, case in cases.items():
            least[name] = min(least[name], case())
    return least


def _timed(work: Callable[[], object], pieces: int) -> float:
    started = time.thread_time()
    work()
    return (time.thread_time() - started) / pieces * 1e6


def _files(folder: str) -> dict[str, Callable[[], float]]:
    path = Path(folder) / "file"
    path.write_text("x" * BYTES)
    provider = TracerProvider(shutdown_on_exit=False)
    tracer, instrumentor = provider.get_tracer("benchmark"), FilesInstrumentor()

    def work() -> None:
        for _ in range(FILES_PER_ROUND):
            with path.open() as file:
                file.read()

    def case(*, instrumented: bool, traced: bool, most: int = 0) -> Callable[[], float]:
        def run() -> float:
            options = FileOptions(max_per_span=most)
            with ExitStack() as stack:
                if instrumented:
                    instrumentor.instrument(tracer_provider=provider, options=options)
                    stack.callback(instrumentor.uninstrument)
                stack.enter_context(tracer.start_as_current_span("request") if traced else nullcontext())
                return _timed(work, FILES_PER_ROUND)

        return run

    return {
        "file": case(instrumented=False, traced=False),
        "file, outside of spans": case(instrumented=True, traced=False),
        "file, beyond the most of a span": case(instrumented=True, traced=True),
        "file, a span of its own": case(instrumented=True, traced=True, most=FILES_PER_ROUND),
    }


def _encoding() -> dict[str, Callable[[], float]]:
    tracer = TracerProvider(shutdown_on_exit=False).get_tracer("benchmark")
    spans = [
        tracer.start_span(shape.name, attributes=shape.attributes[n])
        for shape in WEB_REQUEST.walk()
        for n in range(VARIANTS)
    ]
    for span in spans:
        span.end()
    forgetful = SecretMask()

    def run(encoder: SpanEncoder, *, forget: bool = False) -> None:
        for span in spans:
            if forget:
                forgetful.clean.clear()
            encoder.encode(span)  # type: ignore[arg-type]  # an ended span is a readable one

    def case(mask: SecretMask, *, forget: bool = False) -> Callable[[], float]:
        encoder = SpanEncoder(mask=mask)
        return lambda: _timed(partial(run, encoder, forget=forget), len(spans))

    return {
        "encoding a span without the mask": case(_Nothing()),
        "encoding, texts that came before": case(SecretMask()),
        "encoding, every text new": case(forgetful, forget=True),
    }


def _measure(_: Sequence[str], repetition: int) -> Iterator[Record]:
    with tempfile.TemporaryDirectory() as folder:
        for group in (_files(folder), _encoding()):
            least = _least(group)
            reference = next(iter(least.values()))
            for case, microseconds in least.items():
                yield {"case": case, "us": microseconds, "times": microseconds / reference, "repetition": repetition}


def _render(records: Sequence[Record]) -> str:
    rows = [
        [str(case), spread([one["us"] for one in found]), spread([one["times"] for one in found], 3)]
        for (case,), found in grouped(records, "case").items()
    ]
    return markdown(["what", "CPU µs", "times the first of its kind"], rows)


FILES: Final = Section(
    "files",
    "What file spans and the mask of secrets add",
    f"Files: `open`, `read` and `close` of {BYTES:,} bytes. Encoding: a span of the web request, with and without the "
    "mask that keeps secrets from leaving. Web requests repeat most of their texts.",
    _measure,
    _render,
)
