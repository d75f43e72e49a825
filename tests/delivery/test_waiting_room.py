"""Who waits, who goes first and who must leave."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from otel_sentry.delivery.rules.pacing import Backlog
from otel_sentry.delivery.waiting_room import WaitingRoom
from otel_sentry.protocol.item_kinds import Category
from tests.delivery.parcels import categorised, parcel

SPAN, ERROR, LOG = Category.SPAN, Category.ERROR, Category.LOG_ITEM


def anything(_: Category) -> bool:
    """No limit."""
    return True


def room(max_bytes: int = 1_000_000) -> WaitingRoom:
    """An empty room."""
    return WaitingRoom(max_bytes)


def take_all(one: WaitingRoom, *, late: bool = False) -> list[tuple[Category, bytes]]:
    """Everything that may go, in order."""
    taken = []
    while (parcel := one.take(anything, late=late)) is not None:
        taken.append((parcel.category, parcel.body))
    return taken


def test_the_important_goes_first() -> None:
    """Errors before logs before spans; within a category first come, first go."""
    one = room()
    for number, category in enumerate([SPAN, ERROR, LOG, SPAN, ERROR]):
        one.put(categorised(category, number), late=False)

    assert take_all(one) == [(ERROR, b"1"), (ERROR, b"4"), (LOG, b"2"), (SPAN, b"0"), (SPAN, b"3")]
    assert (one.parcels, one.bytes) == (0, 0)


def test_limited_categories_are_passed_over() -> None:
    """What may not go now does not stop the others."""
    one = room()
    one.put(categorised(ERROR, 1), late=False)
    one.put(categorised(SPAN, 2), late=False)
    parcel = one.take(lambda category: category is SPAN, late=False)

    assert parcel is not None
    assert parcel.category is SPAN
    assert one.take(lambda category: category is SPAN, late=False) is None


def test_the_least_important_and_oldest_leaves() -> None:
    """When it is full: spans before errors, ordinary spans before precious ones, the oldest first."""
    one = room(max_bytes=4 * categorised(SPAN, 0).weight)
    precious = categorised(SPAN, 0)
    precious.precious = True
    for each in (precious, categorised(ERROR, 1), categorised(SPAN, 2), categorised(SPAN, 3), categorised(SPAN, 4)):
        one.put(each, late=False)
    gone = [each.body for each in one.overflow()]
    one.put(categorised(ERROR, 5), late=False)
    one.put(categorised(ERROR, 6), late=False)
    one.put(categorised(ERROR, 7), late=False)
    gone += [each.body for each in one.overflow()]

    assert gone == [b"2", b"3", b"4", b"0"]
    assert one.bytes <= 4 * categorised(SPAN, 0).weight


def test_late_ones_leave_before_fresh_ones() -> None:
    """Within a category, what is late is older."""
    one = room(max_bytes=categorised(SPAN, 0).weight)
    one.put(categorised(SPAN, 1), late=False)
    one.put(categorised(SPAN, 2), late=True)

    assert [each.body for each in one.overflow()] == [b"2"]


def test_blocked_categories_become_late() -> None:
    """When an outage or a limit begins, what waits is a backlog."""
    one = room()
    one.put(categorised(SPAN, 1, accepted_at=5), late=False)
    one.put(categorised(ERROR, 2), late=False)
    one.delay(lambda category: category is SPAN)

    assert take_all(one) == [(ERROR, b"2")]
    assert one.backlog(anything).number == 1
    assert take_all(one, late=True) == [(SPAN, b"1")]


def test_resting_parcels_come_back_in_their_time() -> None:
    """A parcel that failed waits until its moment, then is first in line."""
    one = room()
    one.put(categorised(SPAN, 1), late=False)
    one.rest(categorised(SPAN, 2), until=10)
    one.rest(categorised(SPAN, 3), until=5)
    assert (one.next_rested, one.parcels) == (5, 3)
    one.wake_rested(7, late=False)

    assert take_all(one) == [(SPAN, b"3"), (SPAN, b"1")]
    assert one.next_rested == 10


def test_what_is_too_old_is_found() -> None:
    """Late parcels that were accepted too long ago are taken out; fresh ones go by themselves."""
    one = room()
    for number in range(4):
        one.put(categorised(SPAN, number, accepted_at=number), late=True)
    one.put(categorised(SPAN, 9, accepted_at=0), late=False)

    assert [each.body for each in one.expired(2)] == [b"0", b"1"]
    assert one.parcels == 3


def test_a_backlog_tells_its_span() -> None:
    """How many late parcels may go, and how fast they came."""
    one = room()
    for moment in (3.0, 5.0, 9.0):
        one.put(categorised(SPAN, accepted_at=moment), late=True)
    one.put(categorised(ERROR, accepted_at=1), late=True)

    assert one.backlog(anything) == Backlog.grown(4, 8)
    assert one.backlog(lambda category: category is SPAN) == Backlog.grown(3, 6)
    assert room().backlog(anything) == Backlog()


@given(st.lists(st.tuples(st.sampled_from(["put", "late", "rest", "take", "overflow", "remove"]), st.integers(0, 9))))
def test_nobody_gets_lost(steps: list[tuple[str, int]]) -> None:
    """Everything that went in waits, was taken, or had to leave; bytes and numbers are always right."""
    one = room(max_bytes=parcel().weight * 5)
    went_in, came_out = 0, 0
    for step, number in steps:
        category = list(Category)[number]
        if step in ("put", "late"):
            one.put(categorised(category, number), late=step == "late")
            went_in += 1
        elif step == "rest":
            one.rest(categorised(category, number), until=number)
            went_in += 1
        elif step == "take":
            one.wake_rested(number, late=False)
            came_out += one.take(anything, late=bool(number % 2)) is not None
        elif step == "overflow":
            came_out += len(list(one.overflow()))
        else:
            came_out += len(one.remove(lambda each, body=b"%d" % number: each.body == body))  # type: ignore[misc]

        assert one.parcels == went_in - came_out == len(one.everything())
        assert one.bytes == sum(each.weight for each in one.everything())
