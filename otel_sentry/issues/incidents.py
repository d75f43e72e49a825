"""The incidents of this process: found by token, event and segment; bounded in number, bytes and time. No I/O."""

from __future__ import annotations

import os
import threading
from collections import deque
from typing import TYPE_CHECKING, TypeVar

from otel_sentry.issues.incident import Incident, Raise, SpanLink

if TYPE_CHECKING:
    from otel_sentry.issues.segment_view import SegmentView

Result = TypeVar("Result")

_REMEMBERED = 256
"""Incidents that have gone out and whose text is still recognised."""


class Incidents:
    """Incidents on their way.

    Args:
        max_count: how many may wait.
        max_bytes: what their payloads may take together.

    Attributes:
        waiting: the incidents by token. Whether there are any may be looked at without a call; they are changed here.
    """

    def __init__(self, *, max_count: int = 100, max_bytes: int = 8_000_000) -> None:
        self._max_count = max_count
        self._max_bytes = max_bytes
        self._start_over()

    def __len__(self) -> int:
        return len(self.waiting)

    def add(self, incident: Incident) -> list[Incident]:
        """Take an incident in.

        Returns:
            The oldest ones that have to leave now because of it.
        """
        with self._locked():
            self.waiting[incident.token] = incident
            self._bytes += incident.size
            return self._overflow()

    def resize(self, incident: Incident, size: int) -> list[Incident]:
        """Note that a payload has grown; returns as `add` does."""
        with self._locked():
            if incident.token in self.waiting:
                self._bytes += size - incident.size
            incident.size = size
            return self._overflow()

    def get(self, token: str) -> Incident | None:
        """The incident of a mark, if it is still on its way."""
        with self._locked():
            return self.waiting.get(token)

    def of_event(self, event_id: str) -> Incident | None:
        """The incident that an event of sentry-sdk is about."""
        with self._locked():
            return next((found for found in self.waiting.values() if found.event_id == event_id), None)

    def of_segment(self, segment: SegmentView) -> list[Incident]:
        """The incidents under a local root, oldest first."""
        home = segment.plain
        with self._locked():
            return [found for found in self.waiting.values() if found.home is home]

    def spoken_for(self, speaker: Incident) -> list[Incident]:
        """Remove the incidents that `speaker` took in."""
        return [found for found in self._snapshot() if found.outermost() is speaker and self.take(found)]

    def let_go(self, speaker: Incident) -> None:
        """Have incidents that `speaker` took in speak for themselves again: it came to nothing."""
        for found in self._snapshot():
            if found.wrapper is speaker:
                found.wrapper = None

    def take(self, incident: Incident) -> bool:
        """Remove an incident in order to send it; False if somebody else already did."""
        with self._locked():
            if self.waiting.pop(incident.token, None) is None:
                return False
            self._bytes -= incident.size
            self._recent.append(incident)
            return True

    def take_all(self) -> list[Incident]:
        """Remove all incidents, oldest first."""
        return [found for found in self._snapshot() if self.take(found)]

    def take_due(self, now: float) -> list[Incident]:
        """Remove the incidents that have waited long enough."""
        return [found for found in self._snapshot() if found.due <= now and self.take(found)]

    def next_due(self) -> float | None:
        """When the next incident has waited long enough; None if none waits."""
        return min((found.due for found in self._snapshot()), default=None)

    def told_by(self, raised: Raise, link: SpanLink, teller: int) -> Incident | None:
        """The incident whose exception somebody has told of as text, if any; notes that they have.

        The exception must have come through the span, and nobody tells of one exception twice, so that two equal ones
        stay two.

        Args:
            raised: what the text says.
            link: the span.
            teller: who tells, see `Incident.told`.
        """
        with self._locked():
            for found in [*self.waiting.values(), *self._recent]:
                if link.span_id not in found.passes or teller in found.told or found.raised is None:
                    continue
                if raised.tells_of(found.raised):
                    found.told.add(teller)
                    found.pass_through(link)
                    return found
            return None

    def _snapshot(self) -> list[Incident]:
        with self._locked():
            return list(self.waiting.values())

    def _overflow(self) -> list[Incident]:
        surplus = []
        for found in list(self.waiting.values()):
            if len(self.waiting) <= self._max_count and self._bytes <= self._max_bytes:
                break
            del self.waiting[found.token]
            self._bytes -= found.size
            self._recent.append(found)
            surplus.append(found)
        return surplus

    def _locked(self) -> threading.RLock:
        """The lock; in a forked child everything is forgotten first, for it is the parent's to send."""
        if os.getpid() != self._pid:
            self._start_over()
        return self._lock

    def _start_over(self) -> None:
        self._lock = threading.RLock()
        self.waiting: dict[str, Incident] = {}
        self._recent: deque[Incident] = deque(maxlen=_REMEMBERED)
        self._bytes = 0
        self._pid = os.getpid()
