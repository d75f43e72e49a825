"""One thread that serves one request after the other, in its own time or at a set pace."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

from tests.benchmarks.loads.application import Application, serve, timed, visit
from tests.benchmarks.loads.web_request import SINGLE_SPAN, SPANS_PER_REQUEST, VARIANTS, WEB_REQUEST, SpanShape

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.benchmarks.dialects import Dialect

REQUESTS_PER_SECOND: Final = 100
IO_SECONDS: Final = 0.002


def back_to_back(dialect: Dialect, requests: int) -> Application:
    """Serve one request after the other on this thread."""
    return timed(Application(), requests, lambda number: serve(dialect, WEB_REQUEST, number))


def single_spans(dialect: Dialect, traces: int) -> Application:
    """Make traces of one span each."""
    return timed(Application(), traces, lambda number: serve(dialect, SINGLE_SPAN, number))


def paced(
    dialect: Dialect, requests: int, per_second: float = REQUESTS_PER_SECOND, shape: SpanShape = WEB_REQUEST
) -> Application:
    """Serve requests at a fixed rate; a late one is followed by the next without pause."""
    application = Application()
    origin = time.perf_counter()
    started = time.thread_time_ns()
    for number in range(requests):
        pause = origin + number / per_second - time.perf_counter()
        if pause > 0:
            time.sleep(pause)
        before = time.perf_counter_ns()
        serve(dialect, shape, number)
        application.latencies_ns.append(time.perf_counter_ns() - before)
    application.cpu_ns = time.thread_time_ns() - started
    return application


def paced_single_spans(dialect: Dialect, traces: int, per_second: float = REQUESTS_PER_SECOND) -> Application:
    """Make traces of one span each at a fixed rate."""
    return paced(dialect, traces, per_second, SINGLE_SPAN)


def waking(dialect: Dialect, requests: int) -> Application:
    """Serve requests that first wait 2 ms for I/O; their latency is how late they woke, not how long they took."""
    application = Application()
    started = time.thread_time_ns()
    for number in range(requests):
        before = time.perf_counter_ns()
        time.sleep(IO_SECONDS)
        application.latencies_ns.append(time.perf_counter_ns() - before - int(IO_SECONDS * 1e9))
        serve(dialect, WEB_REQUEST, number)
    application.cpu_ns = time.thread_time_ns() - started
    return application


def traces_of(spans: int) -> Callable[[Dialect, int], Application]:
    """Return a load of traces that have exactly so many spans each."""

    def run(dialect: Dialect, traces: int) -> Application:
        application = Application()
        for _ in range(traces):
            one = one_trace(dialect, spans)
            application.cpu_ns += one.cpu_ns
            application.latencies_ns += one.latencies_ns
        return application

    return run


def one_trace(dialect: Dialect, spans: int) -> Application:
    """Make one trace of exactly so many spans: a root, whole requests below it, single spans for the rest."""
    whole, rest = divmod(spans - 1, SPANS_PER_REQUEST)
    with dialect.root(SINGLE_SPAN, 0):
        application = timed(Application(), whole, lambda number: visit(dialect, WEB_REQUEST, number % VARIANTS))
        return timed(application, rest, lambda number: visit(dialect, SINGLE_SPAN, number % VARIANTS))
