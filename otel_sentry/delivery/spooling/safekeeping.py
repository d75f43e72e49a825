"""What the spool does for parcels in trouble: writes them down, lets them leave memory, brings them back later.

Owned by the delivery thread. A disk that fails costs one warning, never a parcel that the network would take.
"""

from __future__ import annotations

import time
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from otel_sentry.delivery.rules.pacing import Backlog
from otel_sentry.masking.own_log import own_logger
from otel_sentry.protocol.item_kinds import LossReason

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from otel_sentry.delivery.ledger import Ledger, Report
    from otel_sentry.delivery.parcel import Counts, Parcel
    from otel_sentry.delivery.rules.traffic import Traffic
    from otel_sentry.delivery.spooling.spool import Spool
    from otel_sentry.delivery.tuning import Tuning
    from otel_sentry.delivery.waiting_room import WaitingRoom
    from otel_sentry.delivery.wire.carrier import Carrier
    from otel_sentry.protocol.item_kinds import Category

_logger = own_logger("otel_sentry.delivery")

_READ_AHEAD: Final = 32
"""Parcels that are brought back to memory at once."""
_LOSSES_SECONDS: Final = 1.0
_TRY_AGAIN_SECONDS: Final = 30.0
"""How long a failing disk is left alone."""


class Safekeeping:
    """The spool's part in delivery; without a spool, nothing.

    Args:
        tuning: the numbers.
        room: where parcels wait.
        carrier: what carries them.
        traffic: says what may go.
        ledger: books what was found and lost.
        open_spool: opens the spool; raises OSError when it cannot be used; None for no spool.
        clock: monotonic seconds.
        date: seconds since the epoch.
    """

    def __init__(
        self,
        tuning: Tuning,
        room: WaitingRoom,
        carrier: Carrier[Parcel],
        traffic: Traffic,
        *,
        ledger: Ledger,
        open_spool: Callable[[], Spool] | None,
        clock: Callable[[], float] = time.monotonic,
        date: Callable[[], float] = time.time,
    ) -> None:
        self._tuning = tuning
        self._room = room
        self._carrier = carrier
        self._traffic = traffic
        self._ledger = ledger
        self._open_spool = open_spool
        self._clock = clock
        self._date = date
        self._spool: Spool | None = None
        self._warned = False
        self._next_try = self._next_look = self._next_patrol = self._next_losses = clock()
        self._kept_losses: Report = {}
        self._reckoned_at, self._reckoned = -1.0, Backlog()

    @property
    def wanted(self) -> bool:
        """Whether there is to be a spool."""
        return self._open_spool is not None

    def backlog(self, now: float) -> Backlog:
        """Late parcels that might go, in memory and on disk."""
        if self._reckoned_at != now:  # asked several times in one turn
            self._reckoned_at, self._reckoned = now, self._reckon(now)
        return self._reckoned

    def _reckon(self, now: float) -> Backlog:
        def allowed(category: Category) -> bool:
            return self._traffic.allowed(category, now)

        here = self._room.backlog(allowed)
        there = self._spool.backlog(allowed) if self._spool is not None else Backlog()
        # With a spool, what is late in memory has just been read from there: it must not quicken the pace.
        return Backlog(here.number + there.number, there.per_second or here.per_second)

    def done(self, parcel: Parcel) -> None:
        """Note that a parcel needs its record no more."""
        if parcel.place is not None and self._spool is not None:
            self._spool.done(parcel)

    def released(self, parcel: Parcel) -> bool:
        """Let a parcel leave memory if it is on disk.

        Returns:
            Whether it is.
        """
        if parcel.place is None or self._spool is None:
            return False
        self._spool.release(parcel)
        return True

    def tick(self, settled: Callable[[Parcel], None], *, save_at: float | None) -> None:
        """Do what is due.

        Args:
            settled: told each parcel that the process cannot lose any more.
            save_at: monotonic second at which everything must be on disk, because somebody waits for a flush.
        """
        now = self._clock()
        spool = self._ready(now)
        if spool is None:
            return
        try:
            self._bring_back(spool, now)
            if now >= self._next_try:
                self._write_down(spool, now, settled, save_at=save_at)
                self._look_after(spool, now)
        except OSError as error:
            self._fail(error, now)

    def bequeath(self, parcels: Sequence[Parcel]) -> None:
        """Keep what is to be delivered if this process dies, instead of what was kept before."""
        now = self._clock()
        spool = self._ready(now)
        if spool is not None:
            try:
                spool.bequeath(parcels)
            except OSError as error:
                self._fail(error, now)

    def save_all(self, settled: Callable[[Parcel], None]) -> None:
        """Write everything down at once: the process leaves."""
        now = self._clock()
        spool = self._ready(now)
        if spool is not None:
            try:
                self._write_down(spool, now, settled, save_at=now)
            except OSError as error:
                self._fail(error, now)

    def next_due(self, *, unsaved: bool) -> float | None:
        """When `tick` has something to do.

        Args:
            unsaved: there are parcels that are not on disk.
        """
        if self._open_spool is None:
            return None
        if self._spool is None or self._clock() < self._next_try:
            return self._next_try
        if self._spool.unread:
            return self._clock()
        return min(self._next_patrol, self._next_look) if unsaved else self._next_patrol

    def close(self) -> None:
        """Let the spool go; what is lost by then is kept for whoever comes after to report."""
        if self._spool is not None:
            with suppress(OSError):
                self._keep_losses(self._spool)
            self._spool.close()
            self._spool = None

    def abandon(self) -> None:
        """The same in a forked child, which must not touch what is its parent's."""
        if self._spool is not None:
            self._spool.abandon()
            self._spool = None

    def _ready(self, now: float) -> Spool | None:
        """The spool; opened when that is due."""
        if self._spool is None and self._open_spool is not None and now >= self._next_try:
            try:
                self._spool = self._open_spool()
                self._warned = False
            except OSError as error:
                self._fail(error, now)
        return self._spool

    def _fail(self, error: OSError, now: float) -> None:
        """Leave the disk alone for a while; write off what was on it if the folder is gone."""
        self._next_try = now + _TRY_AGAIN_SECONDS
        if self._spool is not None and not self._spool.exists:
            self._book_lost(self._spool.write_off())
            self._spool.abandon()
            self._spool = None
        if not self._warned:
            self._warned = True
            _logger.warning("the spool cannot be used, delivery goes on without it: %s", error)

    def _unsaved(self) -> list[Parcel]:
        waiting = [*self._carrier.cargos, *self._room.everything()]
        return [parcel for parcel in waiting if parcel.place is None and not parcel.report]

    def _write_down(
        self, spool: Spool, now: float, settled: Callable[[Parcel], None], *, save_at: float | None
    ) -> None:
        """Write what has waited for too long, or everything; what cannot be sent anyway leaves memory."""
        everything = save_at is not None and now >= save_at
        if not everything and now < self._next_look:
            return
        self._next_look = now + self._tuning.spool_after_seconds / 2
        before = now if everything else now - self._tuning.spool_after_seconds
        unsaved = [parcel for parcel in self._unsaved() if parcel.accepted_at <= before]
        if not unsaved:
            return
        self._book_lost(spool.store(unsaved))
        for parcel in unsaved:
            settled(parcel)
        written = {id(parcel) for parcel in unsaved}
        for parcel in self._room.remove(lambda one: id(one) in written and self._traffic.is_late(one.category, now)):
            self.released(parcel)

    def _bring_back(self, spool: Spool, now: float) -> None:
        """Read ahead when the backlog may move."""

        def allowed(category: Category) -> bool:
            return self._traffic.allowed(category, now)

        if not self._traffic.connectable(now) or self._room.has(allowed, late=True):
            return
        parcels, lost = spool.load(allowed, _READ_AHEAD if self._traffic.flowing else 1)
        for parcel in parcels:
            self._room.put(parcel, late=True)
        self._book_lost(lost)

    def _look_after(self, spool: Spool, now: float) -> None:
        """Adopt what dead processes left; keep one's own losses for whoever comes after."""
        if now >= self._next_patrol:
            self._next_patrol = now + self._tuning.spool_patrol_seconds
            found = spool.patrol()
            self._book_lost(found.lost)
            for losses in found.losses:
                self._ledger.give_back(losses)
        adopted = spool.adopt_one()
        if adopted:
            for counts in adopted:
                self._ledger.accept(counts)
            self._traffic.backlog_changed()
        if now >= self._next_losses:
            self._next_losses = now + _LOSSES_SECONDS
            self._keep_losses(spool)

    def _keep_losses(self, spool: Spool) -> None:
        losses = self._ledger.untold()
        if losses != self._kept_losses:
            spool.keep_losses(losses)
            self._kept_losses = losses

    def _book_lost(self, lost: Iterable[Counts]) -> None:
        for counts in lost:
            self._ledger.drop(LossReason.CACHE_OVERFLOW, counts)
