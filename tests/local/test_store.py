"""The store: bounds, grouping, listeners, threads."""

from __future__ import annotations

import concurrent.futures
from typing import TYPE_CHECKING

import pytest

from otel_sentry.local.arrivals import Kind
from otel_sentry.local.fields import Problem
from otel_sentry.local.store import MAX_PROBLEMS, Received, Refused, Store
from otel_sentry.protocol.envelope import Envelope, EnvelopeItem, serialize_envelope

if TYPE_CHECKING:
    from otel_sentry.local.store import Listener

PROBLEM = Problem(None, "event.level", "is wrong")
REFUSED = Refused(1.0, 400, "no", (PROBLEM,))


def logs(*traces: str) -> tuple[Envelope, bytes]:
    """An envelope with a log line of each trace, and its bytes."""
    payload = ",".join(f'{{"trace_id":"{trace}"}}' for trace in traces)
    items = [EnvelopeItem({"type": "log"}, f'{{"items":[{payload}]}}'.encode())]
    return Envelope({}, items), serialize_envelope({}, items)


def test_what_was_added_is_found_by_kind_and_trace() -> None:
    """In order of arrival; the trace that changed last at the end."""
    store = Store()
    store.add(*logs("b", "a"), at=1.0, project="2", public_key="k")
    store.add(*logs("b"), at=2.0)

    assert [log["trace_id"] for log in store.payloads(Kind.LOG)] == ["b", "a", "b"]
    assert [(trace, len(found)) for trace, found in store.by_trace().items()] == [("a", 1), ("b", 2)]
    assert len(store.trace("b")) == 2
    assert [(kept.number, kept.at, kept.project, kept.public_key) for kept in store.envelopes()] == [
        (1, 1.0, "2", "k"),
        (2, 2.0, "1", ""),
    ]
    assert store.envelopes()[0].raw == logs("b", "a")[1]


def test_the_oldest_leave_when_there_are_too_many() -> None:
    """Whole envelopes go; how many items went is told."""
    store = Store(max_items=3)
    for trace in ("a", "b", "c"):
        store.add(*logs(trace, trace), at=0.0)

    assert [log["trace_id"] for log in store.payloads(Kind.LOG)] == ["c", "c"]
    assert list(store.by_trace()) == ["c"]
    assert store.evicted == 4


def test_the_oldest_leave_when_they_are_too_large() -> None:
    """Bytes are those of the envelopes."""
    envelope, raw = logs("a")
    store = Store(max_bytes=2 * len(raw))
    for _ in range(5):
        store.add(envelope, raw, at=0.0)

    assert [kept.number for kept in store.envelopes()] == [4, 5]


def test_a_trace_that_leaves_in_part_keeps_its_newest() -> None:
    """The rest of it is still found."""
    store = Store(max_items=3)
    store.add(*logs("a", "b"), at=0.0)
    store.add(*logs("a", "a"), at=0.0)

    assert (len(store.trace("a")), store.trace("b")) == (2, [])


def test_it_tells_what_changed_since() -> None:
    """The latest first; clearing is a change too."""
    store = Store()
    store.add(*logs("a", "b"), at=0.0)
    before = store.changes
    store.add(*logs("a"), at=0.0)
    store.add(*logs("c"), at=0.0)
    store.refuse(REFUSED)

    assert store.changed_since(before) == ["c", "a"]
    assert store.changed_since(store.changes) == []
    assert store.changes == before + 3


def test_an_envelope_beyond_all_bounds_is_told_but_not_kept() -> None:
    """The bound holds; who listens still sees it."""
    store = Store(max_bytes=10)
    seen: list[Received | Refused] = []
    store.subscribe(seen.append)
    store.add(*logs("a"), at=0.0)

    assert (store.envelopes(), len(seen), store.evicted) == ([], 1, 1)


def test_listeners_hear_of_envelopes_and_refusals() -> None:
    """Until they unsubscribe; doing that twice is harmless."""
    store = Store()
    heard: list[Received | Refused] = []
    unsubscribe = store.subscribe(heard.append)
    received = store.add(*logs("a"), at=0.0)
    store.refuse(REFUSED)
    unsubscribe()
    unsubscribe()
    store.add(*logs("a"), at=0.0)

    assert heard == [received, REFUSED]


def test_a_listener_may_subscribe_another() -> None:
    """Listeners are called outside the lock."""
    store = Store()
    heard: list[Received | Refused] = []
    first: Listener = lambda _: store.subscribe(heard.append) and None  # noqa: E731 - a listener in a line
    store.subscribe(first)
    store.refuse(REFUSED)
    store.refuse(REFUSED)

    assert heard == [REFUSED]


def test_problems_are_kept_and_taken() -> None:
    """Those of refusals and those of envelopes that were taken; the newest thousand."""
    store = Store()
    store.refuse(REFUSED)
    store.add(*logs("a"), at=0.0, problems=(PROBLEM,) * MAX_PROBLEMS)

    assert len(store.problems()) == MAX_PROBLEMS
    assert len(store.take_problems()) == MAX_PROBLEMS
    assert store.problems() == []


def test_clearing_forgets_all_but_the_numbering() -> None:
    """Listeners stay."""
    store = Store()
    heard: list[Received | Refused] = []
    store.subscribe(heard.append)
    store.add(*logs("a"), at=0.0, problems=(PROBLEM,))
    store.clear()
    store.add(*logs("b"), at=0.0)

    assert (store.problems(), len(heard)) == ([], 2)
    assert [kept.number for kept in store.envelopes()] == [2]


@pytest.mark.parametrize("threads", [8])
def test_threads_lose_nothing(threads: int) -> None:
    """Adding and reading at the same time."""
    store = Store()
    envelope, raw = logs("a")

    def add_and_read(_: int) -> int:
        store.add(envelope, raw, at=0.0)
        return len(store.payloads(Kind.LOG))

    with concurrent.futures.ThreadPoolExecutor(threads) as pool:
        seen = list(pool.map(add_and_read, range(400)))

    assert max(seen) == 400
    assert sorted(kept.number for kept in store.envelopes()) == list(range(1, 401))
