"""Where too many spans wait, ordinary ones give way to local roots and failed ones, and each leaves exactly once."""

from __future__ import annotations

import threading
from collections import deque
from itertools import islice
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.attributes import BoundedAttributes
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import Event, ReadableSpan
from opentelemetry.sdk.util import BoundedList
from opentelemetry.trace import Link, SpanContext, Status, StatusCode, TraceFlags

from otel_sentry.convert.pressed_span import unpressed
from otel_sentry.otel import waiting_spans
from otel_sentry.otel.segments import Segment
from otel_sentry.otel.span_weight import SPAN_BYTES, span_weight
from otel_sentry.otel.waiting_spans import WaitingSpans

if TYPE_CHECKING:
    from collections.abc import Mapping

ROOT = 1
NONE = Resource.get_empty()
"""Without it each span detects its process anew."""


def span(
    number: int, *, status: StatusCode = StatusCode.UNSET, simple: bool = False, **attributes: Any
) -> ReadableSpan:
    """A span that is kept itself, or (simple) one of which is kept what it says."""
    return ReadableSpan(
        "s",
        context(number),
        parent=context(ROOT) if simple else None,
        resource=NONE,
        attributes=BoundedAttributes(attributes=attributes) if simple else attributes,
        events=BoundedList(None),
        links=BoundedList(None),
        status=Status(status),
    )


def context(number: int) -> SpanContext:
    return SpanContext(1, number, is_remote=False, trace_flags=TraceFlags(1))


def segment() -> Segment:
    return Segment(span(ROOT), incoming=None, verdict=None, freeze_dsc=lambda _: {})  # type: ignore[arg-type] # never read


class Room:
    """Waiting spans, and how many gave way; `simple` makes every other span such a one."""

    def __init__(self, *, max_spans: int = 10, max_bytes: int = 1 << 30, simple: bool = False) -> None:
        self.displaced = 0
        self.simple = simple
        self.waiting = WaitingSpans(max_spans=max_spans, max_bytes=max_bytes, displaced=self._count)
        self.segment = segment()

    def _count(self, count: int) -> None:
        self.displaced += count

    def add(self, number: int, *, failed: bool = False, **attributes: Any) -> bool:
        status = StatusCode.ERROR if failed else StatusCode.UNSET
        one = span(number, status=status, simple=self.simple and number % 2 == 1, **attributes)
        return self.waiting.add(one, self.segment)

    def taken(self, most: int = 1000) -> list[int]:
        return [unpressed(span).context.span_id for span, _ in islice(self.waiting.take(), most)]


STEPS = st.lists(st.one_of(st.booleans(), st.integers(1, 4), st.just(1000)), max_size=60)
"""Add a failed span or an ordinary one, or take so many."""


@given(STEPS, st.integers(1, 12), st.booleans())
def test_a_precious_span_is_refused_only_where_all_others_are_precious(
    steps: list[Any], most: int, simple: bool
) -> None:
    """Each span is taken once, refused, or (an ordinary one) displaced; there are never more than may wait."""
    room = Room(max_spans=most, simple=simple)
    precious: set[int] = set()
    taken: list[int] = []
    refused: set[int] = set()
    for number, step in enumerate(steps, 2):
        if isinstance(step, bool):
            waiting = set(range(2, number)) - set(taken) - refused
            precious |= {number} if step else set()
            if not room.add(number, failed=step):
                refused.add(number)
                assert len(room.waiting.items) == most
                assert not step or len(waiting & precious) == most
        else:
            taken += room.taken(step)
        assert len(room.waiting.items) <= most
    taken += room.taken()

    assert len(taken) == len(set(taken))
    assert precious <= set(taken) | refused
    assert len(taken) + len(refused) + room.displaced == sum(isinstance(step, bool) for step in steps)
    assert room.waiting._added == room.waiting._taken


def test_the_newest_ordinary_spans_give_way() -> None:
    """What has waited longest stays, precious spans that lie behind it too, and the root of a segment is precious."""
    room = Room(max_spans=5)
    for number in (2, 3):
        room.add(number)
    room.add(4, failed=True)
    for number in (5, 6):
        room.add(number)

    assert [room.add(7), room.add(8, failed=True), room.add(9, failed=True), room.add(ROOT)] == [
        False,
        True,
        True,
        True,
    ]
    assert room.displaced == 3
    assert sorted(room.taken()) == [ROOT, 2, 4, 8, 9]


def test_a_heavy_span_displaces_as_many_as_it_needs() -> None:
    """The bound in bytes holds as the one in spans does; what could never fit displaces nobody."""
    room = Room(max_spans=1000, max_bytes=100 * SPAN_BYTES)
    ordinary = [room.add(number) for number in range(2, 200)]

    assert sum(ordinary) == 99  # a name of one letter weighs too
    assert not room.add(200, failed=True, text="x" * 100 * SPAN_BYTES)
    assert room.displaced == 0
    assert room.add(201, failed=True, text="x" * 10 * SPAN_BYTES)
    assert 10 <= room.displaced <= 12


def test_a_span_of_which_is_kept_what_it_says_takes_less() -> None:
    """Four of them where there is room for one that is kept itself."""
    room = Room(max_spans=1000, max_bytes=10 * SPAN_BYTES, simple=True)

    assert sum(room.add(number) for number in range(3, 1003, 2)) >= 40
    assert not room.add(2)
    assert room.add(2, failed=True)
    assert room.displaced >= 4


def test_room_that_was_taken_is_room_again() -> None:
    """Bytes of spans that have left are not counted for ever."""
    room = Room(max_bytes=20 * SPAN_BYTES)

    for number in range(2, 200):
        assert room.add(number, text="x" * 10 * SPAN_BYTES)
        assert not room.add(500, text="x" * 10 * SPAN_BYTES)
        assert room.taken() == [number]


@pytest.mark.parametrize(
    ("text", "most", "expected"),
    [("", 9999, 1024 + 64), ("x" * 20_000, 9999, 759), ("x" * 10_000_000, 9999, 64), ("", 9, 9)],
)
def test_heavy_spans_are_weighed_from_fewer_on(text: str, most: int, expected: int) -> None:
    """About 16 MiB may wait unweighed, never less than 64 spans or more than may wait; the number rises slowly."""
    room = Room(max_spans=most)
    assert room.waiting.weigh_from == min(most, 1024)

    room.waiting.items.append((span(2, text=text), room.segment, 0))
    room.waiting.judge()

    assert room.waiting.weigh_from == pytest.approx(expected, rel=0.1)
    room.waiting.items.append((span(3), room.segment, 0))
    for _ in range(1000):
        room.waiting.judge()
    assert room.waiting.weigh_from == pytest.approx(min(most, 8350), rel=0.1)


def test_many_threads_and_one_that_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Under overload from all sides, failed spans that fit all arrive, and everything is accounted for."""
    monkeypatch.setattr(waiting_spans, "_MOMENT_SECONDS", 20.0)  # on a busy machine others get no turn for long
    room = Room(max_spans=1200)
    refused: list[int] = []
    taken: list[int] = []
    done = threading.Event()

    def add(start: int) -> None:
        numbers = range(start, start + 2000)
        refused.extend(number for number in numbers if not room.add(number, failed=number % 10 == 0))

    def take() -> None:
        while not done.wait(0.001):
            taken.extend(room.taken())

    producers = [threading.Thread(target=add, args=(start,)) for start in (10_000, 20_000, 30_000)]
    taker = threading.Thread(target=take)
    for thread in (*producers, taker):
        thread.start()
    for thread in producers:
        thread.join()
    done.set()
    taker.join()
    taken += room.taken(most=10_000)

    assert [number for number in refused if number % 10 == 0] == []
    assert sum(number % 10 == 0 for number in taken) == 600
    assert len(set(taken)) == len(taken) == 6000 - len(refused) - room.displaced


def test_a_thread_that_a_signal_stopped_under_the_lock_stops_nobody() -> None:
    """Others wait for a moment: what has room is added unweighed, the rest is refused, what waits is taken."""
    room = Room(max_spans=2)
    room.add(2)
    locked, done = threading.Event(), threading.Event()

    def stopped() -> None:
        with room.waiting._lock:
            locked.set()
            done.wait(30)

    thread = threading.Thread(target=stopped)
    thread.start()
    locked.wait(30)

    assert [room.add(number, failed=True) for number in (3, 4)] == [True, False]
    assert room.taken() == [2, 3]
    done.set()
    thread.join()


def test_everything_long_is_weighed() -> None:
    """Texts in attributes, lists, maps, events and links count in full."""
    text = "x" * 1000
    attributes: Mapping[str, Any] = {"text": text, "list": (text, text), "number": 1, "bytes": b"x" * 1000}
    heavy = ReadableSpan(
        name=text,
        context=context(2),
        attributes={**attributes, "map": {"text": text}},  # type: ignore[dict-item] # newer SDKs allow it
        events=[Event("exception", {"exception.stacktrace": text})],
        links=[Link(context(3), {"text": text})],
    )

    assert 8000 < span_weight(heavy) - SPAN_BYTES < 11_000
    assert span_weight(ReadableSpan(name="", context=context(2))) == SPAN_BYTES


def test_room_is_made_while_the_other_thread_takes_the_last() -> None:
    """A deque that is empty when it is asked for its newest span is no error: nothing has to give way any more."""

    class Emptied(deque[Any]):
        def pop(self) -> Any:  # type: ignore[override]
            self.clear()
            return super().pop()

    room = Room(max_spans=1)
    room.waiting.items = Emptied()

    assert room.add(1)
    assert room.add(2, failed=True)
    assert room.taken() == [2]
