"""Finds a span's segment at its start and hands it out at its end; keeps identity on local roots.

Runs on the application's thread, so every call counts: one dictionary look-up where the parent is open, one context
look-up otherwise, and the SDK's own fields where its properties would be calls.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any
from weakref import ref

from opentelemetry.context import get_current
from opentelemetry.sdk.trace import SpanProcessor
from opentelemetry.trace import get_current_span

from otel_sentry.convert.sdk_fields import attribute_dict
from otel_sentry.identity.context import wallet_in
from otel_sentry.identity.user import identity_keys
from otel_sentry.otel.bound_segment import bound_to
from otel_sentry.otel.identity_stamp import IdentityStamp
from otel_sentry.otel.segments import Segment, segment_of

if TYPE_CHECKING:
    from opentelemetry.context import Context
    from opentelemetry.sdk.trace import ReadableSpan, Span
    from opentelemetry.trace import SpanContext

_SWEEP_AT = 4096
"""Open spans at which references to spans that were dropped without being ended are looked for."""


class SegmentTracker(SpanProcessor):
    """The open spans of one tracer provider, held weakly. Never raises into the application.

    They are found by the identity of their `SpanContext` object, which a span, its children's `parent` and the ended
    `ReadableSpan` share: a look-up without a call. A reused identity finds a dead reference, never another span.

    Args:
        wallet_attributes: span attributes read as the wallet, first that is set.
        take: gets the ended spans that Sentry keeps.
    """

    def __init__(
        self, wallet_attributes: Sequence[str], take: Callable[[ReadableSpan, Segment], None] = lambda *_: None
    ) -> None:
        self._take = take
        self._stamp = IdentityStamp(wallet_attributes)
        self._telling = identity_keys(wallet_attributes)
        self._attended = ""
        self._attendant = SpanProcessor()
        self._companion = SpanProcessor()
        self._open: dict[int, ref[Span]] = {}
        self._left_to_parent: dict[int, ref[Span]] = {}
        self._sweep_at = _SWEEP_AT
        self._child_started: Callable[[Span], None] | None = None

    def attend(self, attribute: str, attendant: SpanProcessor) -> None:
        """Have `attendant` hear of spans with `attribute`: one look at each, where a processor would be three calls."""
        self._attended, self._attendant = attribute, attendant
        self._telling = self._telling | {attribute}

    def take_along(self, companion: SpanProcessor) -> None:
        """Let a processor that only looks at spans as they end go along: registered by itself it costs five calls more.

        It is flushed and shut down before this one.
        """
        self._companion = companion
        self._on_ending = companion._on_ending  # type: ignore[method-assign] # noqa: SLF001 - what the SDK calls

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        """Flush the companion."""
        return self._companion.force_flush(timeout_millis)

    def shutdown(self) -> None:
        """Shut the companion down."""
        self._companion.shutdown()

    def on_start(self, span: Span, parent_context: Context | None = None) -> None:
        """Join the parent's segment or begin one; called on the application's thread."""
        try:
            try:
                # mypy: the SDK types them for ended spans too, which may lack them.
                parent, context, attributes = span._parent, span._context, span._attributes._dict  # type: ignore[union-attr] # noqa: SLF001
            except AttributeError:
                parent, context, attributes = span.parent, span.context, attribute_dict(span)
            open_spans = self._open
            reference = open_spans.get(id(parent))
            live = reference() if reference is not None else None
            if live is not None:
                segment = live._otel_sentry_segment  # type: ignore[attr-defined] # noqa: SLF001 - set below
            elif parent is not None:
                segment = _last_resort(parent, parent_context)
            else:
                segment = None
            if segment is None:
                self._begin(span, parent_context)
            else:
                if segment.has_blocks:
                    segment = bound_to(segment, wallet_in(parent_context))
                span._otel_sentry_segment = segment  # type: ignore[attr-defined] # noqa: SLF001 - SEGMENT_ATTRIBUTE
                if self._child_started is not None:
                    self._child_started(span)
            open_spans[id(context)] = ref(span)
            if len(open_spans) > self._sweep_at:
                self._sweep()
            if self._attended in attributes:
                self._attendant.on_start(span, parent_context)
        except Exception as error:  # noqa: BLE001 - no exception of ours may reach the application
            self._not_recorded(error)

    def on_end(self, span: ReadableSpan) -> None:
        """Let an ended span go; called on the application's thread."""
        try:
            try:
                context, attributes = span._context, span._attributes._dict  # type: ignore[union-attr] # noqa: SLF001 - see the module
            except AttributeError:
                context, attributes = span.context, attribute_dict(span)
            reference = self._open.pop(id(context), None)
            live = reference() if reference is not None else None
            segment = None
            if live is not None:
                segment = live._otel_sentry_segment  # type: ignore[attr-defined] # noqa: SLF001 - set at its start
                if not self._telling.isdisjoint(attributes):
                    self._stamp.at_end(span, segment, attributes)
                    if self._attended in attributes:
                        self._attendant.on_end(span)
                if segment.root is live:
                    segment.close(span)
                if segment.verdict.sampled:
                    self._take(span, segment)
                    return
            elif self._attended in attributes:
                self._attendant.on_end(span)
            self._ended_otherwise(span, segment)
        except Exception as error:  # noqa: BLE001 - no exception of ours may reach the application
            self._not_recorded(error)

    def open_spans(self) -> list[Span]:
        """Spans that have started and neither ended nor vanished."""
        return [span for reference in list(self._open.values()) if (span := reference()) is not None]

    def leave_to_parent(self) -> None:
        """This is a forked child: what is open now is the parent's to tell of, also if it ends here too."""
        self._left_to_parent, self._open = {**self._left_to_parent, **self._open}, {}

    def is_parents(self, span: ReadableSpan) -> bool:
        """Whether an ended span was open already when this process was forked."""
        reference = self._left_to_parent.get(id(span.get_span_context()))
        return reference is not None and reference() is not None

    def _new_segment(self, root: Span, context: Context) -> Segment:
        """The segment of a local root that starts in `context`."""
        raise NotImplementedError

    def _ended_otherwise(self, span: ReadableSpan, segment: Segment | None) -> None:
        """A span has ended that Sentry does not keep, or (no segment) whose start was not seen."""

    def _not_recorded(self, error: Exception) -> None:
        """A span is lost by a fault of ours."""

    def _begin(self, span: Span, parent_context: Context | None) -> None:
        context = get_current() if parent_context is None else parent_context
        segment = self._new_segment(span, context)
        span._otel_sentry_segment = segment  # type: ignore[attr-defined] # noqa: SLF001 - SEGMENT_ATTRIBUTE
        identity = wallet_in(context)
        if identity is not None:
            self._stamp.at_start(span, segment, identity)

    def _sweep(self) -> None:
        """Drop references to spans that nobody ended and nobody holds; look again when the table has doubled."""
        for span_id, reference in list(self._open.items()):
            if reference() is None:
                self._open.pop(span_id, None)
        self._sweep_at = max(_SWEEP_AT, 2 * len(self._open))


def _last_resort(parent: SpanContext, parent_context: Context | None) -> Any:
    """A local parent that has ended is no longer in the table, but whoever starts a child of it still holds it."""
    return None if parent.is_remote else segment_of(get_current_span(parent_context))
