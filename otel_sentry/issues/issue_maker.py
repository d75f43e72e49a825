"""Turns sightings of exceptions into incidents, and incidents into issues: one for each exception.

Three kinds of sightings: an exception leaves a span alive, a span tells of one in text, sentry-sdk captures one.
Identity decides (`exception_mark`); text is compared only with what identity cannot reach.
"""

from __future__ import annotations

import contextvars
import uuid
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from otel_sentry.issues import live_exception
from otel_sentry.issues.bounds import bound_exceptions
from otel_sentry.issues.exception_mark import Kin, Mark, claim, family, mark_of, overwrite
from otel_sentry.issues.incident import Incident, Raise, Source, SpanLink
from otel_sentry.issues.stand_in import keep_for_hint
from otel_sentry.issues.text_event import ToldException

if TYPE_CHECKING:
    from datetime import datetime

    from otel_sentry.issues.expected import Expected
    from otel_sentry.issues.incidents import Incidents
    from otel_sentry.issues.sdk import SentrySdk
    from otel_sentry.issues.segment_view import SegmentView

SPAN_MECHANISM: Final = "auto.otel.span"
TEXT_MECHANISM: Final = "auto.otel.record_exception"
_MOST_RELATIVES = 50
HOLD_SECONDS: Final = 30.0
"""How long an incident waits for its local root to end."""


class IssueMaker:
    """Makes incidents of sightings.

    Args:
        sdk: builds payloads.
        incidents: where incidents wait.
        expected: what makes no issue.
        send: gets incidents that leave because there are too many; they are out of `incidents` by then.
        clock: monotonic seconds.
    """

    def __init__(
        self,
        *,
        sdk: SentrySdk,
        incidents: Incidents,
        expected: Expected,
        send: Callable[[Incident], None],
        clock: Callable[[], float],
    ) -> None:
        self._sdk = sdk
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
        if self._expected.is_expected(exception):
            return None
        mark = mark_of(exception)
        known = self._incidents.get(mark.token) if mark is not None else None
        if known is not None and mark is not None and mark.kin is Kin.SELF:
            known.pass_through(link)
            known.told.add(link.span_id)
            self._goes_on(known, exception, escapes=escapes)
            return None
        if mark is not None and known is None and mark.kin is not Kin.BYSTANDER:
            return None
        incident = self._open(Source.SPAN, link, segment, seen)
        incident.told.add(link.span_id)
        if not self._identify(incident, exception, mark, known):
            return None
        incident.escaped = escapes
        self._describe(incident, exception)
        self._keep(incident)
        return incident

    def told(
        self,
        exception: ToldException,
        link: SpanLink,
        segment: SegmentView | None,
        seen: datetime,
        *,
        escapes: bool,
    ) -> Incident | None:
        """A span tells of an exception that is no longer alive.

        Args:
            exception: what it tells.
            link: the span.
            segment: its local root.
            seen: when it was recorded.
            escapes: the span is the local root, and the exception went on.

        Returns:
            The incident if it is new.
        """
        raised = exception.raised
        if self._expected.is_expected_text(raised.type, raised.message):
            return None
        known = self._incidents.told_by(raised, link)
        if known is not None:
            known.escaped = known.escaped or escapes
            return None
        incident = self._open(Source.TEXT, link, segment, seen)
        incident.told.add(link.span_id)
        incident.raised = raised
        incident.escaped = escapes
        for relative in exception.relatives[:_MOST_RELATIVES]:
            part = self._incidents.told_by(relative, link)
            if part is not None and not part.gone:
                self._take_in(incident, part, Kin.WRAPPED)
        self._fill(incident, exception.values(self._sdk, {"type": TEXT_MECHANISM, "handled": True}))
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
            self._add_outer_frames(known, exception)

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
        known.event = None
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

    def _describe(self, incident: Incident, exception: BaseException) -> None:
        """Build the payload while the exception's frames are alive."""
        traceback = live_exception.natural_traceback(exception)
        mechanism = {"type": SPAN_MECHANISM, "handled": True}
        try:
            values = self._sdk.exceptions(exception, traceback, mechanism)
        except Exception:  # noqa: BLE001  # whatever an odd exception does when it is looked at
            values = ToldException(live_exception.as_attributes(exception)).values(self._sdk, mechanism)
            frames = self._sdk.frames(traceback)
            values[-1].update({"stacktrace": {"frames": frames}} if frames else {})
        live_exception.release_locals(exception)
        incident.frames = live_exception.depth(traceback)
        incident.raised = raise_of(exception)
        incident.context = contextvars.copy_context()
        incident.hint = {"exc_info": keep_for_hint(exception)}
        self._fill(incident, values)

    @staticmethod
    def _fill(incident: Incident, values: list[dict[str, Any]]) -> None:
        incident.event = {
            "event_id": incident.event_id,
            "level": "error",
            "timestamp": incident.seen,
            "exception": {"values": values},
        }
        incident.context = incident.context or contextvars.copy_context()
        incident.size = bound_exceptions(incident.event)

    def _add_outer_frames(self, known: Incident, exception: BaseException) -> None:
        """Prepend the frames that the exception has left since; only they are looked at."""
        traceback = live_exception.natural_traceback(exception)
        further = live_exception.depth(traceback) - known.frames
        values = (known.event or {}).get("exception", {}).get("values")
        if further <= 0 or not values or known.frames >= live_exception.MAX_FRAMES:
            return
        outer = self._sdk.frames(live_exception.outermost(traceback, further))
        live_exception.release_locals(exception)
        stacktrace = values[-1].setdefault("stacktrace", {"frames": []})
        stacktrace["frames"] = [*outer, *stacktrace["frames"]]
        known.frames += further
        for surplus in self._incidents.resize(known, bound_exceptions(known.event or {})):
            self._send(surplus)

    def _keep(self, incident: Incident) -> None:
        for surplus in self._incidents.add(incident):
            self._send(surplus)


def raise_of(exception: BaseException) -> Raise:
    """What the text of a live exception would say."""
    attributes = live_exception.as_attributes(exception, with_stacktrace=False)
    return Raise(
        attributes["exception.type"].removeprefix("__main__."),
        attributes["exception.message"],
        live_exception.raising_lines(live_exception.natural_traceback(exception)),
    )
