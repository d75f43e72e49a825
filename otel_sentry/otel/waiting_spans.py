"""The spans that wait for the queue's thread, bounded in number and bytes, and who gives way when they are too many.

Ordinary spans come and leave by one call of a deque each. Above `weigh_from` of them each newcomer is weighed; where
there is no room left, the newest ordinary spans give way to local roots and failed spans.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Final

from otel_sentry.convert.pressed_span import SEGMENT, pressed
from otel_sentry.otel.span_weight import SPAN_BYTES, is_precious, span_weight

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import ReadableSpan

    from otel_sentry.convert.pressed_span import PressedSpan
    from otel_sentry.otel.segments import Segment

_UNWEIGHED_BYTES: Final = 16 << 20
"""What may wait before newcomers are weighed, judged by one in 64: to weigh each costs as much as half of it."""
_WEIGH_FROM: Final = 1024
"""Waiting spans from which each newcomer is weighed before any was judged."""
_FEWEST_UNWEIGHED: Final = 64
_MOMENT_SECONDS: Final = 0.05
"""The most that anybody waits for the lock: a signal may have stopped the thread that holds it."""

WeighedSpan = tuple["ReadableSpan | PressedSpan", "Segment | None", int]
"""A span, its segment, and what it was found to weigh beyond `SPAN_BYTES`."""
_PARTS: Final = 3


class _Spared(tuple):  # type: ignore[type-arg]  # noqa: SLOT001  a tuple can have none
    """A `WeighedSpan` that was met while room was sought, is precious, and lies at the front since."""


class WaitingSpans:
    """A bounded queue of ended spans. Any thread may add, one takes.

    Args:
        max_spans: bound in spans.
        max_bytes: bound in bytes, estimated.
        displaced: told how many spans give way, on the thread that adds.

    Attributes:
        items: what waits; while there are fewer than `weigh_from`, anybody may append a `PressedSpan`, or a
            `WeighedSpan` with a weight of 0, unasked.
    """

    def __init__(self, *, max_spans: int, max_bytes: int, displaced: Callable[[int], None]) -> None:
        self.items: deque[PressedSpan | WeighedSpan] = deque()
        self.weigh_from = min(_WEIGH_FROM, max_spans)
        self._max_spans = max_spans
        self._max_bytes = max_bytes
        self._displaced = displaced
        self._lock = threading.RLock()
        self._added = self._taken = 0

    def add(self, span: ReadableSpan, segment: Segment | None) -> bool:
        """Add a span for which room has to be found.

        Returns:
            False when there is none: it is ordinary, or everything that waits is precious.
        """
        kept = pressed(span, segment) or span
        extra = span_weight(kept) - SPAN_BYTES
        if not self._lock.acquire(timeout=_MOMENT_SECONDS):  # a busy machine, or a signal: better unweighed than lost
            if len(self.items) < self._max_spans:
                self.items.append((kept, segment, 0))
                return True
            return False
        try:
            if not self._has_room(extra) and not (is_precious(span, segment) and self._make_room(extra)):
                return False
            self._added += extra
            self.items.append((kept, segment, extra))
            return True
        finally:
            self._lock.release()

    def judge(self) -> None:
        """Set `weigh_from` by what the newest span weighs: lower at once, higher by and by.

        Raises:
            Exception: it cannot be weighed, or none waits.
        """
        span, _, _ = parts(self.items[-1])
        number = min(_UNWEIGHED_BYTES // span_weight(span), self.weigh_from + _FEWEST_UNWEIGHED)
        self.weigh_from = min(self._max_spans, max(_FEWEST_UNWEIGHED, number))

    def take(self) -> Iterator[tuple[ReadableSpan | PressedSpan, Segment | None]]:
        """Each span that waits now, with its segment, and perhaps some that come meanwhile; called by one thread."""
        items = self.items
        self._let_others_finish()
        for _ in range(len(items)):
            try:
                waiting = items.popleft()
            except IndexError:  # the others gave way
                self._let_others_finish()
                try:
                    waiting = items.popleft()
                except IndexError:
                    return
            if len(waiting) == _PARTS:
                span, segment, extra = waiting
                self._taken += extra
                yield span, segment
            else:
                yield waiting, waiting[SEGMENT]

    def _let_others_finish(self) -> None:
        """Whoever makes room may hold a span that it spares."""
        if self._lock.acquire(timeout=_MOMENT_SECONDS):
            self._lock.release()

    def _has_room(self, extra: int) -> bool:
        more = len(self.items) + 1
        return more <= self._max_spans and more * SPAN_BYTES + self._added - self._taken + extra <= self._max_bytes

    def _make_room(self, extra: int) -> bool:
        """Displace the newest ordinary spans; precious ones among them go to the front, so that none is met twice."""
        items = self.items
        if SPAN_BYTES + extra > self._max_bytes:
            return False
        while not self._has_room(extra):
            try:
                waiting = items.pop()
            except IndexError:  # the thread that takes was quicker
                break
            if isinstance(waiting, _Spared):  # so are all others
                items.append(waiting)
                return False
            span, segment, its_extra = parts(waiting)
            if is_precious(span, segment):
                items.appendleft(_Spared((span, segment, its_extra)))
            else:
                self._added -= its_extra
                self._displaced(1)
        return self._has_room(extra)


def parts(waiting: PressedSpan | WeighedSpan) -> WeighedSpan:
    """A waiting span, its segment and its weight."""
    return waiting if len(waiting) == _PARTS else (waiting, waiting[SEGMENT], 0)
