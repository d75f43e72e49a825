"""Finds a span's segment at its start and hands it out at its end; keeps identity on local roots.

Runs on the application's thread: one dictionary look-up where the parent is open, one context look-up otherwise.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING
from weakref import ref

from opentelemetry.trace import get_current_span

from otel_sentry.identity.context import wallet_in
from otel_sentry.otel.bound_segment import bound_to
from otel_sentry.otel.identity_stamp import IdentityStamp
from otel_sentry.otel.segments import SEGMENT_ATTRIBUTE, Segment, segment_of

if TYPE_CHECKING:
    from opentelemetry.context import Context
    from opentelemetry.sdk.trace import ReadableSpan, Span
    from opentelemetry.trace import SpanContext

NewSegment = Callable[["Span", "Context | None"], Segment]
"""Makes the segment of a local root; takes the root and the context it was started in."""

_SWEEP_AT = 4096
"""Open spans at which references to spans that were dropped without being ended are looked for."""


class SegmentTracker:
    """The open spans of one tracer provider, held weakly.

    They are found by the identity of their `SpanContext` object, which a span, its children's `parent` and the ended
    `ReadableSpan` share: a look-up without a call. A reused identity finds a dead reference, never another span.

    Args:
        new_segment: called for each local root.
        wallet_attributes: span attributes read as the wallet, first that is set.
    """

    def __init__(self, new_segment: NewSegment, wallet_attributes: Sequence[str]) -> None:
        self._new_segment = new_segment
        self._stamp = IdentityStamp(wallet_attributes)
        self._open: dict[int, ref[Span]] = {}
        self._sweep_at = _SWEEP_AT

    def on_start(self, span: Span, parent_context: Context | None) -> Segment:
        """Join the parent's segment, or begin one."""
        open_spans = self._open
        parent = span.parent
        segment = None
        if parent is not None:
            reference = open_spans.get(id(parent))
            live = reference() if reference is not None else None
            segment = (
                getattr(live, SEGMENT_ATTRIBUTE, None) if live is not None else _last_resort(parent, parent_context)
            )
        if segment is None:
            segment = self._begin(span, parent_context)
        else:
            if segment.has_blocks:
                segment = bound_to(segment, wallet_in(parent_context))
            span._otel_sentry_segment = segment  # type: ignore[attr-defined] # noqa: SLF001 - SEGMENT_ATTRIBUTE, the quick way
        open_spans[id(span.get_span_context())] = ref(span)
        if len(open_spans) > self._sweep_at:
            self._sweep()
        return segment

    def on_end(self, span: ReadableSpan) -> Segment | None:
        """Let an ended span go; None for one whose start was not seen."""
        reference = self._open.pop(id(span.get_span_context()), None)
        live = reference() if reference is not None else None
        if live is None:
            return None
        segment: Segment = live._otel_sentry_segment  # type: ignore[attr-defined] # noqa: SLF001 - `on_start` set it
        self._stamp.at_end(span, segment)
        if segment.root is live:
            segment.close(span)
        return segment

    def open_spans(self) -> list[Span]:
        """The spans that have started and neither ended nor vanished."""
        return [span for reference in list(self._open.values()) if (span := reference()) is not None]

    def clear(self) -> None:
        """Forget all open spans (in a forked child, they are the parent's)."""
        self._open = {}

    def _begin(self, span: Span, parent_context: Context | None) -> Segment:
        segment = self._new_segment(span, parent_context)
        setattr(span, SEGMENT_ATTRIBUTE, segment)
        identity = wallet_in(parent_context)
        if identity is not None:
            self._stamp.at_start(span, segment, identity)
        return segment

    def _sweep(self) -> None:
        """Drop references to spans that nobody ended and nobody holds; look again when the table has doubled."""
        for span_id, reference in list(self._open.items()):
            if reference() is None:
                self._open.pop(span_id, None)
        self._sweep_at = max(_SWEEP_AT, 2 * len(self._open))


def _last_resort(parent: SpanContext, parent_context: Context | None) -> Segment | None:
    """A local parent that has ended is no longer in the table, but whoever starts a child of it still holds it."""
    return None if parent.is_remote else segment_of(get_current_span(parent_context))
