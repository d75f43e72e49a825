"""The whole exit ends within one time: whoever waits for delivery from then on waits for what is left of it."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from otel_sentry.delivery.outbox import Outbox, OutgoingEnvelope
    from otel_sentry.protocol.item_kinds import Category, LossReason


class ExitBudget:
    """An `Outbox` whose waits share one deadline once the process leaves.

    Provider, processors and sentry-sdk each have an exit handler that waits for delivery, one after the other.

    Args:
        outbox: does the work.
        clock: monotonic seconds.
    """

    def __init__(self, outbox: Outbox, clock: Callable[[], float] = time.monotonic) -> None:
        self._outbox = outbox
        self._clock = clock
        self._deadline: float | None = None

    def begin(self, seconds: float) -> None:
        """Leave within `seconds`; a later call never makes it longer."""
        deadline = self._clock() + seconds
        self._deadline = deadline if self._deadline is None else min(deadline, self._deadline)

    def left(self, timeout: float) -> float:
        """Seconds that somebody who wants to wait for `timeout` seconds may wait."""
        if self._deadline is None:
            return timeout
        return max(0.0, min(timeout, self._deadline - self._clock()))

    def send(self, envelope: OutgoingEnvelope) -> None:
        """Take the envelope over; see `Outbox`."""
        self._outbox.send(envelope)

    def send_all(self, envelopes: Sequence[OutgoingEnvelope]) -> None:
        """Take several envelopes over; see `Outbox`."""
        self._outbox.send_all(envelopes)

    def lost(self, reason: LossReason, category: Category, quantity: int) -> None:
        """Count a loss; see `Outbox`."""
        self._outbox.lost(reason, category, quantity)

    def bequeath(self, envelopes: Sequence[OutgoingEnvelope]) -> None:
        """Keep what is to be delivered if this process dies; see `Outbox`."""
        self._outbox.bequeath(envelopes)

    def flush(self, timeout: float) -> bool:
        """Wait until everything is delivered or on disk; see `Outbox`."""
        return self._outbox.flush(self.left(timeout))

    def close(self, timeout: float) -> bool:
        """Flush, then let go; see `Outbox`."""
        return self._outbox.close(self.left(timeout))
