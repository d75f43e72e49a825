"""sentry-sdk's side: its hooks, integrations and the application capture exceptions too, often before any span tells.

Rule: the first event of sentry-sdk about an exception is the issue, with our link, user and verdict on whether it was
handled; further ones are dropped. Runs on the capturing thread; never raises.
"""

from __future__ import annotations

from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from opentelemetry import trace
from opentelemetry.sdk.trace import ReadableSpan

from otel_sentry.issues import breadcrumbs
from otel_sentry.issues.bounds import bound_exceptions
from otel_sentry.issues.finished_frame import finish_modules
from otel_sentry.issues.gate import Forward, Gate
from otel_sentry.issues.incident import Source, SpanLink
from otel_sentry.issues.issue_sender import OUR_HINT, set_handled
from otel_sentry.issues.segment_view import is_open
from otel_sentry.issues.surroundings import link_of, merge_user

if TYPE_CHECKING:
    from sentry_sdk.client import BaseClient
    from sentry_sdk.envelope import Envelope

    from otel_sentry.issues.incident import Incident
    from otel_sentry.issues.segment_view import SegmentOf, SegmentView
    from otel_sentry.issues.workbench import Workbench

Event = dict[str, Any]


class SdkCaptures:
    """Joins what sentry-sdk captures.

    Args:
        bench: incidents, and who makes and sends them.
        segment_of: gives the local root of a live span.
    """

    def __init__(self, bench: Workbench, segment_of: SegmentOf) -> None:
        self._bench = bench
        self._segment_of = segment_of
        self._gate = Gate(self._offered, bench.release)

    def watch(self, client: BaseClient) -> None:
        """Stand before the client's transport, so that its events can be held."""
        self._gate.watch(client)

    def process(self, event: Event, hint: Event) -> Event | None:
        """Link an event, or drop it if it is an issue already."""
        finish_modules(event)
        if OUR_HINT in hint:
            breadcrumbs.without_later(event, hint[OUR_HINT])
            return event
        client = self._bench.sdk.client()
        if client is not None:
            self.watch(client)
        span = trace.get_current_span()
        segment = self._segment_of(span)
        link = _link_of(span)
        exception = (hint.get("exc_info") or (None, None, None))[1]
        incident = None
        if isinstance(exception, BaseException):
            incident = self._bench.maker.captured(exception, event.get("event_id", ""), link, segment, _now())
            if incident is None:
                self._gate.expect_drop()
                return None
            link, segment = incident.link, incident.segment
            incident.escaped = incident.escaped or _is_lost_task(hint)
            bound_exceptions(event)
            self._bench.sdk.finish(event)
            self._settle(incident, event)
        self._place(event, span, link, segment, is_held=incident is not None and not incident.gone)
        if incident is not None:
            incident.name = event.get("transaction", "")
        return event

    def _settle(self, incident: Incident, event: Event) -> None:
        """Hold the event while its local root is open; let it pass where nothing more will be known."""
        if is_open(incident.segment):
            self._bench.wait(incident)
            return
        if incident.escaped:
            set_handled(event, handled=False)
        if self._bench.incidents.take(incident):
            self._bench.sender.forget(incident)

    def _place(
        self, event: Event, span: trace.Span, link: SpanLink | None, segment: SegmentView | None, *, is_held: bool
    ) -> None:
        if link is None:
            return
        around = self._bench.surroundings
        # The sampling context of an event that is held is frozen when it leaves, with the root's final name.
        around.link(event, link, segment, None if is_held else self._bench.sdk.public_key())
        if segment is not None:
            around.name(event, segment)
            breadcrumbs.merge(event, around.crumbs(segment, _now()))
        readable = span if isinstance(span, ReadableSpan) else None
        client = self._bench.sdk.client()
        if readable is not None and client is not None:
            around.process(event, readable.resource, client.options)
        merge_user(event, around.user(readable.attributes if readable is not None else None, segment))

    def _offered(self, envelope: Envelope, forward: Forward) -> bool:
        """Keep a finished event that is about an incident; its local root may have ended since."""
        event_id = envelope.headers.get("event_id")
        incident = self._bench.incidents.of_event(event_id) if isinstance(event_id, str) else None
        if incident is None or incident.source is not Source.SDK or incident.envelope is not None:
            return False
        incident.envelope, incident.forward = envelope, forward
        if not is_open(incident.segment):
            self._bench.send(incident)
        return True


def _is_lost_task(hint: Event) -> bool:
    """Whether an event loop has logged the exception because nobody else would ever see it."""
    return getattr(hint.get("log_record"), "name", None) == "asyncio"


def _link_of(span: trace.Span) -> SpanLink | None:
    context = span.get_span_context()
    return link_of(context, getattr(span, "parent", None)) if context.is_valid else None


def _now() -> datetime:
    return datetime.now(timezone.utc)
