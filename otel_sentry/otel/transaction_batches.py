"""Collects each segment's spans until its root ends, and sends them as transactions (wire format `transaction`).

Runs on the span queue's thread. What ends after its root, or never sees it end, leaves as linked segments of its own.
"""

from __future__ import annotations

import math
import uuid
from collections.abc import Sequence
from typing import TYPE_CHECKING

from otel_sentry.convert.pressed_span import unpressed
from otel_sentry.convert.transaction import Segments, split_segments
from otel_sentry.delivery.outbox import OutgoingEnvelope
from otel_sentry.masking.own_log import own_logger
from otel_sentry.otel.reparented import root_as_sentry_knows_it
from otel_sentry.otel.span_hooks import edited_transaction
from otel_sentry.otel.span_queue import nothing
from otel_sentry.protocol.item_kinds import Category, LossReason
from otel_sentry.protocol.json_text import dumps

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import ReadableSpan

    from otel_sentry.convert.pressed_span import PressedSpan
    from otel_sentry.otel.pipeline import Pipeline, Send
    from otel_sentry.otel.segments import Segment
    from otel_sentry.otel.span_queue import Meanwhile

_logger = own_logger(__name__)

_MAX_WAITING = 20_000
"""Spans that may wait for their roots; beyond, the oldest segment leaves without its root."""


class _Tree:
    """The spans of one segment that wait for its root."""

    __slots__ = ("children", "root", "segment", "since")

    def __init__(self, segment: Segment) -> None:
        self.segment = segment
        self.root: ReadableSpan | None = None
        self.children: list[ReadableSpan] = []
        self.since: float | None = None


class TransactionBatches:
    """Spans by segment until the local root has ended.

    Args:
        pipeline: translates, and knows what a segment's spans share.
        grace_seconds: how long spans wait for the root of a segment that is closed already.
        wait_seconds: how long spans wait for a root that stays open.
        send: takes the envelopes; the pipeline's outbox if None.
    """

    def __init__(
        self, pipeline: Pipeline, *, grace_seconds: float, wait_seconds: float = 300.0, send: Send | None = None
    ) -> None:
        self._pipeline = pipeline
        self._send_envelope = send or pipeline.send
        self._grace_seconds = grace_seconds
        self._wait_seconds = wait_seconds
        self._trees: dict[tuple[int, int], _Tree] = {}
        self._pending = 0
        self._failed = False

    def add(self, span: ReadableSpan | PressedSpan, segment: Segment | None) -> None:
        """Put a span to its segment."""
        span = unpressed(span)
        if segment is None:
            segment = self._pipeline.segment_of_ended(span)
        key = (segment.trace_id, segment.span_id)
        tree = self._trees.get(key)
        if tree is None:
            tree = self._trees[key] = _Tree(segment)
        if span.context.span_id == segment.span_id:
            tree.root = root_as_sentry_knows_it(span, segment)
            tree.segment = segment
        else:
            tree.children.append(span)
        self._pending += 1

    def flush(self, now: float, *, everything: bool, meanwhile: Meanwhile = nothing) -> None:
        """Send the segments whose root has ended, and what has waited for its root long enough.

        A flush of everything leaves children of open roots waiting: they would lose their transaction.
        """
        for key, tree in list(self._trees.items()):
            if tree.since is None:
                tree.since = now
            is_closed = tree.segment.root is None
            limit = self._grace_seconds if is_closed else self._wait_seconds
            is_late = (
                now == math.inf
                or now - tree.since >= limit
                or (everything and is_closed)
                or self._pending > _MAX_WAITING
            )
            if tree.root is not None or is_late:
                self._send(key)
                meanwhile()

    def pending(self) -> int:
        """Spans that wait for their root."""
        return self._pending

    def clear(self) -> None:
        """Forget all spans."""
        self._trees = {}
        self._pending = 0

    def _send(self, key: tuple[int, int]) -> None:
        tree = self._trees.pop(key)
        count = len(tree.children) + (tree.root is not None)
        self._pending -= count
        try:
            if tree.root is not None:
                first, *surplus = split_segments(tree.root, tree.children)
                self._send_transactions(tree.segment, [first], parent_already_sent=False)
                self._send_transactions(tree.segment, surplus, parent_already_sent=True)
            else:
                self._send_transactions(tree.segment, late_segments(tree.children), parent_already_sent=True)
        except Exception as error:  # noqa: BLE001 - one odd segment must not stop the others
            self._not_sent(error, count)

    def _send_transactions(self, segment: Segment, segments: Segments, *, parent_already_sent: bool) -> None:
        for root, children in segments:
            event_id = uuid.uuid4().hex
            payload = self._pipeline.transaction(
                segment, root, children, event_id=event_id, parent_already_sent=parent_already_sent
            )
            hook = self._pipeline.settings.before_send_transaction
            if hook is not None:
                wanted = edited_transaction(payload, hook, self._pipeline.outbox)
                if wanted is None:
                    continue
                payload = wanted
            self._send_envelope(
                OutgoingEnvelope(
                    headers={"event_id": event_id, "trace": self._pipeline.trace_header(segment)},
                    item_headers={"type": "transaction", "content_type": "application/json"},
                    payload=dumps(payload),
                    category=Category.TRANSACTION,
                    quantity=1 + len(payload["spans"]),
                )
            )

    def _not_sent(self, error: Exception, count: int) -> None:
        if not self._failed:
            self._failed = True
            _logger.error("otel_sentry could not translate a segment and counts it as lost: %r", error, exc_info=error)
        self._pipeline.outbox.lost(LossReason.INTERNAL_SDK_ERROR, Category.SPAN, count)


def late_segments(spans: Sequence[ReadableSpan]) -> Segments:
    """Spans without their local root, as trees: whose parent is not among them begins one; split if too big."""
    by_id = {span.context.span_id: span for span in spans}
    tops: dict[int, ReadableSpan] = {}
    trees: dict[int, list[ReadableSpan]] = {}
    for span in spans:
        top = _top(span, by_id)
        tops[top.context.span_id] = top
        below = trees.setdefault(top.context.span_id, [])
        if span is not top:
            below.append(span)
    return [part for top_id, below in trees.items() for part in split_segments(tops[top_id], below)]


def _top(span: ReadableSpan, by_id: dict[int, ReadableSpan]) -> ReadableSpan:
    """The highest of `span` and its known ancestors; of a circle, any."""
    seen = set()
    while span.parent is not None and span.parent.span_id in by_id and span.context.span_id not in seen:
        seen.add(span.context.span_id)
        span = by_id[span.parent.span_id]
    return span
