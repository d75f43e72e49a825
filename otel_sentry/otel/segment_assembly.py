"""Finds the segments of spans whose start nobody saw: for `SentrySpanExporter` without our processor.

Children end before their local root, so they wait for it, bounded in number and time. No I/O, no clock: time comes in.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import TYPE_CHECKING

from otel_sentry.otel.segments import Segment

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import ReadableSpan

_REMEMBERED = 20_000
"""Ended spans whose segment is remembered for children that end after them."""


class SegmentAssembly:
    """Waiting spans, by the parent they wait for.

    Args:
        new_segment: makes the segment of an ended local root.
        emit: gets each span with its segment, once.
        wait_seconds: how long a child waits for its local root before the segment is guessed.
        max_waiting: waiting spans at which the oldest stop waiting.
    """

    def __init__(
        self,
        new_segment: Callable[[ReadableSpan], Segment],
        emit: Callable[[ReadableSpan, Segment], None],
        *,
        wait_seconds: float = 60.0,
        max_waiting: int = 20_000,
    ) -> None:
        self._new_segment = new_segment
        self._emit = emit
        self._wait_seconds = wait_seconds
        self._max_waiting = max_waiting
        self._known: OrderedDict[int, Segment] = OrderedDict()
        self._waiting: OrderedDict[int, tuple[float, list[ReadableSpan]]] = OrderedDict()
        self._count = 0

    def add(self, span: ReadableSpan, now: float) -> None:
        """Emit `span` if its segment is known, and whoever waited for it; else let it wait."""
        parent = span.parent
        if parent is None or parent.is_remote:
            self._settle(span, self._new_segment(span))
        elif parent.span_id in self._known:
            self._settle(span, self._known[parent.span_id])
        else:
            _, siblings = self._waiting.setdefault(parent.span_id, (now, []))
            siblings.append(span)
            self._count += 1

    def release(self, now: float, *, everything: bool = False) -> None:
        """Emit the spans that have waited long enough, with the best guess: their unseen parent is the local root."""
        while self._waiting:
            parent_id = next(iter(self._waiting))
            since, siblings = self._waiting[parent_id]
            if not everything and now - since < self._wait_seconds and self._count <= self._max_waiting:
                return
            segment = self._new_segment(siblings[0])
            segment.span_id = parent_id
            self._known[parent_id] = segment
            self._settle_children(parent_id, segment)

    def waiting(self) -> int:
        """Spans that wait for their local root."""
        return self._count

    def clear(self) -> None:
        """Forget all spans."""
        self._known.clear()
        self._waiting.clear()
        self._count = 0

    def _settle(self, span: ReadableSpan, segment: Segment) -> None:
        """Emit a span after whoever waited for it, as they ended: what a segment becomes is decided with its root."""
        context = span.context
        if context is not None:
            self._known[context.span_id] = segment
            if len(self._known) > _REMEMBERED:
                self._known.popitem(last=False)
            self._settle_children(context.span_id, segment)
        self._emit(span, segment)

    def _settle_children(self, parent_id: int, segment: Segment) -> None:
        """Emit a waiting subtree, parents first, without recursion: traces can be very deep."""
        parents = [parent_id]
        while parents:
            _, children = self._waiting.pop(parents.pop(), (0.0, []))
            self._count -= len(children)
            for child in children:
                self._emit(child, segment)
                if child.context is not None:
                    self._known[child.context.span_id] = segment
                    parents.append(child.context.span_id)
