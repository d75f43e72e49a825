"""Groups encoded spans into envelopes of one trace each (wire format `span`). Runs on the span queue's thread.

Spans are encoded as they come; what their whole segment shares (its name, the user) is rendered when the envelope is
closed, so that a late route or wallet still reaches them.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from otel_sentry.convert.container import container
from otel_sentry.convert.pressed_span import SPAN_ID, unpressed
from otel_sentry.delivery.outbox import OutgoingEnvelope
from otel_sentry.masking.own_log import own_logger
from otel_sentry.otel.reparented import root_as_sentry_knows_it
from otel_sentry.otel.span_hooks import edited_span
from otel_sentry.otel.span_queue import nothing
from otel_sentry.protocol.item_kinds import (
    MAX_SPANS_PER_ENVELOPE,
    SPAN_CONTENT_TYPE,
    TARGET_ENVELOPE_BYTES,
    Category,
    LossReason,
)

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import ReadableSpan

    from otel_sentry.convert.container import CommonPart
    from otel_sentry.convert.encode import SpanEncoder
    from otel_sentry.convert.pressed_span import PressedSpan
    from otel_sentry.otel.pipeline import Pipeline, Send
    from otel_sentry.otel.segments import Segment
    from otel_sentry.otel.span_queue import Meanwhile

_logger = own_logger(__name__)


_ENVELOPES_AT_ONCE = 8
"""Envelopes that are closed and compressed in one step: a millisecond, in which a request that wakes has to wait."""


class _Batch:
    """The spans of one trace that wait for their envelope."""

    __slots__ = ("bytes", "ended", "heads", "identities", "precious", "segments", "shadowed", "since")

    def __init__(self) -> None:
        # Lists side by side: an object for each span would be one more for the garbage collector to walk.
        self.heads: list[bytes] = []
        self.shadowed: list[tuple[str, ...]] = []
        self.segments: list[Segment] = []
        self.identities: dict[int, Mapping[str, Any]] = {}
        self.bytes = 0
        self.since: float | None = None
        self.ended = False
        self.precious = False

    def tails(self, common_part: Callable[[Segment], CommonPart]) -> list[bytes]:
        """The rest of each span's JSON."""
        common = {segment: common_part(segment) for segment in set(self.segments)}
        if len(common) == 1:
            (only,) = common.values()
            tails = only.tails(self.shadowed)
        else:
            pairs = zip(self.segments, self.shadowed, strict=True)
            tails = [common[segment].tails([shadowed])[0] for segment, shadowed in pairs]
        for index, identity in self.identities.items():
            tails[index] = common[self.segments[index]].tail_of(self.shadowed[index], identity)
        return tails


class SpanBatches:
    """Spans by trace until their segment ends, a second has passed, or the envelope is full.

    Args:
        pipeline: encodes, and knows what a segment's spans share.
        delay_seconds: how long a span may wait for more of its trace.
        send: takes the envelopes; the pipeline's outbox if None.
    """

    def __init__(self, pipeline: Pipeline, *, delay_seconds: float, send: Send | None = None) -> None:
        self._pipeline = pipeline
        self._send = send or pipeline.send
        self._send_all = pipeline.send_all if send is None else partial(_each, send)
        self._delay_seconds = delay_seconds
        self._encoder: SpanEncoder | None = None
        self._batches: dict[Hashable, _Batch] = {}
        self._pending = 0
        self._failed = False

    def add(self, span: ReadableSpan | PressedSpan, segment: Segment | None) -> None:
        """Encode a span; closes the envelope that it fills."""
        try:
            self._add(span, segment or self._pipeline.segment_of_ended(unpressed(span)))
        except Exception as error:  # noqa: BLE001 - one odd span must not stop the others
            self._not_encoded(error)

    def flush(self, now: float, *, everything: bool, meanwhile: Meanwhile = nothing) -> None:
        """Close the envelopes whose segment has ended or whose first span has waited long enough."""
        due: list[Hashable] = []
        for key, batch in self._batches.items():
            if batch.since is None:
                batch.since = now
            if everything or batch.ended or now - batch.since >= self._delay_seconds:
                due.append(key)
        for first in range(0, len(due), _ENVELOPES_AT_ONCE):
            self._close_all(due[first : first + _ENVELOPES_AT_ONCE])  # gives the GIL away while it compresses
            meanwhile()

    def pending(self) -> int:
        """Spans that wait for their envelope."""
        return self._pending

    def clear(self) -> None:
        """Forget all spans."""
        self._batches = {}
        self._pending = 0

    def _add(self, span: ReadableSpan | PressedSpan, segment: Segment) -> None:
        encoder = self._encoder
        if encoder is None:
            encoder = self._encoder = self._pipeline.encoder()
        span_id = span[SPAN_ID] if isinstance(span, tuple) else span.context.span_id
        is_root = span_id == segment.span_id  # also a copy of a root that is still open
        if is_root:
            span = root_as_sentry_knows_it(unpressed(span), segment)
        encoded = encoder.encode(span, is_segment=is_root)
        # Envelopes have one trace and one context: what is kept in spite of the rate says another rate.
        key = segment.trace_id if segment.final is None else (segment.trace_id, segment.final)
        batch = self._batches.get(key)
        if batch is None:
            batch = self._batches[key] = _Batch()
        size = len(encoded.head) + self._pipeline.common_bytes
        if batch.bytes + size > TARGET_ENVELOPE_BYTES and batch.heads:
            self._close(key)
            batch = self._batches[key] = _Batch()
        if encoded.identity is not None:
            batch.identities[len(batch.heads)] = encoded.identity
        batch.heads.append(encoded.head)
        batch.shadowed.append(encoded.shadowed)
        batch.segments.append(segment)
        batch.bytes += size
        if is_root or segment.root is None:
            batch.ended = True
        if is_root or encoded.failed:
            batch.precious = True
        self._pending += 1
        if len(batch.heads) >= MAX_SPANS_PER_ENVELOPE:
            self._close(key)

    def _close_all(self, keys: list[Hashable]) -> None:
        there = [key for key in keys if key in self._batches]  # what came meanwhile may have filled an envelope
        self._send_all([envelope for envelope in map(self._closed, there) if envelope is not None])

    def _close(self, key: Hashable) -> None:
        envelope = self._closed(key)
        if envelope is not None:
            self._send(envelope)

    def _closed(self, key: Hashable) -> OutgoingEnvelope | None:
        """What is to be sent of a batch; None when it cannot be, which is counted."""
        batch = self._batches.pop(key)
        self._pending -= len(batch.heads)
        try:
            return self._envelope(batch)
        except Exception as error:  # noqa: BLE001 - one odd segment must not stop the others
            self._not_encoded(error, len(batch.heads))
            return None

    def _envelope(self, batch: _Batch) -> OutgoingEnvelope:
        heads, tails = batch.heads, batch.tails(self._pipeline.common_part)
        hook = self._pipeline.settings.before_send_span
        if hook is not None:
            heads = [edited_span(head + tail, hook) for head, tail in zip(heads, tails, strict=True)]
            tails = [b""] * len(heads)
        return OutgoingEnvelope(
            headers={"trace": self._pipeline.trace_header(batch.segments[0])},
            item_headers={"type": "span", "item_count": len(heads), "content_type": SPAN_CONTENT_TYPE},
            payload=container(heads, tails),
            category=Category.SPAN,
            quantity=len(heads),
            precious=batch.precious,
        )

    def _not_encoded(self, error: Exception, quantity: int = 1) -> None:
        if not self._failed:
            self._failed = True
            _logger.error("otel_sentry could not encode a span and counts it as lost: %r", error, exc_info=error)
        self._pipeline.outbox.lost(LossReason.INTERNAL_SDK_ERROR, Category.SPAN, quantity)


def _each(send: Send, envelopes: Iterable[OutgoingEnvelope]) -> None:
    for envelope in envelopes:
        send(envelope)
