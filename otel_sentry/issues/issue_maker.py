"""Turns sightings of exceptions into incidents, and incidents into issues: one for each exception.

Three kinds of sightings: an exception leaves a span alive, a span tells of one in text, sentry-sdk captures one.
Identity decides (`exception_mark`); text is compared only with what identity cannot reach.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from otel_sentry.issues import live_exception
from otel_sentry.issues.exception_mark import Kin, Mark, claim, disown, family, mark_of, overwrite
from otel_sentry.issues.incident import Incident, Source, SpanLink
from otel_sentry.issues.issue_payloads import raise_of

if TYPE_CHECKING:
    from datetime import datetime

    from otel_sentry.issues.expected import Expected
    from otel_sentry.issues.incidents import Incidents
    from otel_sentry.issues.issue_payloads import IssuePayloads
    from otel_sentry.issues.segment_view import SegmentView
    from otel_sentry.issues.text_event import ToldException

SPAN_MECHANISM: Final = "auto.otel.span"
LOG_MECHANISM: Final = "auto.log.otel"
TEXT_MECHANISM: Final = "auto.otel.record_exception"
_MOST_RELATIVES = 50
HOLD_SECONDS: Final = 30.0
"""How long an incident waits for its local root to end."""


class IssueMaker:
    """Makes incidents of sightings.

    Args:
        payloads: builds them.
        incidents: where incidents wait.
        expected: what makes no issue.
        send: gets incidents that leave because there are too many; they are out of `incidents` by then.
        clock: monotonic seconds.
    """

    def __init__(
        self,
        *,
        payloads: IssuePayloads,
        incidents: Incidents,
        expected: Expected,
        send: Callable[[Incident], None],
        clock: Callable[[], float],
    ) -> None:
        self._payloads = payloads
        self._incidents = incidents
        self._expected = expected
        self._send = send
        self._clock = clock

    def left(
        self, exception: BaseException, link: SpanLink, segment: SegmentView | None, seen: datetime, *, escapes: bool
    ) -> Incident | None:
        """An exception is leaving a span.

        Args:
            exception: alive, on this thread.
            link: the span.
            segment: its local root.
            seen: when.
            escapes: the span is the local root, and the exception goes on.

        Returns:
            The incident if it is new.
        """
        incident = self._seen_alive(exception, link, segment, seen, SPAN_MECHANISM, escapes=escapes)
        known = incident or self._known(exception)
        if known is not None:
            known.told.add(link.span_id)
        return incident

    def logged(
        self, exception: BaseException, link: SpanLink | None, segment: SegmentView | None, seen: datetime
    ) -> Incident | None:
        """A log record carries an exception.

        Args:
            exception: alive, or kept by the record.
            link: the span that was current.
            segment: its local root.
            seen: when.

        Returns:
            The incident if it is new.
        """
        return self._seen_alive(exception, link, segment, seen, LOG_MECHANISM, escapes=False)

    def excuse(self, exception: BaseException) -> None:
        """Whoever sees the exception from here on makes no issue of it; one that it is already stays."""
        claim(exception, Mark(uuid.uuid4().hex))

    def _known(self, exception: BaseException) -> Incident | None:
        mark = mark_of(exception)
        return self._incidents.get(mark.token) if mark is not None else None

    def _seen_alive(
        self,
        exception: BaseException,
        link: SpanLink | None,
        segment: SegmentView | None,
        seen: datetime,
        mechanism: str,
        *,
        escapes: bool,
    ) -> Incident | None:
        """A live exception was seen; returns the incident if it is new."""
        if self._expected.is_expected(exception):
            return None
        mark = mark_of(exception)
        known = self._incidents.get(mark.token) if mark is not None else None
        if known is not None and mark is not None and mark.kin is Kin.SELF:
            if link is not None:
                known.pass_through(link)
            self._goes_on(known, exception, escapes=escapes)
            return None
        if mark is not None and known is None and mark.kin is not Kin.BYSTANDER:
            return None
        incident = self._open(Source.SPAN, link, segment, seen)
        try:
            if not self._identify(incident, exception, mark, known):
                return None
            self._payloads.describe(incident, exception, mechanism)
        except Exception:
            # At the bottom of the stack there is no room to look; the next span out has some, and sees it again.
            disown(exception, incident.token)
            self._incidents.let_go(incident)
            raise
        incident.escaped = escapes
        self._keep(incident)
        return incident

    def told(
        self,
        exception: ToldException,
        link: SpanLink | None,
        segment: SegmentView | None,
        seen: datetime,
        *,
        escapes: bool,
        mechanism: str = TEXT_MECHANISM,
    ) -> Incident | None:
        """A span or a log record tells of an exception that is no longer alive.

        Args:
            exception: what it tells.
            link: the span.
            segment: its local root.
            seen: when it was recorded.
            escapes: the span is the local root, and the exception went on.
            mechanism: who tells.

        Returns:
            The incident if it is new.
        """
        raised = exception.raised
        if self._expected.is_expected_text(raised.type, raised.message):
            return None
        teller = _teller(link, mechanism)
        known = self._incidents.told_by(raised, link, teller) if link is not None else None
        if known is not None:
            known.escaped = known.escaped or escapes
            return None
        incident = self._open(Source.TEXT, link, segment, seen)
        incident.raised = raised
        incident.escaped = escapes
        if link is not None:
            incident.told.add(teller)
        for relative in exception.relatives[:_MOST_RELATIVES]:
            part = self._incidents.told_by(relative, link, teller) if link is not None else None
            if part is not None and not part.gone:
                self._take_in(incident, part, Kin.WRAPPED)
        self._payloads.tell(incident, exception, mechanism)
        self._keep(incident)
        return incident

    def captured(
        self,
        exception: BaseException,
        event_id: str,
        link: SpanLink | None,
        segment: SegmentView | None,
        seen: datetime,
    ) -> Incident | None:
        """sentry-sdk is capturing an exception.

        Returns:
            The incident that the event is about, now of source `SDK`; None if the exception is an issue already.
        """
        live_exception.release_locals(exception)
        mark = mark_of(exception)
        known = self._incidents.get(mark.token) if mark is not None else None
        if mark is not None and mark.kin is Kin.SELF:
            return self._join(known, exception, event_id) if known is not None else None
        if mark is not None and known is None and mark.kin is Kin.WRAPPED:
            return None
        incident = self._open(Source.SDK, link, segment, seen)
        incident.event_id = event_id
        if not self._identify(incident, exception, mark, known):
            return None
        incident.raised = raise_of(exception)
        self._keep(incident)
        return incident

    def _goes_on(self, known: Incident, exception: BaseException, *, escapes: bool) -> None:
        """An exception that is known leaves one more span."""
        known.escaped = known.escaped or escapes
        self._stands_alone(known)
        if known.source is Source.SPAN and known.event is not None:
            self._goes_out_larger(known, exception)

    def _stands_alone(self, known: Incident) -> None:
        """What took `known` in has not replaced it after all: it is on its way again, by itself."""
        wrapper = known.wrapper
        if wrapper is None:
            return
        known.wrapper = None
        if not known.is_bystander and self._incidents.take(wrapper):
            wrapper.forget()

    def _join(self, known: Incident, exception: BaseException, event_id: str) -> Incident | None:
        """sentry-sdk captures what we hold: its event knows more (request, outer frames) and takes the place."""
        self._stands_alone(known)
        if known.source is Source.SDK:
            return None
        known.source = Source.SDK
        known.event = known.sketch = None
        known.context = None
        known.hint = {}
        known.event_id = event_id
        known.raised = known.raised or raise_of(exception)
        self._incidents.resize(known, 0)
        return known

    def _open(self, source: Source, link: SpanLink | None, segment: SegmentView | None, seen: datetime) -> Incident:
        token = uuid.uuid4().hex
        due = self._clock() + HOLD_SECONDS
        incident = Incident(token=token, source=source, link=link, segment=segment, seen=seen, due=due, event_id=token)
        if link is not None:
            incident.pass_through(link)
        return incident

    def _identify(
        self, incident: Incident, exception: BaseException, mark: Mark | None, known: Incident | None
    ) -> bool:
        """Mark the exception and its family; take in the incidents among them. False if another thread was first."""
        own = Mark(incident.token)
        if mark is not None:
            # So far it was only a part of another issue; now it is on its way by itself.
            overwrite(exception, own)
        elif claim(exception, own) != own:
            return False
        if known is not None and mark is not None and mark.kin is Kin.WRAPPED:
            self._take_in(incident, known, Kin.WRAPPED)
        for relative, kin in family(exception):
            standing = claim(relative, Mark(incident.token, kin))
            other = self._incidents.get(standing.token) if standing.token != incident.token else None
            if other is not None:
                self._take_in(incident, other, kin)
        return True

    @staticmethod
    def _take_in(incident: Incident, other: Incident, kin: Kin) -> None:
        """`incident` speaks for `other` from now on, and is linked to the innermost span that saw one of them.

        What came over from another local root (a thread's, a task's) does not move the issue there.
        """
        outer = other.outermost()
        if outer is incident:
            return
        outer.wrapper = incident
        outer.is_bystander = kin is Kin.BYSTANDER
        if outer.link is not None and (incident.link is None or outer.home is incident.home):
            incident.link, incident.segment = outer.link, outer.segment

    def _goes_out_larger(self, known: Incident, exception: BaseException) -> None:
        """Add the frames that an exception has left since it was last seen."""
        size = self._payloads.add_outer_frames(known, exception)
        for surplus in self._incidents.resize(known, size):
            self._send(surplus)

    def _keep(self, incident: Incident) -> None:
        for surplus in self._incidents.add(incident):
            self._send(surplus)


def _teller(link: SpanLink | None, mechanism: str) -> int:
    if link is None:
        return 0
    return -link.span_id if mechanism == LOG_MECHANISM else link.span_id
