"""Everything that serves one destination, put together; owned by the delivery thread."""

from __future__ import annotations

import random
import time
from typing import TYPE_CHECKING

from otel_sentry.delivery.dispatch import Dispatch
from otel_sentry.delivery.parcel import Bequest, Parcel, counts_of_item, parcel_of_sdk
from otel_sentry.delivery.reporting import Reporting
from otel_sentry.delivery.rules.traffic import Traffic
from otel_sentry.delivery.spooling.safekeeping import Safekeeping
from otel_sentry.delivery.waiting_room import WaitingRoom
from otel_sentry.masking.own_log import own_logger
from otel_sentry.protocol.item_kinds import LossReason

if TYPE_CHECKING:
    from collections.abc import Callable

    from sentry_sdk.envelope import Envelope

    from otel_sentry.delivery.ledger import Ledger
    from otel_sentry.delivery.spooling.spool import Spool
    from otel_sentry.delivery.tuning import Tuning
    from otel_sentry.delivery.wire.carrier import Carrier
    from otel_sentry.delivery.wire.compression import Compressor

    Handed = Parcel | Bequest | Envelope
    """What may be handed over."""

_logger = own_logger("otel_sentry.delivery")


class Desk:
    """One destination: room, traffic lights, connections, spool and reports.

    Args:
        tuning: the numbers.
        carrier: carries requests.
        ledger: books.
        compressor: for bodies.
        reports: whether client reports are wanted.
        open_spool: opens the spool; raises OSError when it cannot be used; None for no spool.
        clock: monotonic seconds.
        date: seconds since the epoch.
        chance: gives numbers in [0, 1).
    """

    def __init__(  # noqa: PLR0913  one place where delivery is put together
        self,
        tuning: Tuning,
        carrier: Carrier[Parcel],
        ledger: Ledger,
        compressor: Compressor,
        *,
        reports: bool = True,
        open_spool: Callable[[], Spool] | None = None,
        clock: Callable[[], float] = time.monotonic,
        date: Callable[[], float] = time.time,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._clock = clock
        self._date = date
        self._compressor = compressor
        self._private = tuning.private
        self._ledger = ledger
        self.carrier = carrier
        self._room = WaitingRoom(tuning.max_bytes)
        self._traffic = Traffic(chance, tuning.backoff)
        self._safekeeping = Safekeeping(
            tuning,
            self._room,
            self.carrier,
            self._traffic,
            ledger=ledger,
            open_spool=open_spool,
            clock=clock,
            date=date,
        )
        self._reporting = Reporting(tuning, ledger, clock(), to_sentry=reports)
        self._dispatch = Dispatch(
            tuning,
            self.carrier,
            self._room,
            self._traffic,
            ledger=ledger,
            safekeeping=self._safekeeping,
            compressor=compressor,
            clock=clock,
            date=date,
        )

    @property
    def healthy(self) -> bool:
        """Whether Sentry takes what it is sent."""
        return self._traffic.flowing and not self._traffic.limited(self._clock())

    def take_in(self, item: Handed, generation: int) -> None:
        """Take what was handed over; an envelope of sentry-sdk becomes a parcel here, off the application's thread."""
        if isinstance(item, Bequest):
            self._safekeeping.bequeath(item.parcels)
            return
        parcel = item if isinstance(item, Parcel) else self._unpacked(item)
        if parcel is not None:
            self._dispatch.take_in(parcel, generation)

    def save(self, save_at: float | None) -> None:
        """Write down what is in trouble, bring back what may go.

        Args:
            save_at: monotonic second at which everything is to be on disk; None when nobody waits for a flush.
        """
        if self._safekeeping.wanted:
            self._safekeeping.tick(self._dispatch.settled, save_at=save_at)

    def turn(self, patience: float, *, hurry: bool) -> None:
        """Send and receive once.

        Args:
            patience: longest wait in seconds.
            hurry: somebody waits for a flush.
        """
        due = self._safekeeping.next_due(unsaved=self._dispatch.pending > 0)
        if due is not None:
            patience = max(0.0, min(patience, due - self._clock()))
        self._dispatch.turn(patience, hurry=hurry)
        self._reporting.log(self._clock(), self._dispatch.trouble)

    def report(self, generation: int, *, urgent: bool) -> None:
        """Let a client report go if one is due."""
        now = self._clock()
        if self._reporting.due(now, urgent=urgent):
            parcel = self._reporting.report(self._traffic, self._compressor, now=now, date=self._date())
            if parcel is not None:
                self.take_in(parcel, generation)

    def hurry(self) -> None:
        """Somebody began to wait for a flush."""
        self._traffic.hurry(self._clock())

    def safe(self, generation: int) -> bool:
        """Whether the process can lose nothing of this generation and those before."""
        return all(unsettled > generation for unsettled in self._dispatch.unsettled)

    def stuck_until(self, deadline: float) -> bool:
        """Whether waiting until a monotonic second is in vain."""
        return self._dispatch.stuck_until(deadline)

    def unsettled(self) -> int:
        """How many parcels the process could still lose."""
        return self._dispatch.pending

    def leave(self) -> None:
        """Close; what is not on disk is counted as lost."""
        self._dispatch.give_up()
        self._reporting.log(self._clock(), self._dispatch.trouble, last=True)

    def abandon(self) -> None:
        """Close without a word: this is a forked child, and the work is its parent's."""
        self.carrier.close()
        self._safekeeping.abandon()

    def _unpacked(self, envelope: Envelope) -> Parcel | None:
        try:
            parcel = parcel_of_sdk(envelope, self._compressor, self._date(), self._private)
        except Exception:  # an envelope that cannot be encoded is counted, whatever is wrong with it
            _logger.warning("an envelope could not be encoded and is dropped", exc_info=True)
            for item in envelope.items:
                self._ledger.lose(LossReason.INTERNAL_SDK_ERROR, counts_of_item(item, 0))
            return None
        parcel.accepted_at = self._clock()
        self._ledger.accept(parcel.counts)
        return parcel
