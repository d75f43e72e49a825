"""Spans that Sentry does not get, and the parents that their children have instead. Bounded."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING

from otel_sentry.otel.reparented import under

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import ReadableSpan
    from opentelemetry.trace import SpanContext

_MAX_REMEMBERED = 20_000


class SkippedSpans:
    """Remembers skipped spans for children that end before or after them. May be used by any thread."""

    def __init__(self) -> None:
        self._parents: OrderedDict[int, SpanContext | None] = OrderedDict()

    def add(self, span: ReadableSpan) -> None:
        """`span` does not reach Sentry."""
        self._parents[span.context.span_id] = span.parent
        if len(self._parents) > _MAX_REMEMBERED:
            self._parents.popitem(last=False)

    def has(self, span: ReadableSpan) -> bool:
        """Whether it was named at its start already."""
        return span.context.span_id in self._parents

    def reparented(self, span: ReadableSpan) -> ReadableSpan:
        """`span` under its nearest ancestor that was not skipped."""
        parent, seen = span.parent, 0
        while parent is not None and parent.span_id in self._parents and seen <= len(self._parents):
            parent = self._parents[parent.span_id]
            seen += 1
        return span if seen == 0 else under(span, parent)
