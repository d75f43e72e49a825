"""One file of the spool."""

from __future__ import annotations

import stat
from typing import TYPE_CHECKING

import pytest

from otel_sentry.delivery.spooling.segment import Segment
from otel_sentry.protocol.item_kinds import Category
from tests.delivery.parcels import DATE, categorised, parcel

if TYPE_CHECKING:
    from pathlib import Path


def anything(_: Category) -> bool:
    """No limit."""
    return True


def bodies(segment: Segment, most: int = 100) -> list[bytes]:
    """What loading brings back."""
    return [record.parcel.body for record in segment.load(anything, most)]


@pytest.fixture
def segment(tmp_path: Path) -> Segment:
    """A segment that is not on disk yet."""
    return Segment(tmp_path / "1.parcels")


def test_only_its_owner_may_read_it(segment: Segment) -> None:
    """Files have mode 0600."""
    segment.append([parcel()], DATE)

    assert stat.S_IMODE(segment.path.stat().st_mode) == 0o600


def test_parcels_leave_memory_and_come_back_in_order(segment: Segment) -> None:
    """What was released is loaded, some at a time, each once."""
    parcels = [parcel(number) for number in range(5)]
    segment.append(parcels[:3], DATE)
    segment.append(parcels[3:], DATE + 1)
    for one in parcels:
        segment.release(one.place[1])

    assert bodies(segment, 2) + bodies(segment, 2) + bodies(segment, 2) + bodies(segment) == [
        one.body for one in parcels
    ]
    assert (segment.first_date, segment.last_date) == (DATE, DATE + 1)


def test_parcels_that_are_in_memory_are_not_loaded_again(segment: Segment) -> None:
    """A parcel that is under way is not brought back a second time."""
    segment.append([parcel(1), parcel(2)], DATE)

    assert bodies(segment) == []


def test_a_parcel_that_was_delivered_is_marked(segment: Segment) -> None:
    """Done parcels are done for the next process too."""
    parcels = [parcel(1), parcel(2)]
    segment.append(parcels, DATE)
    segment.done(parcels[0].place[1])
    segment.close()
    again = Segment(segment.path)

    assert [one.body for one in again.open_existing()] == [parcels[1].body]
    assert again.waiting == 1
    assert bodies(again) == [parcels[1].body]


def test_limited_categories_stay_on_disk(segment: Segment) -> None:
    """What may not be sent now is passed over and comes later."""
    segment.append([categorised(Category.SPAN, 1), categorised(Category.ERROR, 2), categorised(Category.SPAN, 3)], DATE)
    for _, offset in [one.place for one in list(segment._in_memory.values())]:
        segment.release(offset)
    errors = segment.load(lambda category: category is Category.ERROR, 10)

    assert segment.backlog(lambda category: category is Category.ERROR)[0] == 0
    assert [record.parcel.body for record in errors] == [b"2"]
    assert bodies(segment) == [b"1", b"3"]


def test_removing_tells_what_is_lost(segment: Segment) -> None:
    """Only what is nowhere else is lost with the file; parcels in memory go on without it."""
    parcels = [parcel(1, spans=3), parcel(2, spans=5)]
    segment.append(parcels, DATE)
    segment.release(parcels[0].place[1])

    assert segment.remove() == ((Category.SPAN, 3),)
    assert parcels[1].place is None
    assert not segment.path.exists()


def test_a_failed_write_leaves_the_file_as_it_was(segment: Segment) -> None:
    """When the disk is full, nothing of the new parcels stays behind, and they know no place."""
    import resource  # noqa: PLC0415  POSIX only
    import signal  # noqa: PLC0415

    one, large = parcel(1), parcel(2, spans=200)
    segment.append([one], DATE)
    size = segment.path.stat().st_size
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    previous = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size + 1000, limits[1]))
    try:
        with pytest.raises(OSError, match="File too large"):
            segment.append([large], DATE)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, previous)

    assert (segment.path.stat().st_size, large.place, segment.waiting) == (size, None, 1)
    segment.append([large], DATE)
    segment.close()
    assert len(Segment(segment.path).open_existing()) == 2


def test_a_file_that_vanished_is_told(segment: Segment) -> None:
    """Loading from a file that somebody deleted raises, so that the loss is counted."""
    one = parcel()
    segment.append([one], DATE)
    segment.release(one.place[1])
    segment.path.unlink()

    with pytest.raises(FileNotFoundError):
        segment.load(anything, 1)
