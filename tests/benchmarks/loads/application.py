"""Serving one request, and the account of what serving took on the application's threads."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tests.benchmarks.loads.web_request import VARIANTS, SpanShape

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.benchmarks.dialects import Dialect


@dataclass
class Application:
    """What the application's threads spent: CPU nanoseconds of all of them, wall nanoseconds of each request."""

    cpu_ns: int = 0
    latencies_ns: list[int] = field(default_factory=list)


def visit(dialect: Dialect, shape: SpanShape, variant: int) -> None:
    """Make a span and all below it."""
    with dialect.span(shape, variant) as span:
        for child in shape.children:
            visit(dialect, child, variant)
        for key, value in shape.late:
            dialect.annotate(span, key, value)


def serve(dialect: Dialect, shape: SpanShape, number: int) -> None:
    """Answer one request."""
    variant = number % VARIANTS
    with dialect.root(shape, variant) as span:
        for child in shape.children:
            visit(dialect, child, variant)
        for key, value in shape.late:
            dialect.annotate(span, key, value)


def timed(application: Application, requests: int, serve_one: Callable[[int], None]) -> Application:
    """Add to `application` what serving numbered requests one after the other takes on this thread."""
    started = time.thread_time_ns()
    for number in range(requests):
        before = time.perf_counter_ns()
        serve_one(number)
        application.latencies_ns.append(time.perf_counter_ns() - before)
    application.cpu_ns += time.thread_time_ns() - started
    return application
