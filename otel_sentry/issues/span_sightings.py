"""OpenTelemetry's side: what an ending span tells of exceptions. Runs on the thread that ends the span.

Rule: an exception that is alive counts by identity; what is only text counts if no known exception has told it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from opentelemetry.trace import StatusCode

from otel_sentry.issues import breadcrumbs, live_exception
from otel_sentry.issues.incident import Source
from otel_sentry.issues.span_says import is_expected
from otel_sentry.issues.surroundings import link_of
from otel_sentry.issues.text_event import EXCEPTION_TYPE, ToldException

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from opentelemetry.sdk.trace import Event, ReadableSpan, Span

    from otel_sentry.issues.breadcrumbs import SpanBreadcrumbs
    from otel_sentry.issues.segment_view import SegmentView
    from otel_sentry.issues.workbench import Workbench

_ESCAPED = "exception.escaped"
_INSTRUMENTATIONS = "opentelemetry.instrumentation."


class SpanSightings:
    """Looks at ending spans.

    Args:
        bench: incidents, and who makes and sends them.
        crumbs: keeps span events for issues to come; None if they are not wanted.
    """

    def __init__(self, bench: Workbench, crumbs: SpanBreadcrumbs | None) -> None:
        self._bench = bench
        self._crumbs = crumbs

    def look(self, span: Span, segment: SegmentView | None) -> None:
        """Make incidents of what an ending span tells."""
        events = span.events
        if segment is not None and self._crumbs is not None and events:
            self._crumbs.add(span, segment)
        recorded = [event for event in events if event.name == live_exception.EXCEPTION_EVENT]
        exception = live_exception.leaving(recorded)
        if (recorded or exception is not None) and is_expected(span.attributes or {}):
            if exception is not None:
                self._bench.maker.excuse(exception)
            return
        is_root = segment.span_id == span.context.span_id if segment is not None else _is_local_root(span)
        told = recorded
        if exception is not None:
            told = self._left(span, segment, exception, recorded, is_root=is_root)
        for event in told:
            self._told(span, segment, event.attributes or {}, breadcrumbs.moment(event.timestamp), is_root=is_root)
        attributes = span.attributes or {}
        if not recorded and exception is None and EXCEPTION_TYPE in attributes:
            self._told(span, segment, attributes, breadcrumbs.moment(span.end_time), is_root=is_root)

    def _left(
        self, span: Span, segment: SegmentView | None, exception: BaseException, recorded: list[Event], *, is_root: bool
    ) -> list[Event]:
        """A live exception leaves the span. Returns the recorded exceptions that are other ones."""
        own = [event for event in recorded if live_exception.describes(event, exception)]
        seen = breadcrumbs.moment(own[-1].timestamp if own else span.end_time)
        escapes = is_root and live_exception.ended_by_opentelemetry()
        link = link_of(span.context, span.parent)
        incident = self._bench.maker.left(exception, link, segment, seen, escapes=escapes)
        if incident is not None:
            self._bench.opened(incident, span.attributes, span.resource)
        # Recorded by hand and then raised on: the last two records are of the same exception.
        same = own[-2:]
        return [event for event in recorded if event not in same]

    def _told(
        self,
        span: Span,
        segment: SegmentView | None,
        attributes: Mapping[str, Any],
        seen: datetime,
        *,
        is_root: bool,
    ) -> None:
        exception = ToldException(attributes)
        escapes = is_root and (attributes.get(_ESCAPED) == "True" or _failed_with(span, exception))
        link = link_of(span.context, span.parent)
        incident = self._bench.maker.told(exception, link, segment, seen, escapes=escapes)
        if incident is not None:
            self._bench.opened(incident, span.attributes, span.resource)

    def settle(self, span: Span, segment: SegmentView | None) -> None:
        """Settle the incidents of a local root that is ending.

        Whether exceptions were handled is known now; what escaped waits a moment for hooks that know more.
        """
        if segment is None or segment.span_id != span.context.span_id:
            return
        for incident in self._bench.incidents.of_segment(segment):
            incident.root_failed = span.status.status_code is StatusCode.ERROR
            if incident.wrapper is not None:
                continue
            self._bench.sender.complete(incident, span)
            if incident.escaped and incident.source is not Source.SDK:
                self._bench.wait_a_moment(incident)
            else:
                self._bench.send(incident)


def _is_local_root(span: ReadableSpan) -> bool:
    return span.parent is None or span.parent.is_remote


def _failed_with(span: ReadableSpan, exception: ToldException) -> bool:
    """Whether a span that tells of an exception in text failed because it was left by it.

    Either the status reads as OpenTelemetry's SDK writes it then, or it is the span of an instrumentation, and the
    exception went through the application into the library.
    """
    if span.status.status_code is not StatusCode.ERROR:
        return False
    if span.status.description == f"{exception.type.rpartition('.')[2]}: {exception.message}":
        return True
    scope = span.instrumentation_scope
    return scope is not None and scope.name.startswith(_INSTRUMENTATIONS) and exception.reached_a_library
