"""Makes spans of file operations that are over: how many, how slow, under which parent."""

from __future__ import annotations

import random
from collections.abc import Mapping
from time import time_ns
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from opentelemetry import context, trace
from opentelemetry.trace import SpanKind, Status, StatusCode

if TYPE_CHECKING:
    from collections.abc import Callable

    from opentelemetry.context import Context
    from opentelemetry.trace import Span, Tracer

    from otel_sentry.instrumentation.file_access.places import Places

PATH: Final = "file.path"
MODE: Final = "file.io.mode"
BYTES_READ: Final = "file.io.bytes_read"
BYTES_WRITTEN: Final = "file.io.bytes_written"
TARGET: Final = "file.io.target"
UNTRACED: Final = "file.io.untraced"
"""On the span around them: how many file operations have no span of their own; beyond a hundred in hundreds."""
_EXACT: Final = 100

NOTHING: Final[Mapping[str, int]] = {}

_TALLY: Final = "_otel_sentry_file_spans"
"""On a parent span: spans below it and operations without one. So the count lives as long as the span."""


class FileOptions(NamedTuple):
    """Which operations become spans.

    Attributes:
        min_duration_seconds: shorter ones do not.
        sample_rate: share of operations that may.
        max_per_span: most of them under one parent.
        left_out: folders whose files do not count, such as a spool.
    """

    min_duration_seconds: float = 0.0
    sample_rate: float = 1.0
    max_per_span: int = 100
    left_out: tuple[str, ...] = ()


class Operation(NamedTuple):
    """A file operation that has begun under a recording span.

    Attributes:
        name: of its span.
        attributes: known at its beginning.
        parent: the context around it.
        start: nanoseconds since the epoch.
    """

    name: str
    attributes: dict[str, Any]
    parent: Context
    start: int


class FileRecord:
    """Turns operations into spans.

    Args:
        tracer: makes them.
        places: names files.
        options: choose.
        chance: gives numbers in [0, 1).
    """

    def __init__(
        self, tracer: Tracer, places: Places, options: FileOptions, chance: Callable[[], float] = random.random
    ) -> None:
        self._tracer = tracer
        self.places = places
        self._options = options
        self._chance = chance

    def is_wanted(self) -> bool:
        """Whether an operation that begins under the current span may become a span; counted there if not."""
        parent = trace.get_current_span()
        if _tally(parent)[0] < self._options.max_per_span and self._is_sampled():
            return True
        _count_untraced(parent)
        return False

    def begin(self, verb: str, path: str, attributes: Mapping[str, Any]) -> Operation:
        """Note an operation that begins now, under the current span."""
        return Operation(f"{verb} {path}", {PATH: path, **attributes}, context.get_current(), time_ns())

    def end(
        self, operation: Operation, counted: Mapping[str, int] = NOTHING, *, error: BaseException | None = None
    ) -> None:
        """Make a span of an operation that ends now, unless it is too short.

        Args:
            operation: as it began.
            counted: bytes, by attribute.
            error: what it raised; such operations are never too short.
        """
        end = time_ns()
        parent = trace.get_current_span(operation.parent)
        if error is None and end - operation.start < self._options.min_duration_seconds * 1e9:
            _count_untraced(parent)
            return
        _tally(parent)[0] += 1
        span = self._tracer.start_span(
            operation.name,
            operation.parent,
            SpanKind.INTERNAL,
            {**operation.attributes, **counted},
            start_time=operation.start,
        )
        if error is not None:
            span.set_attribute("error.type", type(error).__qualname__)
            span.set_status(Status(StatusCode.ERROR, getattr(error, "strerror", None) or type(error).__qualname__))
        span.end(end)

    def _is_sampled(self) -> bool:
        rate = self._options.sample_rate
        return rate >= 1.0 or self._chance() < rate


def _count_untraced(parent: Span) -> None:
    tally = _tally(parent)
    tally[1] += 1
    if (tally[1] <= _EXACT or tally[1] % _EXACT == 0) and parent.is_recording():
        parent.set_attribute(UNTRACED, tally[1])


def _tally(parent: Span) -> list[int]:
    """Spans below a parent, and operations without one."""
    tally: list[int] | None = getattr(parent, _TALLY, None)
    if tally is None:
        tally = [0, 0]
        setattr(parent, _TALLY, tally)
    return tally
