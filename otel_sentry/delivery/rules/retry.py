"""When to try again: back-off with jitter, and a breaker that stops knocking at a closed door.

Pure: frozen values; the present and randomness are arguments. The fleet simulation runs exactly this code.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

_FAILURES_TO_OPEN: Final = 2
"""Failures in a row after which the breaker opens: with more, a fleet would triple its traffic as an outage begins."""


@dataclass(frozen=True, slots=True)
class Backoff:
    """Exponential back-off, of which the later half is random so that a fleet does not move in step.

    Args:
        base_seconds: delay after the first failure.
        cap_seconds: longest delay.
    """

    base_seconds: float = 0.5
    cap_seconds: float = 60.0

    def delay(self, failures: int, random: float) -> float:
        """Seconds to wait after so many failures in a row.

        Args:
            failures: at least 1.
            random: evenly spread in [0, 1).
        """
        full = min(self.cap_seconds, self.base_seconds * 2.0 ** min(failures - 1, 32))
        return full * (0.5 + random / 2)


@dataclass(frozen=True, slots=True)
class Breaker:
    """Whether the destination is worth trying.

    Closed: requests go out. Open: one probe at a time; its outcome closes the breaker or opens it for longer. A process
    knocks no more often than something new arrives (and once per longest delay when nothing does), so that a fleet that
    sends little does not knock more than it would have sent.

    Args:
        backoff: how long it stays open.
        failures: in a row.
        retry_at: moment of the next probe while open, if something arrived since the last one.
        patient_at: the same if nothing did.
        credit: something arrived, or no second try was made yet.
        probing: the probe is out.
    """

    backoff: Backoff = Backoff()
    failures: int = 0
    retry_at: float = 0.0
    patient_at: float = 0.0
    credit: bool = True
    probing: bool = False

    @property
    def closed(self) -> bool:
        """Whether traffic flows freely."""
        return self.failures < _FAILURES_TO_OPEN

    @property
    def probe_at(self) -> float:
        """Moment of the next probe while open."""
        return self.retry_at if self.credit else max(self.retry_at, self.patient_at)

    def allows(self, now: float) -> bool:
        """Whether a request may start at `now`; when open, that is the probe."""
        return self.closed or (not self.probing and now >= self.probe_at)

    def started(self) -> Breaker:
        """After a request was started."""
        return self if self.closed else replace(self, probing=True)

    def abandoned(self) -> Breaker:
        """After the probe was given up without an outcome."""
        return replace(self, probing=False) if self.probing else self

    def arrived(self) -> Breaker:
        """After something new came that would have been sent."""
        return self if self.credit or self.closed else replace(self, credit=True)

    def succeeded(self) -> Breaker:
        """After any answer that shows the destination works."""
        return self if not self.failures else Breaker(self.backoff)

    def failed(self, now: float, random: float, at_least: float = 0.0, *, unreachable: bool = False) -> Breaker:
        """After a network error or an answer that asks to come back.

        Args:
            now: monotonic seconds.
            random: evenly spread in [0, 1).
            at_least: seconds that the answer's `Retry-After` asked for.
            unreachable: no connection could be opened, so that no other request would fare better.
        """
        if not self.closed and not self.probing and now < self.probe_at:
            return self  # a request that was in flight when the breaker opened tells nothing new
        failures = self.failures + 1
        asked = at_least * (1 + random / 10)
        retry_at = now + max(self.backoff.delay(failures, random), asked)
        patient_at = now + max(self.backoff.cap_seconds * (0.5 + random / 2), asked)
        # A server that names a time means it, and one that is not there need not be asked twice: it opens at once.
        if at_least or unreachable:
            failures = max(failures, _FAILURES_TO_OPEN)
        return Breaker(self.backoff, failures, retry_at, patient_at, credit=not self.failures)

    def hurried(self, now: float) -> Breaker:
        """Allow a probe now: somebody waits for a flush."""
        return self if self.closed else replace(self, retry_at=min(self.retry_at, now), credit=True)
