"""The spool of one destination, shared by processes that live and die."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

import pytest

from otel_sentry.delivery.spooling.home import folder_for
from otel_sentry.delivery.spooling.spool import Spool
from otel_sentry.protocol.item_kinds import Category, LossReason
from tests.delivery.parcels import DATE, parcel

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from otel_sentry.delivery.parcel import Parcel


class Time:
    """Both clocks, turned by the test."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.today = DATE

    def pass_by(self, seconds: float) -> None:
        """Let time pass."""
        self.now += seconds
        self.today += seconds


@pytest.fixture
def time() -> Time:
    """A clock that stands still."""
    return Time()


@pytest.fixture
def spool(tmp_path: Path, time: Time) -> Iterator[Callable[..., Spool]]:
    """`spool(max_bytes=…, max_age_seconds=…)`: one more process; all share a folder."""
    made: list[Spool] = []

    def make(max_bytes: int = 100_000_000, max_age_seconds: float = 86_400.0) -> Spool:
        made.append(
            Spool(
                tmp_path / "spool",
                max_bytes=max_bytes,
                max_age_seconds=max_age_seconds,
                clock=lambda: time.now,
                date=lambda: time.today,
            )
        )
        return made[-1]

    yield make
    for one in made:
        one.abandon()


def anything(_: Category) -> bool:
    """No limit."""
    return True


def put(spool: Spool, parcels: list[Parcel]) -> list[object]:
    """Store parcels that leave memory; what had to go for them."""
    lost = spool.store(parcels)
    for one in parcels:
        if one.place is not None:
            spool.release(one)
    return list(lost)


def take_all(spool: Spool) -> list[bytes]:
    """Load and deliver everything."""
    taken = []
    while True:
        loaded, lost = spool.load(anything, 10)
        assert not lost
        if not loaded:
            return taken
        for one in loaded:
            taken.append(one.body)
            spool.done(one)


def adopt_all(spool: Spool) -> list[object]:
    """Patrol, and read what was adopted."""
    spool.patrol()
    counts: list[object] = []
    while spool.unread:
        counts += spool.adopt_one()
    return counts


def test_what_goes_in_comes_out_in_order(spool: Callable[..., Spool], tmp_path: Path) -> None:
    """First in, first out; when all is delivered, no file is left."""
    one = spool()
    for start in range(0, 60, 20):
        put(one, [parcel(number) for number in range(start, start + 20)])

    assert one.backlog(anything).number == 60
    assert take_all(one) == [parcel(number).body for number in range(60)]
    assert one.backlog(anything).number == 0
    assert not list(tmp_path.rglob("*.parcels"))


def test_a_dead_process_is_inherited_once(spool: Callable[..., Spool], tmp_path: Path) -> None:
    """One living process adopts what a dead one left; nobody sends it twice."""
    dead = spool()
    put(dead, [parcel(number, spans=2) for number in range(30)])
    delivered, _ = dead.load(anything, 5)
    for one in delivered:
        dead.done(one)
    dead.abandon()
    heirs = [spool(), spool()]
    adopted = [adopt_all(heir) for heir in heirs]

    assert [len(counts) for counts in adopted] == [25, 0]
    assert adopted[0][0] == ((Category.SPAN, 2),)
    assert take_all(heirs[0]) == [parcel(number, spans=2).body for number in range(5, 30)]
    assert take_all(heirs[1]) == []
    assert len(list(tmp_path.glob("spool/[!.]*"))) == 2  # the folders of the living


def test_what_is_older_goes_first(spool: Callable[..., Spool], time: Time) -> None:
    """What a dead process left is sent before what is newer."""
    dead = spool()
    put(dead, [parcel(1)])
    dead.abandon()
    time.pass_by(10)
    heir = spool()
    put(heir, [parcel(2)])
    adopt_all(heir)

    assert take_all(heir) == [parcel(1).body, parcel(2).body]


def test_a_living_process_is_left_alone(spool: Callable[..., Spool]) -> None:
    """Nobody takes what another process still looks after."""
    owner, other = spool(), spool()
    put(owner, [parcel(1)])

    assert adopt_all(other) == []
    assert take_all(owner) == [parcel(1).body]


def test_the_oldest_makes_room(spool: Callable[..., Spool]) -> None:
    """Beyond the bytes the oldest files go, and what was in them is told."""
    one = spool(max_bytes=3_500_000)
    lost = []
    for number in range(40):
        lost += put(one, [parcel(number, spans=1000)])
    left = take_all(one)

    assert len(lost) > 5
    assert all(counts[0][0] is Category.SPAN for counts in lost)  # type: ignore[index]
    assert sum(counts[0][1] for counts in lost) + 1000 * len(left) == 40_000  # type: ignore[index]
    assert left == [parcel(number, spans=1000).body for number in range(40 - len(left), 40)]


def test_the_cap_holds_for_all_processes(spool: Callable[..., Spool], tmp_path: Path) -> None:
    """Processes that share a folder share the bytes; after a patrol of each the sum is within the cap."""
    cap = 8_000_000
    several = [spool(cap) for _ in range(4)]
    for number in range(30):
        for one in several:
            put(one, [parcel(number, spans=1000)])
    for one in several:
        one.patrol()
    total = sum(path.stat().st_size for path in tmp_path.rglob("*.parcels"))

    assert cap / 4 < total <= cap
    assert all(one.backlog(anything).number for one in several)


def test_a_lonely_process_may_use_everything(spool: Callable[..., Spool], tmp_path: Path) -> None:
    """What nobody else uses is free to take."""
    cap = 8_000_000
    one, idle = spool(cap), spool(cap)
    for number in range(30):
        put(one, [parcel(number, spans=1000)])
        one.patrol()
    total = sum(path.stat().st_size for path in tmp_path.rglob("*.parcels"))

    assert cap * 0.7 < total <= cap
    idle.patrol()


def test_what_is_too_old_goes(spool: Callable[..., Spool], time: Time) -> None:
    """Beyond the age cap a file goes and is told."""
    one = spool(max_age_seconds=3600)
    put(one, [parcel(1, spans=3)])
    time.pass_by(1800)
    assert one.patrol().lost == []
    put(one, [parcel(2, spans=4)])
    time.pass_by(1900)

    assert one.patrol().lost == [((Category.SPAN, 3),)]
    assert take_all(one) == [parcel(2, spans=4).body]


@pytest.mark.parametrize("jump", [-1e6, 1e9], ids=["back", "ahead"])
def test_a_clock_that_jumps_costs_nothing(spool: Callable[..., Spool], time: Time, jump: float) -> None:
    """A date that is suddenly wrong (or right) makes nothing too old, alive or inherited."""
    one = spool(max_age_seconds=3600)
    put(one, [parcel(1)])
    time.today += jump
    assert one.patrol().lost == []
    one.abandon()
    heir = spool(max_age_seconds=3600)
    adopt_all(heir)
    assert heir.patrol().lost == []

    assert take_all(heir) == [parcel(1).body]


def test_knows_how_fast_a_backlog_came(spool: Callable[..., Spool], time: Time) -> None:
    """Files of one process came one after another, those of several beside each other; jumps do not count."""
    dead = [spool(), spool()]
    for one in dead:
        for number in range(101):
            put(one, [parcel(number)])
            time.pass_by(1)
    time.today += 1e6
    for one in dead:
        put(one, [parcel(200)])
        one.abandon()
    heir = spool()
    adopt_all(heir)
    whole = heir.backlog(anything)

    assert whole.number == 204
    assert 0.25 < whole.per_second < 2.1


def test_an_inheritance_that_nobody_can_deliver_gets_old(spool: Callable[..., Spool], time: Time) -> None:
    """What a dead process left does not stay for ever."""
    dead = spool(max_age_seconds=3600)
    put(dead, [parcel(1, spans=2)])
    dead.abandon()
    time.today += 1e9
    heir = spool(max_age_seconds=3600)
    adopt_all(heir)
    time.pass_by(601)

    assert heir.patrol().lost == [((Category.SPAN, 2),)]


def test_a_damaged_file_is_set_aside(
    spool: Callable[..., Spool], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """What can be read of it is delivered; the file itself is kept for a human."""
    dead = spool()
    put(dead, [parcel(number) for number in range(3)])
    dead.abandon()
    (path,) = tmp_path.rglob("*.parcels")
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 0xFF
    path.write_bytes(data)
    heir = spool()
    adopt_all(heir)

    assert take_all(heir) == [parcel(0).body, parcel(2).body]
    assert next((tmp_path / "spool" / ".damaged").iterdir()).stat().st_size == len(data)
    assert "damaged" in caplog.text


def test_foreign_files_do_no_harm(spool: Callable[..., Spool], tmp_path: Path) -> None:
    """Empty folders, folders without a lock and files of others are no reason to fail."""
    one = spool()
    (tmp_path / "spool" / "empty").mkdir()
    (tmp_path / "spool" / "stray.txt").write_text("hello")
    (tmp_path / "spool" / "half").mkdir()
    (tmp_path / "spool" / "half" / "1.parcels").write_bytes(b"")

    assert adopt_all(one) == []
    assert not (tmp_path / "spool" / "empty").exists()


def test_a_folder_that_vanishes_is_told_and_counted(
    spool: Callable[..., Spool], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """What was only there is lost, and said to be."""
    one = spool()
    put(one, [parcel(1, spans=3)])
    shutil.rmtree(tmp_path / "spool")

    assert one.load(anything, 10) == ([], [((Category.SPAN, 3),)])
    assert one.backlog(anything).number == 0
    assert "lost" in caplog.text


def test_losses_of_the_dead_are_found(spool: Callable[..., Spool]) -> None:
    """What a dead process lost and could not report is told by the next."""
    dead = spool()
    dead.keep_losses({(Category.SPAN, LossReason.QUEUE_OVERFLOW): 5})
    dead.abandon()

    assert spool().patrol().losses == [{(Category.SPAN, LossReason.QUEUE_OVERFLOW): 5}]


def test_destinations_do_not_mix(tmp_path: Path) -> None:
    """Each DSN has a folder of its own, whose name tells nothing of its key."""
    one, other = (folder_for(os.fspath(tmp_path), f"https://sentry.example/1 {key}") for key in ("abc", "def"))

    assert one != other
    assert "abc" not in one.name


def test_an_empty_spool_leaves_nothing_behind(spool: Callable[..., Spool], tmp_path: Path) -> None:
    """A process that leaves with nothing pending takes its folder along."""
    one = spool()
    put(one, [parcel(1)])
    take_all(one)
    one.close()

    assert list((tmp_path / "spool").iterdir()) == []
