"""Takes parcels from the waiting room to Sentry and deals with what comes back.

Owned by the delivery thread. The rules are in `traffic`, `verdict`, `division` and `waiting_room`, the bytes in
`in_flight`.
"""

from __future__ import annotations

import math
import time
from collections import Counter
from typing import TYPE_CHECKING, Final

from otel_sentry.delivery.parcel import REDATE_AFTER_SECONDS, redated
from otel_sentry.delivery.rules.division import divided
from otel_sentry.delivery.rules.verdict import Verdict
from otel_sentry.delivery.wire.compression import ZSTD, Compressor, decompress
from otel_sentry.masking.own_log import own_logger
from otel_sentry.protocol.item_kinds import LossReason

if TYPE_CHECKING:
    from collections.abc import Callable

    from otel_sentry.delivery.ledger import Ledger
    from otel_sentry.delivery.parcel import Parcel
    from otel_sentry.delivery.rules.traffic import Traffic
    from otel_sentry.delivery.spooling.safekeeping import Safekeeping
    from otel_sentry.delivery.tuning import Tuning
    from otel_sentry.delivery.waiting_room import WaitingRoom
    from otel_sentry.delivery.wire.carrier import Carrier, Outcome
    from otel_sentry.delivery.wire.message import Answer
    from otel_sentry.protocol.item_kinds import Category

_logger = own_logger(__name__)

_BAD_REQUEST: Final = 400
_SWEEP_SECONDS: Final = 5.0
_GATHER_SECONDS: Final = 0.002
"""How long an answer may wait for others where nothing waits for its connection."""
_BEHIND_SECONDS: Final = 1.0
"""A fresh parcel that has waited for so long shows that there are too few connections."""
_TROUBLED_SECONDS: Final = 30.0
"""So long after a failure there are no more of them than usual: more would burden a Sentry that has too much to do."""


class Dispatch:
    """One destination's traffic.

    Args:
        tuning: the numbers.
        carrier: carries requests.
        room: where parcels wait.
        traffic: says what may go.
        ledger: books what became of it.
        safekeeping: the spool's part.
        compressor: shared with those who hand over; learns what the server can read.
        clock: monotonic seconds.
        date: seconds since the epoch.
    """

    def __init__(  # noqa: PLR0913  the desk's parts, each used here
        self,
        tuning: Tuning,
        carrier: Carrier[Parcel],
        room: WaitingRoom,
        traffic: Traffic,
        *,
        ledger: Ledger,
        safekeeping: Safekeeping,
        compressor: Compressor,
        clock: Callable[[], float] = time.monotonic,
        date: Callable[[], float] = time.time,
    ) -> None:
        self._tuning = tuning
        self._carrier = carrier
        self._room = room
        self._traffic = traffic
        self._ledger = ledger
        self._safekeeping = safekeeping
        self._compressor = compressor
        self._clock = clock
        self._date = date
        self._zstd_proven = False
        self._swept_at = clock()
        self._delivered_at = self._troubled_at = -math.inf
        self.trouble = ""
        """The last failure, for the log line."""
        self.unsettled: Counter[int] = Counter()
        """Generation → parcels that the process could still lose."""
        self.pending = 0
        """Their number."""

    def take_in(self, parcel: Parcel, generation: int) -> None:
        """Let a new parcel wait."""
        parcel.generation = generation
        self._unsettle(generation, 1)
        self._traffic.arrived()
        self._room.put(parcel, late=self._traffic.is_late(parcel.category, self._clock()))
        self._make_room()

    def turn(self, patience: float, *, hurry: bool) -> None:
        """Send, receive and deal with outcomes once.

        Args:
            patience: longest wait for something to happen, in seconds.
            hurry: somebody waits for a flush, so a backlog is not paced.
        """
        now = self._clock()
        self._room.wake_rested(now, late=not self._traffic.flowing)
        self._launch(now, hurry=hurry)
        at_leisure = not hurry and not self._room.parcels
        outcomes = self._carrier.poll(self._patience(patience, now), gather=_GATHER_SECONDS if at_leisure else 0.0)
        for outcome in outcomes:
            self._settle(outcome)
        if outcomes and self._room.parcels:
            now = self._clock()
            self._room.delay(lambda category: self._traffic.is_late(category, now))
        self._sweep()

    def stuck_until(self, deadline: float) -> bool:
        """Whether nothing that waits can move before a monotonic second."""
        now = self._clock()
        if self._carrier.cargos or self._carrier.dialling or self._sendable(now, hurry=True):
            return False
        moments = (self._traffic.next_change(now), self._room.next_rested)
        return all(moment is None or moment > deadline for moment in moments)

    def give_up(self) -> None:
        """Count everything that waits or is under way as lost; what is on disk stays there."""
        self._safekeeping.save_all(self.settled)
        for parcel in [*self._carrier.cargos, *self._room.everything()]:
            if parcel.place is None:
                self.drop(parcel, self._traffic.why_waiting(parcel.category, self._clock()))
        self._room.remove(lambda _: True)
        self._carrier.close()
        self._safekeeping.close()

    def drop(self, parcel: Parcel, reason: LossReason) -> None:
        """Count a parcel as lost."""
        if parcel.report:
            self._ledger.give_back(parcel.report)
        self._ledger.drop(reason, parcel.counts, known_to_sentry=parcel.refused)
        self._safekeeping.done(parcel)
        self.settled(parcel)

    def settled(self, parcel: Parcel) -> None:
        """Note that the process cannot lose the parcel any more."""
        if parcel.generation is not None:
            self._unsettle(parcel.generation, -1)
            parcel.generation = None

    def _unsettle(self, generation: int, number: int) -> None:
        self.pending += number
        self.unsettled[generation] += number
        if not self.unsettled[generation]:
            del self.unsettled[generation]

    def _launch(self, now: float, *, hurry: bool) -> None:
        """Start as many requests as there are connections for; open one more if there are too few."""
        if not self._room.parcels:
            return
        while self._carrier.idle and self._traffic.connectable(now):
            parcel = self._next(now, hurry=hurry)
            if parcel is None:
                break
            self._start(parcel)
        if self._carrier.idle or not self._room.parcels or not self._traffic.connectable(now):
            return
        waiting = self._sendable(now, hurry=hurry)
        if waiting and self._carrier.want(waiting, self._most_connections(now)):
            self._traffic.started()

    def _most_connections(self, now: float) -> int:
        """More than usual where Sentry answers, but is so far away that what waits grows old all the same."""
        oldest = self._room.oldest_fresh
        falls_behind = oldest is not None and now - oldest > _BEHIND_SECONDS
        return self._tuning.in_flight_of_backlog if falls_behind and self._serves(now) else self._tuning.in_flight

    def _serves(self, now: float) -> bool:
        """Whether Sentry answers and nothing has failed lately."""
        return now - self._delivered_at < _BEHIND_SECONDS and now - self._troubled_at > _TROUBLED_SECONDS

    def _next(self, now: float, *, hurry: bool) -> Parcel | None:
        def allowed(category: Category) -> bool:
            return self._traffic.allowed(category, now)

        parcel = self._room.take(allowed, late=False) if self._traffic.flowing else None
        if parcel is None and self._backlog_may_go(now, hurry=hurry):
            parcel = self._room.take(allowed, late=True)
            self._traffic.backlog_sent(now)
        return parcel

    def _backlog_may_go(self, now: float, *, hurry: bool) -> bool:
        if hurry and self._traffic.connectable(now):
            return True
        return self._traffic.backlog_may_go(self._safekeeping.backlog(now), now)

    def _sendable(self, now: float, *, hurry: bool) -> int:
        """How many parcels could be sent now if there were connections."""

        def allowed(category: Category) -> bool:
            return self._traffic.allowed(category, now)

        fresh = self._room.has(allowed, late=False) if self._traffic.flowing else 0
        late = self._room.has(allowed, late=True) if self._backlog_may_go(now, hurry=hurry) else 0
        return fresh + (late if hurry else min(late, 1))

    def _start(self, parcel: Parcel) -> None:
        if abs(self._date() - parcel.sent_at) > REDATE_AFTER_SECONDS:
            parcel.sent_at = self._date()
            parcel.encoding, parcel.body = redated(parcel, self._compressor, parcel.sent_at)
        self._traffic.started()
        self._carrier.start(parcel, parcel.encoding, parcel.body)

    def _settle(self, outcome: Outcome[Parcel]) -> None:
        now, parcel, answer = self._clock(), outcome.cargo, outcome.answer
        if parcel is None:
            self._connected(outcome, now)
        elif answer is not None:
            self._obey(parcel, answer, now)
        elif outcome.stale:
            self._traffic.connected()
            self._room.put_first(parcel, late=not self._traffic.flowing)
        else:
            self.trouble = outcome.error
            self._traffic.failed(now)
            self._retry(parcel, LossReason.NETWORK_ERROR, now)

    def _connected(self, outcome: Outcome[Parcel], now: float) -> None:
        if not outcome.error:
            self._traffic.connected()
            return
        self.trouble = outcome.error
        is_one_too_many = self._serves(now) and len(self._carrier.cargos) >= self._tuning.in_flight
        self._troubled_at = now
        if is_one_too_many:  # a proxy lets no more in: no outage
            self._traffic.connected()
        else:
            self._traffic.failed(now, unreachable=True)

    def _obey(self, parcel: Parcel, answer: Answer, now: float) -> None:
        """Do what an answer means."""
        judged = self._traffic.answered(answer, now, self._date())
        if judged is Verdict.FINAL and answer.status == _BAD_REQUEST and not self._zstd_proven:
            judged = Verdict.RECODE  # perhaps it was the compression that the server could not read
        if judged is Verdict.DELIVERED:
            self._delivered_at = now
            self._zstd_proven = self._zstd_proven or parcel.encoding == ZSTD
            self._ledger.deliver(parcel.counts)
            if parcel.report:
                self._ledger.told(parcel.report)
            self._safekeeping.done(parcel)
            self.settled(parcel)
            return
        self.trouble = f"HTTP {answer.status} {answer.text}".strip()
        if judged is Verdict.LATER:
            self._wait_for_limit(parcel, now)
        elif judged is Verdict.RETRY:
            self._retry(parcel, LossReason.SEND_ERROR, now)
        elif judged is Verdict.DIVIDE:
            self._divide(parcel)
        elif judged is Verdict.RECODE and parcel.encoding == ZSTD:
            self._recode(parcel)
        else:
            self.drop(parcel, LossReason.SEND_ERROR)

    def _wait_for_limit(self, parcel: Parcel, now: float) -> None:
        parcel.refused = True
        self._troubled_at = now
        if parcel.report:
            self.drop(parcel, LossReason.RATELIMIT_BACKOFF)
        elif self._traffic.allowed(parcel.category, now):  # the limit named categories that are none of ours
            parcel.attempts += 1
            self._room.rest(parcel, now + self._traffic.retry_delay(parcel.attempts))
        else:
            self._room.put_first(parcel, late=True)

    def _retry(self, parcel: Parcel, reason: LossReason, now: float) -> None:
        parcel.attempts += 1
        self._troubled_at = now
        if parcel.report or now - parcel.accepted_at > self._tuning.max_age_seconds:
            self.drop(parcel, reason)
        else:
            self._room.rest(parcel, now + self._traffic.retry_delay(parcel.attempts))
            self._make_room()

    def _divide(self, parcel: Parcel) -> None:
        pieces = divided(parcel, self._compressor, self._date())
        if not pieces:
            self.drop(parcel, LossReason.SEND_ERROR)
            return
        if parcel.generation is not None:
            self._unsettle(parcel.generation, len(pieces) - 1)
        self._safekeeping.done(parcel)
        for piece in pieces:
            self._room.put(piece, late=False)

    def _recode(self, parcel: Parcel) -> None:
        self._compressor.settle_for_gzip()
        try:
            parcel.encoding, parcel.body = self._compressor.compress(decompress(parcel.encoding, parcel.body))
        except ValueError:
            self.drop(parcel, LossReason.SEND_ERROR)
        else:
            self._room.put_first(parcel, late=False)

    def _make_room(self) -> None:
        if not self._room.overfull:
            return
        for parcel in self._room.overflow():
            if not self._safekeeping.released(parcel):
                self.drop(parcel, self._traffic.why_waiting(parcel.category, self._clock()))

    def _sweep(self) -> None:
        """Now and then: give up what is too old."""
        now = self._clock()
        if now - self._swept_at < _SWEEP_SECONDS:
            return
        self._swept_at = now
        for parcel in self._room.expired(now - self._tuning.max_age_seconds):
            limited = not self._traffic.allowed(parcel.category, now)
            self.drop(parcel, LossReason.RATELIMIT_BACKOFF if limited else LossReason.NETWORK_ERROR)

    def _patience(self, patience: float, now: float) -> float:
        """Seconds until something that waits may go, `patience` at most."""
        if not self._room.parcels and not self._safekeeping.backlog(now).number:
            return patience
        # What may go already waits for a connection, and that ends the wait by itself.
        rested = self._room.next_rested
        moments = [self._traffic.next_change(now), rested if rested is not None and rested > now else None]
        return min([patience, *(moment - now for moment in moments if moment is not None)])
