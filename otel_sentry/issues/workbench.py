"""What both sides of the issues room share: where incidents wait, who makes and sends them, when they have to leave."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from otel_sentry.issues.alarm import Alarm
from otel_sentry.issues.incidents import Incidents
from otel_sentry.issues.issue_maker import IssueMaker
from otel_sentry.issues.issue_payloads import IssuePayloads
from otel_sentry.issues.issue_sender import IssueSender
from otel_sentry.issues.segment_view import is_open
from otel_sentry.masking.own_log import own_logger

if TYPE_CHECKING:
    from opentelemetry.sdk.resources import Resource

    from otel_sentry.issues.expected import Expected
    from otel_sentry.issues.incident import Incident
    from otel_sentry.issues.sdk import SentrySdk
    from otel_sentry.issues.surroundings import Surroundings

_logger = own_logger(__name__)
_LONGEST_SENDING_SECONDS = 1.0


class Workbench:
    """Incidents from sighting to sending; counts what goes wrong on the way.

    Args:
        sdk: the client.
        expected: what makes no issue.
        surroundings: fills in what is known around an exception.
        grace_seconds: how long an exception that has left its local root waits for somebody who knows more.
        clock: monotonic seconds.
    """

    def __init__(
        self,
        *,
        sdk: SentrySdk,
        expected: Expected,
        surroundings: Surroundings,
        grace_seconds: float,
        clock: Callable[[], float],
    ) -> None:
        self.sdk = sdk
        self.surroundings = surroundings
        self.incidents = Incidents()
        payloads = IssuePayloads(sdk)
        self.sender = IssueSender(sdk, self.incidents, surroundings, payloads)
        self.maker = IssueMaker(
            payloads=payloads, incidents=self.incidents, expected=expected, send=self.sender.send, clock=clock
        )
        self._alarm = Alarm(self._release_due, clock)
        self._grace_seconds = grace_seconds
        self._clock = clock
        self._on_its_way = threading.RLock()
        self.failures = 0
        """Sightings that our own fault lost."""

    def opened(self, incident: Incident, attributes: Mapping[str, Any] | None, resource: Resource | None) -> None:
        """Complete a new incident by what is known where it was seen, and let it wait.

        Args:
            incident: new.
            attributes: of the span or log record that saw it.
            resource: of the process.
        """
        if incident.event is not None:
            self.sender.place(incident.event, incident, attributes, resource)
        if is_open(incident.segment):
            self.wait(incident)
        else:
            self.wait_a_moment(incident)

    def wait(self, incident: Incident) -> None:
        """Let an incident wait for its local root, 30 seconds at most."""
        self._alarm.set(incident.due)

    def wait_a_moment(self, incident: Incident) -> None:
        """Let an incident wait for hooks that may know more; nothing else will be learnt."""
        incident.due = self._clock() + self._grace_seconds
        self._alarm.set(incident.due)

    def send(self, incident: Incident) -> None:
        """Send an incident, unless somebody else already does."""
        if self.incidents.take(incident):
            self.sender.send(incident)

    def release(self) -> None:
        """Send every incident as far as it is known; what another thread is sending has left when this returns."""
        with self._one_at_a_time():
            for incident in self.incidents.take_all():
                self._send_taken(incident)

    def failed(self, error: Exception) -> None:
        """Count a sighting that our own fault lost; say so once."""
        self.failures += 1
        if self.failures == 1:
            _logger.error("otel_sentry could not make an issue of an exception: %r", error, exc_info=error)
        try:
            self.sdk.lost("internal_sdk_error")
        except Exception:  # counting must not raise either
            _logger.debug("the loss could not be counted", exc_info=True)

    def _release_due(self) -> float | None:
        with self._one_at_a_time():
            for incident in self.incidents.take_due(self._clock()):
                self._send_taken(incident)
        return self.incidents.next_due()

    @contextmanager
    def _one_at_a_time(self) -> Iterator[None]:
        """Wait for whoever is sending; not forever, for in a forked child nobody is there to finish."""
        held = self._on_its_way.acquire(timeout=_LONGEST_SENDING_SECONDS)
        try:
            yield
        finally:
            if held:
                self._on_its_way.release()

    def _send_taken(self, incident: Incident) -> None:
        try:
            self.sender.send(incident)
        except Exception as error:  # noqa: BLE001  # the others have to go out all the same
            self.failed(error)
