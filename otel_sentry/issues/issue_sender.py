"""Completes incidents with what has become known, and sends them.

Those of spans go through the client with all its hooks; events of sentry-sdk have been there, and go to its transport.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from otel_sentry.issues import breadcrumbs
from otel_sentry.issues.incident import Incident, Source
from otel_sentry.issues.span_says import fingerprint_of
from otel_sentry.issues.surroundings import Surroundings, merge_user

if TYPE_CHECKING:
    from collections.abc import Mapping

    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import ReadableSpan

    from otel_sentry.issues.incidents import Incidents
    from otel_sentry.issues.issue_payloads import IssuePayloads
    from otel_sentry.issues.sdk import SentrySdk

OUR_HINT: Final = "otel_sentry"
"""Key in the hints of events that this room has made."""

Event = dict[str, Any]


class IssueSender:
    """Sends incidents.

    Args:
        sdk: the client.
        incidents: where those wait that an incident speaks for.
        surroundings: fills in what is known around the exception.
        payloads: completes them.
    """

    def __init__(
        self, sdk: SentrySdk, incidents: Incidents, surroundings: Surroundings, payloads: IssuePayloads
    ) -> None:
        self._sdk = sdk
        self._incidents = incidents
        self._surroundings = surroundings
        self._payloads = payloads

    def place(
        self, event: Event, incident: Incident, attributes: Mapping[str, Any] | None, resource: Resource | None
    ) -> None:
        """Tell an incident's own event what is known where it was seen; see `Workbench.opened`."""
        merge_user(event, self._surroundings.user(attributes, incident.segment))
        incident.fingerprint = list(map(self._surroundings.private, fingerprint_of(attributes)))
        _group(event, incident)
        client = self._sdk.client()
        if resource is not None and client is not None:
            self._surroundings.process(event, resource, client.options)

    def complete(self, incident: Incident, root: ReadableSpan | None) -> None:
        """Tell an incident's own event what its local root knows now: final name, user, span events."""
        event, segment = incident.event, incident.segment
        if event is None or incident.link is None:
            return
        self._surroundings.link(event, incident.link, segment, self._sdk.public_key())
        if segment is None:
            return
        self._surroundings.name(event, segment)
        merge_user(event, self._surroundings.late_user(root, segment))
        if "breadcrumbs" not in event:
            breadcrumbs.merge(event, self._surroundings.crumbs(segment, incident.seen))

    def send(self, incident: Incident) -> None:
        """Send an incident that was taken out of `incidents`, and forget those it speaks for."""
        speaker = incident.outermost()
        if speaker is incident or speaker.gone:
            self._send(incident)
        self.forget(incident)

    def forget(self, incident: Incident) -> None:
        """Forget an incident that was taken out, and those it speaks for."""
        for other in self._incidents.spoken_for(incident):
            other.forget()
        incident.forget()

    def _send(self, incident: Incident) -> None:
        if incident.source is Source.SDK:
            if incident.envelope is not None and incident.forward is not None:
                self._decide(incident)
                incident.forward(incident.envelope)
            return
        event, context = incident.event, incident.context
        if event is None or context is None:
            return
        if "trace" not in event.get("contexts", ()):
            self.complete(incident, None)
        context.run(self._payloads.complete, incident)
        set_handled(event, handled=not incident.escaped)
        exc_info = incident.hint.get("exc_info")
        hint: dict[str, Any] = {OUR_HINT: incident.seen}
        if exc_info is not None:
            hint["exc_info"] = exc_info()
        self._sdk.capture(event, hint, context)

    def _decide(self, incident: Incident) -> None:
        """Settle what sentry-sdk could not know when it captured the exception."""
        segment, envelope = incident.segment, incident.envelope
        event = envelope.get_event()
        if segment is None or not isinstance(event, dict):
            return
        public_key = self._sdk.public_key()
        if public_key:
            envelope.headers["trace"] = self._surroundings.header(segment, public_key)
        _group(event, incident)
        if event.get("transaction") == incident.name:
            self._surroundings.name(event, segment)
        if incident.escaped:
            set_handled(event, handled=False)
        elif incident.root_failed is False:
            set_handled(event, handled=True)


def _group(event: Event, incident: Incident) -> None:
    """Group an event as its span says; what the application told sentry-sdk wins."""
    if incident.fingerprint:
        event.setdefault("fingerprint", incident.fingerprint)


def set_handled(event: Event, *, handled: bool) -> None:
    """Say of each exception in an event whether it was handled."""
    values = (event.get("exception") or {}).get("values") or ()
    for value in values:
        mechanism = value.get("mechanism")
        if isinstance(mechanism, dict) and "handled" in mechanism:
            mechanism["handled"] = handled
