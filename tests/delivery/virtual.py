"""A world without a network: real desks, real spool files, an invented carrier, and a clock that tests turn."""

from __future__ import annotations

import heapq
import random
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from otel_sentry.delivery.desk import Desk
from otel_sentry.delivery.ledger import Ledger
from otel_sentry.delivery.parcel import Parcel, parcel_of_outgoing
from otel_sentry.delivery.spooling.spool import Spool
from otel_sentry.delivery.tuning import Tuning
from otel_sentry.delivery.wire.carrier import Outcome
from otel_sentry.delivery.wire.compression import Compressor, decompress
from otel_sentry.delivery.wire.message import Answer
from otel_sentry.protocol import json_text
from otel_sentry.protocol.envelope import parse_envelope
from tests.delivery.parcels import DATE

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from otel_sentry.delivery.outbox import OutgoingEnvelope
    from otel_sentry.protocol.item_kinds import Category

CAPACITY = 4
ROUND_TRIP = 0.05
SILENCE = 15.0
TURNS_PER_SECOND = 2_000
"""More turns than that in one virtual second mean that the delivery thread would spin."""


@dataclass(slots=True)
class World:
    """Time, and what Sentry does."""

    seed: int
    now: float = 1000.0
    drift: float = 0.0
    mood: str = "well"
    arrived: Counter[str] = field(default_factory=Counter)
    lost_answers: int = 0
    requests: int = 0
    chance: random.Random = field(default_factory=random.Random)

    def __post_init__(self) -> None:
        self.chance.seed(self.seed)

    def clock(self) -> float:
        """Monotonic seconds."""
        return self.now

    def date(self) -> float:
        """Seconds since the epoch, as wrong as the test wants."""
        return DATE + self.now + self.drift

    def answer(self, parcel: Parcel) -> tuple[float, Answer | None, str]:
        """What Sentry does with a request: seconds, answer or none, error."""
        self.requests += 1
        mood = self.mood
        if mood == "moody":
            mood = self.chance.choice(["well", "well", "500", "reset", "hangs", "limits", "too large", "odd"])
        if mood == "500":
            return ROUND_TRIP, Answer(self.chance.choice([500, 502, 503, 408]), {}), ""
        if mood == "limits":
            category = parcel.category.value if self.chance.random() < 0.8 else ""
            limit = f"{self.chance.choice([0.5, 5, 60])}:{category}:org"
            return ROUND_TRIP, Answer(429, {"x-sentry-rate-limits": limit}), ""
        if mood == "too large" and sum(number for _, number in parcel.counts) > 2:
            return ROUND_TRIP, Answer(413, {}), ""
        if mood == "odd":
            return ROUND_TRIP, Answer(self.chance.choice([400, 401, 301]), {}), ""
        if mood in ("reset", "hangs"):
            if self.chance.random() < 0.3:  # it had taken the envelope, only its answer is lost
                self.take(parcel)
                self.lost_answers += 1
            return (SILENCE if mood == "hangs" else ROUND_TRIP), None, mood
        self.take(parcel)
        return ROUND_TRIP, Answer(200, {}), ""

    def take(self, parcel: Parcel) -> None:
        """Sentry has an envelope now."""
        for item in parse_envelope(decompress(parcel.encoding, parcel.body)).items:
            for entry in json_text.loads(item.payload).get("items", ()):
                self.arrived[str(entry.get("span_id") or entry.get("body"))] += 1


class VirtualCarrier:
    """A `Carrier` whose requests take virtual time."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._events: list[tuple[float, int, Outcome[Parcel]]] = []
        self._number = 0
        self._connections = 0
        self._under_way: list[Parcel] = []
        self.dialling = 0
        self.open = 0
        self.gathered: list[tuple[int, bool]] = []
        """Of each poll, how many requests were under way, and whether their answers may wait for each other."""

    @property
    def idle(self) -> int:
        """Free connections."""
        return self._connections - len(self._under_way)

    @property
    def cargos(self) -> list[Parcel]:
        """Under way."""
        return list(self._under_way)

    def watch(self, readable: Any, empty: Callable[[], None]) -> None:
        """Nobody rings here."""

    def want(self, waiting: int, most: int) -> bool:
        """Connect, or fail to."""
        if self.idle or self._connections + self.dialling >= most or waiting <= self._connections + self.dialling:
            return False
        self.dialling += 1
        error = "refused" if self._world.mood == "down" else ""
        self._later(ROUND_TRIP / 2, Outcome(None, error=error))
        return True

    def start(self, cargo: Parcel, encoding: str, body: bytes) -> None:
        """Send."""
        assert self.idle > 0
        self._under_way.append(cargo)
        if self._world.mood == "down":
            self._later(ROUND_TRIP, Outcome(cargo, error="reset", stale=self._world.chance.random() < 0.5))
        else:
            seconds, answer, error = self._world.answer(cargo)
            self._later(seconds, Outcome(cargo, answer, error))

    def poll(self, timeout: float | None, *, gather: float = 0.0) -> list[Outcome[Parcel]]:
        """Let time pass until something happens."""
        assert timeout is not None
        assert timeout >= 0
        self.gathered.append((len(self._under_way), gather > 0))
        upcoming = self._events[0][0] if self._events else self._world.now + timeout
        self._world.now = max(self._world.now, min(upcoming, self._world.now + timeout))
        outcomes = []
        while self._events and self._events[0][0] <= self._world.now:
            outcome = heapq.heappop(self._events)[2]
            outcomes.append(outcome)
            if outcome.cargo is None:
                self.dialling -= 1
                self._connections += not outcome.error
            else:
                self._under_way.remove(outcome.cargo)
                self._connections -= outcome.answer is None
        return outcomes

    def close(self) -> None:
        """Drop everything."""
        self._events.clear()
        self._under_way.clear()
        self._connections = self.dialling = 0

    def _later(self, seconds: float, outcome: Outcome[Parcel]) -> None:
        self._number += 1
        heapq.heappush(self._events, (self._world.now + seconds, self._number, outcome))


class Process:
    """One process that delivers: a real desk over the invented carrier."""

    def __init__(self, world: World, spool_dir: Path | None, **tuning: Any) -> None:
        self.world = world
        self.ledger = Ledger()
        self.carrier = VirtualCarrier(world)
        self.tuning = Tuning(
            in_flight=CAPACITY, in_flight_of_backlog=2 * CAPACITY, encoding="", spool_patrol_seconds=5.0, **tuning
        )
        self.generation = 0
        self.compressor = Compressor("")
        self.desk = Desk(
            self.tuning,
            self.carrier,
            self.ledger,
            self.compressor,
            open_spool=(lambda: self._spool(spool_dir)) if spool_dir is not None else None,
            clock=world.clock,
            date=world.date,
            chance=world.chance.random,
        )

    def _spool(self, folder: Path) -> Spool:
        return Spool(
            folder,
            max_bytes=self.tuning.spool_max_bytes,
            max_age_seconds=self.tuning.max_age_seconds,
            clock=self.world.clock,
            date=self.world.date,
        )

    def send(self, envelope: OutgoingEnvelope) -> None:
        """Hand something over."""
        parcel = parcel_of_outgoing(envelope, self.compressor, self.world.date())
        parcel.accepted_at = self.world.now
        self.ledger.accept(parcel.counts)
        self.desk.take_in(parcel, self.generation)

    def run(self, seconds: float, *, hurry: bool = False) -> None:
        """Let the delivery thread work for a while."""
        end = self.world.now + seconds
        turns = 0
        while self.world.now < end:
            self._turn(end, hurry=hurry)
            turns += 1
            assert turns < TURNS_PER_SECOND * (seconds + 1), "the delivery thread spins"

    def flush(self, timeout: float) -> bool:
        """Flush as the courier does; whether everything is safe."""
        waited_for, self.generation = self.generation, self.generation + 1
        self.desk.hurry()
        end, save_at = self.world.now + timeout, self.world.now + min(0.25, timeout / 2)
        while self.world.now < end and not self.desk.safe(waited_for):
            if self.world.now >= save_at:
                self.desk.save(save_at)
                if self.desk.safe(waited_for):
                    break
            if self.desk.stuck_until(end):
                break
            self._turn(min(end, save_at) if self.world.now < save_at else end, hurry=True)
        return self.desk.safe(waited_for)

    def _turn(self, end: float, *, hurry: bool) -> None:
        self.desk.save(None)
        self.desk.report(self.generation, urgent=False)
        self.desk.turn(max(0.0, end - self.world.now), hurry=hurry)

    def pending(self) -> dict[Category, int]:
        """What really waits: in memory, under way, on disk."""
        found: Counter[Category] = Counter()
        for parcel in [*self.desk._room.everything(), *self.carrier.cargos]:
            for category, number in parcel.counts:
                found[category] += number
        spool = self.desk._safekeeping._spool
        for segment in spool._segments() if spool is not None else ():
            for category, number in segment._counts.items():
                found[category] += number
            for parcel in segment._in_memory.values():
                for category, number in parcel.counts:
                    found[category] -= number
        return {category: number for category, number in found.items() if number}

    def check(self) -> None:
        """The books balance, and say what really waits."""
        books = self.ledger.snapshot()
        assert all(balance.balanced for balance in books.values()), books
        assert {category: one.pending for category, one in books.items() if one.pending} == self.pending()

    def die(self) -> None:
        """SIGKILL."""
        self.desk.abandon()
