"""Who may wait for the delivery thread: bounded, each thing taken once, and the precious last to go."""

from __future__ import annotations

from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from otel_sentry.delivery.inbox import Inbox, Waiting

PUTS = st.lists(st.tuples(st.booleans(), st.integers(0, 40)), max_size=60)


def waiting(number: int, weight: int = 10, *, precious: bool = False, generation: int = 0) -> Waiting:
    item: Any = number
    return Waiting(item, weight, generation, precious)


def taken(inbox: Inbox) -> list[Any]:
    """Everything, in order."""
    return [one.item for one in iter(inbox.take, None)]


@given(PUTS)
def test_each_is_taken_refused_or_gives_way_once(puts: list[tuple[bool, int]]) -> None:
    """Nothing precious gives way, and what is taken comes in order."""
    inbox = Inbox(100)
    refused, left = [], []
    for number, (precious, weight) in enumerate(puts):
        leaving = inbox.put(waiting(number, weight, precious=precious))
        if leaving is None:
            refused.append(number)
        else:
            assert not any(one.precious for one in leaving)
            left += [one.item for one in leaving]
    rest = taken(inbox)

    assert sorted([*refused, *left, *rest]) == list(range(len(puts)))
    assert rest == sorted(rest)
    assert len(inbox) == 0


@given(PUTS)
@example([(False, 0), (True, 6), (True, 40), (True, 40), (True, 40), (True, 40)])
def test_the_bound_holds(puts: list[tuple[bool, int]]) -> None:
    """But for the one that crosses it: 1 for ordinary ones, a quarter more for the precious."""
    inbox = Inbox(100)
    bytes_there = 0
    for number, (precious, weight) in enumerate(puts):
        leaving = inbox.put(waiting(number, weight, precious=precious))
        if leaving is not None:
            bytes_there += weight - sum(one.weight for one in leaving)
        assert bytes_there <= 125 + 40


def test_the_oldest_ordinary_ones_give_way_until_there_is_room_to_spare() -> None:
    """So that the next does not have to look for room again."""
    inbox = Inbox(100)
    for number in range(11):
        assert inbox.put(waiting(number)) == ()
    assert inbox.put(waiting(11)) is None
    for number in range(12, 14):
        assert inbox.put(waiting(number, precious=True)) == ()

    leaving = inbox.put(waiting(14, precious=True))

    assert leaving is not None
    assert [one.item for one in leaving] == [0, 1, 2]
    assert taken(inbox) == [3, 4, 5, 6, 7, 8, 9, 10, 12, 13, 14]


def test_generations() -> None:
    """A flush waits for what came before it, and for nothing else."""
    inbox = Inbox(100)
    inbox.put(waiting(1, generation=3))

    assert inbox.is_past(2)
    assert not inbox.is_past(3)
    inbox.take()
    assert inbox.is_past(3)
