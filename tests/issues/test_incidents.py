"""Incidents on their way: found again, bounded, and the parents' business in a forked child."""

from __future__ import annotations

import os
from datetime import datetime, timezone
from types import SimpleNamespace
from typing import Any

import pytest

from otel_sentry.issues.incident import Incident, Raise, Source, SpanLink
from otel_sentry.issues.incidents import Incidents

SEEN = datetime(2026, 11, 22, tzinfo=timezone.utc)
RAISED = Raise("ValueError", "boom", (("shop.py", 7), ("main.py", 3)))


def incident(
    number: int = 1, *, due: float = 30.0, size: int = 10, span: int = 1, parent: int | None = None
) -> Incident:
    link = SpanLink(1, span, parent)
    made = Incident(
        token=f"{number:032x}",
        source=Source.SPAN,
        link=link,
        segment=None,
        seen=SEEN,
        due=due,
        raised=RAISED,
        event_id=f"event {number}",
        size=size,
    )
    made.pass_through(link)
    return made


def test_found_again() -> None:
    """By token and by event; once, by whoever takes it first."""
    incidents, one = Incidents(), incident()
    incidents.add(one)

    assert incidents.get(one.token) is one
    assert incidents.of_event("event 1") is one
    assert incidents.take(one)
    assert not incidents.take(one)
    assert (incidents.get(one.token), len(incidents)) == (None, 0)


def test_by_segment() -> None:
    """The incidents of a local root are found through any view of it."""
    plain: Any = SimpleNamespace()
    plain.plain = plain
    bound: Any = SimpleNamespace(plain=plain)
    incidents, one, other = Incidents(), incident(1), incident(2)
    one.segment = bound
    incidents.add(one)
    incidents.add(other)

    assert incidents.of_segment(plain) == [one]
    assert incidents.of_segment(bound) == [one]


def test_bounded_in_number() -> None:
    """The oldest leave when there are too many."""
    incidents = Incidents(max_count=2)
    all_of_them = [incident(number) for number in range(4)]
    left = [incidents.add(one) for one in all_of_them]

    assert left == [[], [], [all_of_them[0]], [all_of_them[1]]]


def test_bounded_in_bytes() -> None:
    """Or when they are too large together, also because one has grown."""
    incidents = Incidents(max_bytes=100)
    incidents = Incidents(max_bytes=100)
    small, grown, large = incident(1, size=40), incident(2, size=40), incident(3, size=200)

    assert (incidents.add(small), incidents.add(grown)) == ([], [])
    assert incidents.resize(grown, 70) == [small]
    assert incidents.add(large) == [grown, large]


def test_due() -> None:
    """Those that have waited long enough leave; the next one says when."""
    incidents = Incidents()
    early, late = incident(1, due=10.0), incident(2, due=20.0)
    incidents.add(late)
    incidents.add(early)

    assert incidents.next_due() == 10.0
    assert incidents.take_due(15.0) == [early]
    assert incidents.next_due() == 20.0
    assert incidents.take_all() == [late]
    assert incidents.next_due() is None


def test_spoken_for() -> None:
    """An incident takes along what it has taken in, at any depth."""
    incidents, outer, middle, inner = Incidents(), incident(1), incident(2), incident(3)
    middle.wrapper, inner.wrapper = outer, middle
    for one in (outer, middle, inner):
        incidents.add(one)
    incidents.take(outer)

    assert inner.outermost() is outer
    assert incidents.spoken_for(outer) == [middle, inner]
    assert len(incidents) == 0


class TestToldBy:
    """Text and the exception it tells of."""

    def test_span_that_it_left(self) -> None:
        """The span that saw it, and its parent, may tell of it, each once."""
        incidents, one = Incidents(), incident(span=5, parent=4)
        incidents.add(one)

        assert incidents.told_by(RAISED, SpanLink(1, 5, 4), 5) is one
        assert incidents.told_by(RAISED, SpanLink(1, 5, 4), 5) is None
        assert incidents.told_by(RAISED, SpanLink(1, 4, 3), 4) is one
        assert incidents.told_by(RAISED, SpanLink(1, 3, None), 3) is one

    def test_other_span(self) -> None:
        """A span that it did not come through tells of another one."""
        incidents = Incidents()
        incidents.add(incident(span=5, parent=4))

        assert incidents.told_by(RAISED, SpanLink(1, 6, 4), 6) is None

    def test_after_it_was_sent(self) -> None:
        """It is recognised after it has gone, too."""
        incidents, one = Incidents(), incident(span=5)
        incidents.add(one)
        incidents.take(one)
        one.forget()

        assert incidents.told_by(RAISED, SpanLink(1, 5, None), 5) is one

    def test_remembers_the_latest(self) -> None:
        """Not for ever."""
        incidents = Incidents()
        for number in range(300):
            one = incident(number, span=number + 1)
            incidents.add(one)
            incidents.take(one)
        found = [incidents.told_by(RAISED, SpanLink(1, span, None), span) for span in (1, 300)]

        assert [one is not None for one in found] == [False, True]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (Raise("ValueError", "boom", (("shop.py", 7),)), True),
        (Raise("ValueError", "boom", ()), True),
        (Raise("ValueError", "boom\na note", (("shop.py", 7),)), True),
        (Raise("ValueError", "boomerang", (("shop.py", 7),)), False),
        (Raise("KeyError", "boom", (("shop.py", 7),)), False),
        (Raise("ValueError", "boom", (("shop.py", 8),)), False),
    ],
    ids=["fewer lines", "no lines", "with a note", "longer message", "other type", "other line"],
)
def test_tells_of(text: Raise, expected: bool) -> None:
    """Type, message and the lines that both know have to agree."""
    assert text.tells_of(RAISED) is expected


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_forked_child() -> None:
    """What waits is the parent's to send: a child begins with nothing, and with a lock that nobody holds."""
    incidents = Incidents()
    incidents.add(incident())
    with incidents._locked():
        child = os.fork()
        if child == 0:
            os._exit(0 if incidents.get(f"{1:032x}") is None and incidents.add(incident(2)) == [] else 1)
    _, status = os.waitpid(child, 0)

    assert os.waitstatus_to_exitcode(status) == 0
    assert len(incidents) == 1
