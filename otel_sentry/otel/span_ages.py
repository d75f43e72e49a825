"""How long spans have been open, by a clock that does not jump: their own start is wall-clock time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import Span


class SpanAges:
    """Remembers when it first saw each open span.

    Such a span began after the look before; the wall clock says when in between.

    Args:
        now: monotonic second.
    """

    def __init__(self, now: float) -> None:
        self._looked_at = now
        self._began: WeakKeyDictionary[Span, float] = WeakKeyDictionary()

    def of(self, spans: Iterable[Span], now_ns: int, now: float) -> Iterator[tuple[Span, float]]:
        """Each of the open spans with its age in seconds.

        Args:
            spans: all that are open.
            now_ns: nanoseconds since 1970.
            now: monotonic second.
        """
        since, self._looked_at = now - self._looked_at, now
        for span in spans:
            began = self._began.get(span)
            if began is None:
                said = (now_ns - (span.start_time or now_ns)) / 1e9
                began = self._began[span] = now - min(max(0.0, said), since)
            yield span, now - began
