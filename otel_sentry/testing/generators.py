"""Ids and times that a test controls: the same in every run."""

from __future__ import annotations

import itertools
from typing import Final

from opentelemetry.sdk.trace.id_generator import IdGenerator

_SECOND_NS: Final = 1_000_000_000


class IncrementalIdGenerator(IdGenerator):
    """Counts: the first trace is `…0001`, its first span `…0001`; `TracerProvider(id_generator=…)` takes it.

    Args:
        first: both counts begin here.
    """

    def __init__(self, first: int = 1) -> None:
        self._traces = itertools.count(first)
        self._spans = itertools.count(first)

    def generate_trace_id(self) -> int:
        """The next trace id."""
        return next(self._traces)

    def generate_span_id(self) -> int:
        """The next span id."""
        return next(self._spans)


class TimeGenerator:
    """A clock that goes on by one step each time it is read: for `start_span(start_time=…)`, `span.end(end_time=…)`.

    Args:
        start: the first answer, nanoseconds since 1970; default is the beginning of 2027.
        step: nanoseconds.
    """

    def __init__(self, start: int = 1_798_761_600 * _SECOND_NS, step: int = _SECOND_NS) -> None:
        self._moments = itertools.count(start, step)

    def __call__(self) -> int:
        """The next moment, nanoseconds since 1970."""
        return next(self._moments)
