"""What a captured exception costs, beside sentry-sdk's own `capture_exception`.

Run as `python -m tests.issues.issue_cost`.
An exception of nine frames with locals leaves a span, or three nested ones, and may be captured by sentry-sdk further
out, as its integrations of frameworks do; the cost of the spans themselves is measured beside it and taken off. CPU
time, median of many short turns: of the application's thread, and of everything.
"""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import sentry_sdk
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from sentry_sdk.scope import global_event_processors

from tests.issues.lab import Lab

TURNS = 25
ROUNDS = 8


class Order:
    """An object among the locals."""

    def __init__(self) -> None:
        self.items = ["book", "pen"]


def fail(depth: int, amount: int) -> None:
    """Raise below `depth` frames, each with a handful of locals."""
    items = list(range(20))
    customer = "alice" * 5
    order = Order()
    prices = {f"item {number}": number for number in range(8)}
    if depth == 0:
        raise ValueError(f"no stock for {amount}")
    fail(depth - 1, amount + 1)
    del items, customer, order, prices


def in_spans(tracer: trace.Tracer, spans: int, frames: int = 8) -> None:
    """Let an exception of `frames` + 1 frames leave nested spans."""
    if spans == 0:
        fail(frames - 1, 1)
    with tracer.start_as_current_span(f"span {spans}"):
        in_spans(tracer, spans - 1, frames - 1)


def swallowed(work: Callable[[], None]) -> Callable[[], None]:
    """`work` without its exception."""

    def run() -> None:
        with suppress(ValueError):
            work()

    return run


def in_a_request(tracer: trace.Tracer, handle: Callable[[BaseException], object]) -> None:
    """Let an exception of nine frames leave a span, and have a framework handle it in the request's span."""
    with tracer.start_as_current_span("request"):
        try:
            in_spans(tracer, 1)
        except ValueError as error:
            handle(error)


def captured() -> None:
    """What sentry-sdk does by itself."""
    try:
        fail(8, 1)
    except ValueError as error:
        sentry_sdk.capture_exception(error)


class Candidates:
    """The ways to report an exception, over one laboratory."""

    def __init__(self, lab: Lab) -> None:
        self.lab = lab
        plain = TracerProvider(shutdown_on_exit=False)
        plain.add_span_processor(lab.spans)
        self.spans_only = plain.get_tracer("plain")

    def alone(self, work: Callable[[], None]) -> Callable[[], None]:
        """`work` as if this package were not there."""

        def run() -> None:
            global_event_processors.remove(self.lab.issues.event_processor)
            try:
                work()
            finally:
                global_event_processors.append(self.lab.issues.event_processor)

        return run

    def issue(self, spans: int) -> Callable[[], None]:
        """An exception that leaves spans and becomes an issue, which is sent."""
        work = swallowed(lambda: in_spans(self.lab.tracer, spans))

        def run() -> None:
            work()
            self.lab.issues.force_flush()

        return run

    def joined(self) -> Callable[[], None]:
        """An exception that leaves a span, and that sentry-sdk captures then."""
        return lambda: in_a_request(self.lab.tracer, sentry_sdk.capture_exception)

    def request(self) -> Callable[[], None]:
        """The same spans without issues."""
        return lambda: in_a_request(self.spans_only, str)

    def spans(self, spans: int) -> Callable[[], None]:
        """The same spans without issues."""
        return swallowed(lambda: in_spans(self.spans_only, spans))


def measured(work: Callable[[], None], lab: Lab, clock: Callable[[], int]) -> float:
    """Microseconds of one call."""
    gc.collect()
    started = clock()
    for _ in range(ROUNDS):
        work()
    used = clock() - started
    lab.transport.envelopes.clear()
    return used / ROUNDS / 1000


def main() -> None:
    """Measure, and print a table."""
    lab = Lab()
    ways = Candidates(lab)
    without_flush = swallowed(lambda: in_spans(lab.tracer, 1))
    rows: dict[str, tuple[Callable[[], None], Callable[[], None] | None, Callable[[], int]]] = {
        "capture_exception, total": (ways.alone(captured), None, time.process_time_ns),
        "leaves 1 span, total": (ways.issue(1), ways.spans(1), time.process_time_ns),
        "leaves 3 spans, total": (ways.issue(3), ways.spans(3), time.process_time_ns),
        "leaves 1 span, then captured, total": (ways.joined(), ways.request(), time.process_time_ns),
        "leaves 1 span, application's thread": (without_flush, ways.spans(1), time.thread_time_ns),
    }
    costs: dict[str, list[float]] = {name: [] for name in rows}
    for _ in range(TURNS):
        for name, (work, beside, clock) in rows.items():
            costs[name].append(measured(work, lab, clock) - (measured(beside, lab, clock) if beside else 0))
    own = statistics.median(costs["capture_exception, total"])
    for name, found in costs.items():
        median: Any = statistics.median(found)
        print(f"{name:38} {median:7.0f} µs  {median / own:5.2f} × capture_exception")
    lab.close()


if __name__ == "__main__":
    main()
