"""What may be sent when: Sentry's limits, the breaker and the pace of a backlog, put together.

No I/O: every method is told the present; randomness is injected. The fleet simulation runs exactly this code.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from otel_sentry.delivery.rules.pacing import Backlog, Pace, pace_of_backlog
from otel_sentry.delivery.rules.retry import Backoff, Breaker
from otel_sentry.delivery.rules.verdict import Verdict, verdict
from otel_sentry.protocol.item_kinds import Category, LossReason
from otel_sentry.protocol.rate_limits import RateLimits, limits_told, retry_after

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from otel_sentry.delivery.wire.message import Answer

_MAX_RETRY_AFTER_SECONDS: Final = 3600.0
"""Longest pause that a failing server may ask for; it might be a proxy that knows nothing."""


class Traffic:
    """Lights for one destination. Owned by the delivery thread.

    Args:
        random: gives numbers in [0, 1).
        backoff: how long to stay away from a destination that fails.
    """

    def __init__(self, random: Callable[[], float], backoff: Backoff | None = None) -> None:
        self._random = random
        self._backoff = backoff or Backoff()
        self._breaker = Breaker(self._backoff)
        self._limits = RateLimits()
        self._pace: Pace | None = None
        self._pace_until = math.inf
        """When a limit ends, the backlog that it held up joins in and the pace changes."""

    @property
    def flowing(self) -> bool:
        """Whether the destination works, as far as is known."""
        return self._breaker.closed

    def connectable(self, now: float) -> bool:
        """Whether a connection may be opened or a request started at all."""
        return self._breaker.allows(now)

    def allowed(self, category: Category, now: float) -> bool:
        """Whether no limit holds for `category`."""
        return self._limits.blocked_until(category, now) is None

    def limited(self, now: float) -> bool:
        """Whether any limit holds."""
        return self._limits.next_end(now) is not None

    def is_late(self, category: Category, now: float) -> bool:
        """Whether what arrives now has to wait for an outage or a limit to end."""
        return not self._breaker.closed or not self.allowed(category, now)

    def why_waiting(self, category: Category, now: float) -> LossReason:
        """The reason to count when something that waits has to be given up."""
        if not self._breaker.closed:
            return LossReason.NETWORK_ERROR
        return LossReason.QUEUE_OVERFLOW if self.allowed(category, now) else LossReason.RATELIMIT_BACKOFF

    def backlog_may_go(self, backlog: Backlog, now: float) -> bool:
        """Whether a piece of the backlog may go now.

        Args:
            backlog: late pieces that no limit holds up.
            now: monotonic seconds.
        """
        if not backlog.number or not self._breaker.allows(now):
            return False
        if not self._breaker.closed:
            return True  # the probe
        if self._pace is None or now >= self._pace_until:
            self._pace = pace_of_backlog(backlog, now=now, random=self._random())
            self._pace_until = self._limits.next_end(now) or math.inf
        return self._pace.ready(now)

    def backlog_sent(self, now: float) -> None:
        """After a piece of the backlog went."""
        if self._pace is not None:
            self._pace = self._pace.sent(now)

    def backlog_changed(self) -> None:
        """After a backlog was found or used up: its pace is to be reckoned anew."""
        self._pace = None

    def arrived(self) -> None:
        """After something new came."""
        self._breaker = self._breaker.arrived()

    def started(self) -> None:
        """After a request or a connection was started."""
        self._breaker = self._breaker.started()

    def connected(self) -> None:
        """After a connection opened although nothing was sent yet: the probe goes on with a request."""
        self._breaker = self._breaker.abandoned()

    def failed(self, now: float, at_least: float = 0.0, *, unreachable: bool = False) -> None:
        """After a network error.

        Args:
            now: monotonic seconds.
            at_least: seconds that must pass before the next try.
            unreachable: no connection could be opened.
        """
        was_closed = self._breaker.closed
        self._breaker = self._breaker.failed(now, self._random(), at_least, unreachable=unreachable)
        if was_closed and not self._breaker.closed:
            self._pace = None

    def answered(self, answer: Answer, now: float, date: float) -> Verdict:
        """Learn from an answer.

        Args:
            answer: what Sentry said.
            now: monotonic seconds.
            date: seconds since the epoch.

        Returns:
            What the answer means for the envelope.
        """
        self._learn_limits(limits_told(answer.status, answer.headers, now=now, date=date), now)
        judged = verdict(answer.status)
        if judged is Verdict.RETRY:
            asked = retry_after(answer.headers, date) or 0.0
            self.failed(now, min(asked, _MAX_RETRY_AFTER_SECONDS))
        else:
            self._breaker = self._breaker.succeeded()
        return judged

    def retry_delay(self, attempts: int) -> float:
        """Seconds that one envelope waits after so many failures of its own."""
        return self._backoff.delay(attempts, self._random())

    def hurry(self, now: float) -> None:
        """Knock once more at once: somebody waits for a flush."""
        self._breaker = self._breaker.hurried(now)

    def next_change(self, now: float) -> float | None:
        """The next moment at which something that must wait may go; None when nothing holds traffic up."""
        moments = [self._limits.next_end(now)]
        if not self._breaker.closed and not self._breaker.probing:
            moments.append(self._breaker.probe_at)
        if self._pace is not None:
            moments.append(self._pace.next_at)
        return min((moment for moment in moments if moment is not None and moment > now), default=None)

    def _learn_limits(self, told: Mapping[Category | None, float], now: float) -> None:
        if told:
            self._limits = self._limits.merged(told, now)
            self._pace = None
