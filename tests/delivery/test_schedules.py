"""A thousand random lives of a process and its heirs: Sentry's moods, clock jumps, floods, flushes, SIGKILL."""

from __future__ import annotations

import random
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from otel_sentry.delivery.rules.retry import Backoff
from tests.delivery.parcels import log_envelope, span_envelope
from tests.delivery.virtual import Process, World

if TYPE_CHECKING:
    from collections.abc import Iterator

SCHEDULES = 1000
CHUNKS = 10
MOODS = ["well", "well", "down", "500", "limits", "reset", "hangs", "moody", "moody", "too large", "odd"]
SHARED_MEMORY = Path("/dev/shm")  # noqa: S108  disks are slow, and a thousand schedules write a lot


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder on a fast disk."""
    path = Path(tempfile.mkdtemp(dir=SHARED_MEMORY if SHARED_MEMORY.is_dir() else None))
    yield path
    shutil.rmtree(path)


class Life:
    """One schedule: a process, and whoever inherits from it."""

    def __init__(self, seed: int, folder: Path) -> None:
        self.chance = random.Random(seed)  # noqa: S311  repeatable on purpose
        self.world = World(seed)
        self.spool = folder / str(seed) if self.chance.random() < 0.7 else None
        self.process = self.born()
        self.number = 0
        self.not_yet: list[str] = []
        self.promised: set[str] = set()
        self.under_way_at_death = 0
        self.refused = False

    def born(self) -> Process:
        """A new process."""
        return Process(self.world, self.spool, backoff=Backoff(0.5, 20.0))

    def send(self, envelopes: int) -> None:
        """Hand over spans and logs."""
        for _ in range(envelopes):
            size = self.chance.randint(1, 5)
            if self.chance.random() < 0.3:
                self.process.send(log_envelope(self.number, size))
                self.not_yet += [f"{self.number}.{one}" for one in range(size)]
            else:
                self.process.send(span_envelope(self.number, size))
                self.not_yet += [f"{(self.number + 1) * 1000 + one:016x}" for one in range(size)]
            self.number += 1

    def mood(self) -> None:
        """Sentry changes its mind."""
        self.world.mood = self.chance.choice(MOODS)
        self.refused = self.refused or self.world.mood in ("odd", "moody", "too large")

    def flush(self) -> None:
        """Flush; what was handed over before is promised if it says so."""
        if self.process.flush(self.chance.choice([0.1, 1, 5])):
            self.promised.update(self.not_yet)
            self.not_yet.clear()

    def die(self) -> None:
        """SIGKILL, and a new process."""
        if self.spool is not None:
            self.under_way_at_death += len(self.process.carrier.cargos)
            self.process.die()
            self.not_yet.clear()
            self.process = self.born()

    def jump(self) -> None:
        """The clock is set."""
        self.world.drift += self.chance.choice([-1e6, -10, 10, 1e6])

    def step(self) -> None:
        """Something happens."""
        steps = [
            lambda: self.send(self.chance.randint(1, 5)),
            lambda: self.send(60),
            lambda: self.process.run(self.chance.choice([0.01, 0.1, 1, 10, 100])),
            self.mood,
            self.flush,
            self.jump,
            self.die,
        ]
        self.chance.choices(steps, weights=[3, 1, 2, 1, 1, 1, 1])[0]()
        self.process.check()


def live(seed: int, folder: Path) -> int:
    """One schedule, from birth to the day everything is settled; how much has arrived."""
    life = Life(seed, folder)
    for _ in range(life.chance.randint(5, 40)):
        life.step()
    life.world.mood = "well"
    life.send(1)
    for _ in range(40):
        life.process.run(500)
        life.process.check()
        if not life.process.pending():
            break

    assert life.process.pending() == {}
    if not life.refused:  # nothing was ever refused for good, so everything that was promised is there
        assert life.promised <= set(life.world.arrived)
    # Doubled only where an answer was lost, or where death came between sending and marking.
    doubled = [one for one, count in life.world.arrived.items() if count > 1]
    assert len(doubled) <= 5 * (life.world.lost_answers + life.under_way_at_death)
    life.process.die()
    return len(life.world.arrived)


@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_nothing_that_was_promised_is_lost(chunk: int, folder: Path) -> None:
    """In every schedule the books balance after every step, and what was handed over arrives."""
    arrived = [live(seed, folder) for seed in range(chunk, SCHEDULES, CHUNKS)]

    assert min(arrived) > 0


def test_an_hour_without_sentry(folder: Path) -> None:
    """With a spool, a whole hour's traffic arrives afterwards, each envelope once, paced."""
    world = World(1)
    process = Process(world, folder / "spool")
    world.mood = "down"
    for second in range(3600):
        process.send(span_envelope(second))
        process.run(1)
    process.check()
    requests = world.requests
    world.mood = "well"
    recovered = world.now
    while process.pending():
        process.run(10)
        assert world.now - recovered < 6000
    process.check()

    assert requests == 0
    assert len(world.arrived) == 3600
    assert set(world.arrived.values()) == {1}
    assert world.now - recovered > 3600
    process.die()


def test_memory_stays_flat_in_an_outage(folder: Path) -> None:
    """With a spool, what waits is on disk; memory holds a handful."""
    world = World(1)
    process = Process(world, folder / "spool")
    world.mood = "down"
    most = 0
    for number in range(2000):
        process.send(span_envelope(number))
        process.run(0.05)
        most = max(most, process.desk._room.parcels)

    assert most < 50
    process.die()
