"""Holds the spans of each segment until its local root has ended, where what they become depends on it.

Used with OTEL_SENTRY_IGNORE_SPANS (a root that is ignored takes its segment with it) and OTEL_SENTRY_KEEP (a trace is
kept for what happened in it). Stands before the batches, on the span queue's thread; bounded in spans, bytes and time.
"""

from __future__ import annotations

import math
from collections import OrderedDict
from typing import TYPE_CHECKING, Final

from otel_sentry.convert.pressed_span import unpressed
from otel_sentry.otel.keeping import Keeping
from otel_sentry.otel.skipped_spans import SkippedSpans
from otel_sentry.otel.span_queue import nothing
from otel_sentry.otel.span_weight import span_weight
from otel_sentry.protocol.item_kinds import Category, LossReason

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import ReadableSpan

    from otel_sentry.convert.pressed_span import PressedSpan
    from otel_sentry.otel.pipeline import Pipeline
    from otel_sentry.otel.segments import Segment
    from otel_sentry.otel.span_queue import Meanwhile, SpanConsumer

MAX_SPANS: Final = 20_000
MAX_BYTES: Final = 64 << 20
MAX_SPANS_PER_SEGMENT: Final = 5_000
KEEP_SECONDS: Final = 60.0
"""How long a segment waits for its root where OTEL_SENTRY_KEEP rules."""

HeldSpan = tuple["ReadableSpan", "Segment"]


class _Held:
    """The spans of one segment that wait."""

    __slots__ = ("bytes", "segment", "since", "spans")

    def __init__(self, segment: Segment) -> None:
        self.segment = segment
        self.spans: list[HeldSpan] = []
        self.bytes = 0
        self.since: float | None = None


class SegmentHold:
    """A `SpanConsumer` before another one.

    Args:
        pipeline: knows the rules, and where losses are counted.
        consumer: gets the spans that go on.
        keeping: see `Keeping`; None where OTEL_SENTRY_KEEP is unset.
        delay_seconds: how long a span may wait where nothing is kept in spite of the rate.
        max_spans: held spans at which the oldest segment stops waiting.
        max_bytes: the same in bytes, estimated.
    """

    def __init__(
        self,
        pipeline: Pipeline,
        consumer: SpanConsumer,
        *,
        keeping: Keeping | None,
        delay_seconds: float,
        max_spans: int = MAX_SPANS,
        max_bytes: int = MAX_BYTES,
    ) -> None:
        self._pipeline = pipeline
        self._consumer = consumer
        self._keeping = keeping
        self._wait_seconds = delay_seconds if keeping is None else KEEP_SECONDS
        self._max_spans = max_spans
        self._max_bytes = max_bytes
        self._held: OrderedDict[tuple[int, int], _Held] = OrderedDict()
        self._skipped = SkippedSpans()
        self._count = 0
        self._bytes = 0

    @property
    def takes_unsampled(self) -> bool:
        """Whether spans that the rate drops are to be handed over too."""
        return self._keeping is not None

    def add(self, span: ReadableSpan | PressedSpan, segment: Segment | None) -> None:
        """Take one ended span; decides on its segment if it is the root."""
        span = unpressed(span)
        if segment is None:
            segment = self._pipeline.segment_of_ended(span)
        key = (segment.trace_id, segment.span_id)
        held = self._held.get(key)
        if held is None:
            held = self._held[key] = _Held(segment)
        size = span_weight(span)
        held.spans.append((span, segment))
        held.bytes += size
        self._count += 1
        self._bytes += size
        is_root = span.context.span_id == segment.span_id
        if is_root or segment.final is not None or segment.ignored:
            self._settle(key, span if is_root else None)
        elif len(held.spans) >= MAX_SPANS_PER_SEGMENT:
            self._give_way(key)
        while self._count > self._max_spans or self._bytes > self._max_bytes:
            self._give_way(next(iter(self._held)))

    def flush(self, now: float, *, everything: bool, meanwhile: Meanwhile = nothing) -> None:
        """Decide on what has waited long enough, and have the consumer do its part.

        A flush of everything leaves segments waiting whose trace may yet be kept for what happens in it.
        """
        at_once = everything and self._keeping is None
        for key, held in list(self._held.items()):
            if held.since is None:
                held.since = now
            waited = now == math.inf or now - held.since >= self._limit(held.segment)
            if waited or at_once:
                self._settle(key, None)
        self._consumer.flush(now, everything=everything, meanwhile=meanwhile)

    def pending(self) -> int:
        """Spans held here or at the consumer."""
        return self._count + self._consumer.pending()

    def clear(self) -> None:
        """Forget all spans."""
        self._held = OrderedDict()
        self._count = self._bytes = 0
        self._consumer.clear()

    def note_start(self, span: ReadableSpan) -> None:
        """A child starts that may be ignored already; called on the application's thread."""
        if self._pipeline.ignores(span):
            self._skipped.add(span)

    def _limit(self, segment: Segment) -> float:
        """Seconds that a segment may wait; one whose root was refused by the queue has nothing to wait for."""
        return self._wait_seconds if segment.root is not None else min(self._wait_seconds, 1.0)

    def _give_way(self, key: tuple[int, int]) -> None:
        """There is no room: decide by what is known."""
        self._settle(key, None, no_room=True)

    def _settle(self, key: tuple[int, int], root: ReadableSpan | None, *, no_room: bool = False) -> None:
        held = self._held.pop(key)
        self._count -= len(held.spans)
        self._bytes -= held.bytes
        segment = held.segment.plain
        if segment.ignored or self._pipeline.ignores(root or segment.root):
            segment.ignored = True
            self._lost(LossReason.IGNORED, len(held.spans))
            return
        kept = self._without_ignored(held.spans, root)
        if segment.final is None:
            self._conclude(segment, root, [span for span, _ in kept], no_room=no_room)
        final = segment.final or segment.verdict
        if not final.sampled:
            self._lost(LossReason.BUFFER_OVERFLOW if no_room else LossReason.SAMPLE_RATE, len(kept))
            return
        for span, own in kept:
            self._consumer.add(self._skipped.reparented(span), own)

    def _conclude(
        self, segment: Segment, root: ReadableSpan | None, spans: list[ReadableSpan], *, no_room: bool
    ) -> None:
        """Make the segment's verdict final, unless its root is still to come and may be ignored yet."""
        if self._keeping is not None:
            segment.final = self._keeping.final(segment, root, spans, no_room=no_room)
        elif root is not None:
            segment.final = segment.verdict

    def _without_ignored(self, spans: list[HeldSpan], root: ReadableSpan | None) -> list[HeldSpan]:
        if not self._pipeline.ignores_spans:
            return spans
        kept = []
        for span, segment in spans:
            if span is not root and (self._skipped.has(span) or self._pipeline.ignores(span)):
                self._skipped.add(span)
            else:
                kept.append((span, segment))
        if len(kept) < len(spans):
            self._lost(LossReason.IGNORED, len(spans) - len(kept))
        return kept

    def _lost(self, reason: LossReason, quantity: int) -> None:
        if quantity:
            self._pipeline.outbox.lost(reason, Category.SPAN, quantity)
