"""What the spool does for parcels in trouble: writes them down, lets them leave memory, brings them back later.

Owned by the delivery thread. A disk that fails costs one warning, never a parcel that the network would take.
"""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING, Final

from otel_sentry.protocol.item_kinds import LossReason

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from otel_sentry.delivery.ledger import Ledger, Report
    from otel_sentry.delivery.parcel import Counts, Parcel
    from otel_sentry.delivery.rules.traffic import Traffic
    from otel_sentry.delivery.spooling.spool import Spool
    from otel_sentry.delivery.tuning import Tuning
    from otel_sentry.delivery.waiting_room import WaitingRoom
    from otel_sentry.delivery.wire.carrier import Carrier
    from otel_sentry.protocol.item_kinds import Category

_logger = logging.getLogger("otel_sentry.delivery")

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
        flights: what carries them.
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
        flights: Carrier[Parcel],
        traffic: Traffic,
        *,
        ledger: Ledger,
        open_spool: Callable[[], Spool] | None,
        clock: Callable[[], float] = time.monotonic,
        date: Callable[[], float] = time.time,
    ) -> None:
        self._tuning = tuning
        self._room = room
        self._flights = flights
        self._traffic = traffic
        self._ledger = ledger
        self._open_spool = open_spool
        self._clock = clock
        self._date = date
        self._spool: Spool | None = None
        self._warned = False
        self._next_try = self._next_look = self._next_patrol = self._next_losses = clock()
        self._kept_losses: Report = {}
        self._reckoned: tuple[float, tuple[int, float, float]] = (0.0, (0, 0.0, 0.0))

    @property
    def wanted(self) -> bool:
        """Whether there is to be a spool."""
        return self._open_spool is not None

    def backlog(self, now: float) -> tuple[int, float, float]:
        """Late parcels that might go, in memory and on disk; when the first and the last came (monotonic)."""
        if self._spool is None:
            return self._room.backlog(lambda category: self._traffic.allowed(category, now))
        if self._reckoned[0] != now:  # asked several times in one turn
            self._reckoned = (now, self._backlog(self._spool, now))
        return self._reckoned[1]

    def _backlog(self, spool: Spool, now: float) -> tuple[int, float, float]:
        def allowed(category: Category) -> bool:
            return self._traffic.allowed(category, now)

        here = self._room.backlog(allowed)
        number, first, last = spool.backlog(allowed)
        if not number:
            return here
        offset = now - self._date()
        there = (number, first + offset, last + offset)
        if not here[0]:
            return there
        return here[0] + there[0], min(here[1], there[1]), max(here[2], there[2])

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
        if not self._ready(now):
            return
        try:
            if now >= self._next_look or (save_at is not None and now >= save_at):
                self._next_look = now + self._tuning.spool_after_seconds / 2
                everything = save_at is not None and now >= save_at
                self._write_down(now if everything else now - self._tuning.spool_after_seconds, settled)
            self._bring_back(now)
            self._look_after(now)
        except OSError as error:
            self._fail(error, now)

    def save_all(self, settled: Callable[[Parcel], None]) -> None:
        """Write everything down at once: the process leaves."""
        now = self._clock()
        if self._ready(now):
            try:
                self._write_down(now, settled)
                self._keep_losses()
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
        return min(self._next_patrol, self._next_look) if unsaved else self._next_patrol

    def close(self) -> None:
        """Let the spool go."""
        if self._spool is not None:
            self._spool.close()
            self._spool = None

    def abandon(self) -> None:
        """The same in a forked child, which must not touch what is its parent's."""
        if self._spool is not None:
            self._spool.abandon()
            self._spool = None

    def _ready(self, now: float) -> bool:
        """Whether there is a spool that works; opens it when that is due."""
        if self._open_spool is None:
            return False
        if self._spool is None and now >= self._next_try:
            try:
                self._spool = self._open_spool()
                self._warned = False
            except OSError as error:
                self._fail(error, now)
        return self._spool is not None and now >= self._next_try

    def _fail(self, error: OSError, now: float) -> None:
        self._next_try = now + _TRY_AGAIN_SECONDS
        if not self._warned:
            self._warned = True
            _logger.warning("the spool cannot be used, delivery goes on without it: %s", error)

    def _unsaved(self) -> list[Parcel]:
        waiting = [*self._flights.cargos, *self._room.everything()]
        return [parcel for parcel in waiting if parcel.place is None and not parcel.report]

    def _write_down(self, before: float, settled: Callable[[Parcel], None]) -> None:
        """Write what was accepted before a monotonic second; what cannot be sent anyway leaves memory."""
        assert self._spool is not None  # noqa: S101  for the type checker; `_ready` has seen to it
        unsaved = [parcel for parcel in self._unsaved() if parcel.accepted_at <= before]
        if not unsaved:
            return
        self._book_lost(self._spool.store(unsaved))
        for parcel in unsaved:
            settled(parcel)
        now = self._clock()
        written = {id(parcel) for parcel in unsaved}
        for parcel in self._room.remove(lambda one: id(one) in written and self._traffic.is_late(one.category, now)):
            self._spool.release(parcel)
        self._traffic.backlog_changed()

    def _bring_back(self, now: float) -> None:
        """Read ahead when the backlog may move."""
        assert self._spool is not None  # noqa: S101  for the type checker; `_ready` has seen to it

        def allowed(category: Category) -> bool:
            return self._traffic.allowed(category, now)

        if not self._traffic.connectable(now) or self._room.has(allowed, late=True):
            return
        most = _READ_AHEAD if self._traffic.flowing else 1
        parcels, lost = self._spool.load(allowed, most)
        for parcel in parcels:
            self._room.put(parcel, late=True)
        self._book_lost(lost)

    def _look_after(self, now: float) -> None:
        """Adopt what dead processes left; keep one's own losses for whoever comes after."""
        assert self._spool is not None  # noqa: S101  for the type checker; `_ready` has seen to it
        if now >= self._next_patrol:
            self._next_patrol = now + self._tuning.spool_patrol_seconds
            found = self._spool.patrol()
            self._book_lost(found.lost)
            for losses in found.losses:
                self._ledger.give_back(losses)
        adopted = self._spool.adopt_one()
        if adopted is not None:
            self._next_patrol = now
            for counts in adopted:
                self._ledger.accept(counts)
            self._traffic.backlog_changed()
        if now >= self._next_losses:
            self._next_losses = now + _LOSSES_SECONDS
            self._keep_losses()

    def _keep_losses(self) -> None:
        losses = self._ledger.untold()
        if losses != self._kept_losses and self._spool is not None:
            self._spool.keep_losses(losses)
            self._kept_losses = losses

    def _book_lost(self, lost: Iterable[Counts]) -> None:
        for counts in lost:
            self._ledger.drop(LossReason.CACHE_OVERFLOW, counts)
