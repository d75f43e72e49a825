"""The queue hands over every span once, bounded, on one thread that starts with the first span."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING

import pytest
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.trace import SpanContext, Status, StatusCode, TraceFlags

from otel_sentry.otel import span_queue
from otel_sentry.otel.segments import Segment
from otel_sentry.otel.span_queue import SpanQueue
from tests.delivery.conftest import wait_until

if TYPE_CHECKING:
    from collections.abc import Callable

NONE = Resource.get_empty()
"""Without it each span detects its process anew, which takes longer than all of a test."""


def span(number: int, *, text: str = "", status: StatusCode = StatusCode.UNSET) -> ReadableSpan:
    context = SpanContext(1, number, is_remote=False, trace_flags=TraceFlags(1))
    return ReadableSpan("s", context, resource=NONE, attributes={"text": text}, status=Status(status))


class Basket:
    """A consumer that keeps what it is given until it is flushed."""

    def __init__(self) -> None:
        self.held: list[int] = []
        self.sent: list[int] = []
        self.threads: set[str] = set()
        self.gate = threading.Event()
        self.gate.set()

    def add(self, span: ReadableSpan, segment: Segment | None) -> None:
        self.gate.wait(60)
        self.threads.add(threading.current_thread().name)
        self.held.append(span.context.span_id)

    def flush(self, now: float, *, everything: bool, meanwhile: Callable[[], object]) -> None:
        if everything:
            self.sent += self.held
            self.held = []

    def pending(self) -> int:
        return len(self.held)

    def clear(self) -> None:
        self.held = []


class Counter:
    def __init__(self) -> None:
        self.count = 0

    def __call__(self, count: int) -> None:
        self.count += count


def queue_of(basket: Basket, *, max_spans: int = 100_000, max_bytes: int = 1 << 30) -> tuple[SpanQueue, Counter]:
    refused = Counter()
    return SpanQueue(basket, max_spans=max_spans, max_bytes=max_bytes, refused=refused), refused


def test_nothing_runs_before_the_first_span() -> None:
    """Building a queue starts no thread; an empty one flushes at once."""
    before = threading.active_count()

    queue, _ = queue_of(Basket())

    assert queue.flush(0.0)
    assert threading.active_count() == before


def test_flush_hands_over_everything_that_was_put_before() -> None:
    """All spans leave in order, on the queue's own thread."""
    basket = Basket()
    queue, refused = queue_of(basket)
    for number in range(5000):
        queue.put(span(number), None)

    flushed = queue.flush(10)

    assert flushed
    assert basket.sent == list(range(5000))
    assert basket.threads == {"otel_sentry.spans"}
    assert (refused.count, queue.pending()) == (0, 0)


def test_spans_of_many_threads_leave_exactly_once() -> None:
    """Concurrent producers lose and double nothing."""
    basket = Basket()
    queue, _ = queue_of(basket)
    threads = [
        threading.Thread(target=lambda start=start: [queue.put(span(n), None) for n in range(start, start + 1000)])
        for start in range(0, 8000, 1000)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert queue.flush(10)
    assert sorted(basket.sent) == list(range(8000))


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_thread_that_was_killed_is_replaced() -> None:
    """What is put afterwards starts another, as greenlets may be killed and threads may be left by `SystemExit`."""
    basket = Basket()
    dying = threading.Event()

    def chore() -> float:
        if dying.is_set():
            return 100.0
        dying.set()
        raise SystemExit

    queue = SpanQueue(basket, max_spans=10, refused=Counter(), chore=chore)
    queue.put(span(1), None)
    deadline = time.monotonic() + 10
    while queue.thread is not None and time.monotonic() < deadline:
        time.sleep(0.01)
    queue.put(span(2), None)

    assert queue.flush(10)
    assert basket.sent == [1, 2]


def test_flush_does_not_outlast_its_timeout() -> None:
    """A consumer that hangs for a minute makes `flush` return False when its time is up."""
    basket = Basket()
    basket.gate.clear()
    queue, _ = queue_of(basket)
    queue.put(span(1), None)
    started = time.monotonic()

    flushed = queue.flush(0.2)
    took = time.monotonic() - started
    basket.gate.set()

    assert not flushed
    assert took < 30
    assert queue.close(10)


def test_a_full_queue_gives_up_children_for_failed_spans_and_counts_them() -> None:
    """Ordinary children are refused, and those that wait give way, until all that waits are roots and failed spans."""
    basket = Basket()
    basket.gate.clear()
    queue, refused = queue_of(basket, max_spans=2000)
    root = Segment(span(1), incoming=None, verdict=None, freeze_dsc=lambda _: {})  # type: ignore[arg-type] # never read
    for number in range(10_000, 12_500):
        queue.put(span(number), root)
    children = queue.pending()
    for number in range(16_000, 18_500):
        queue.put(span(number, status=StatusCode.ERROR), root)
    waiting = queue.pending()
    basket.gate.set()

    assert queue.flush(120)
    assert 1900 <= children <= waiting <= 2001  # one is on its way
    assert sum(number >= 16_000 for number in basket.sent) >= 1900
    assert refused.count + len(basket.sent) == 5000


def test_a_small_queue_holds_what_it_is_told() -> None:
    """The size of the queue is honoured however small it is."""
    basket = Basket()
    basket.gate.clear()
    queue, refused = queue_of(basket, max_spans=10)
    for number in range(100):
        queue.put(span(number), None)
    basket.gate.set()

    assert 89 <= refused.count <= 90  # one may be on its way


def test_heavy_spans_are_bounded_by_bytes() -> None:
    """A thousand spans of 100 kB do not fit into a bound that a thousand small ones would."""
    basket = Basket()
    basket.gate.clear()
    queue, refused = queue_of(basket, max_bytes=40_000_000)
    for number in range(4096):
        queue.put(span(number), None)
    for number in range(1000):
        queue.put(span(number, text="x" * 100_000), None)
    basket.gate.set()

    assert 600 < refused.count < 1000  # 40 MB less 4,096 small spans of 2 kB


def test_a_closed_queue_refuses_and_counts() -> None:
    """What comes after `close` is counted, not kept."""
    basket = Basket()
    queue, refused = queue_of(basket)
    queue.put(span(1), None)

    assert queue.close(10)
    queue.put(span(2), None)

    assert (basket.sent, refused.count, queue.pending()) == ([1], 1, 0)


def test_the_thread_sleeps_when_no_spans_come_and_wakes_with_the_next() -> None:
    """A quiet queue stops polling; the next span is handed over all the same."""
    basket = Basket()
    queue, _ = queue_of(basket)
    queue.put(span(1), None)
    assert queue.flush(10)
    deadline = time.monotonic() + 30
    while not queue._idle and time.monotonic() < deadline:
        time.sleep(0.05)
    asleep = queue._idle

    queue.put(span(2), None)

    assert asleep
    assert queue.flush(10)
    assert basket.sent == [1, 2]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_forked_child_sends_its_own_spans_and_none_of_its_parent() -> None:
    """After a fork the parent's waiting spans stay the parent's; the child's thread starts with its first."""
    basket = Basket()
    basket.gate.clear()
    queue, _ = queue_of(basket)
    for number in range(10):
        queue.put(span(number), None)
    read, write = os.pipe()
    pid = os.fork()
    if pid == 0:
        basket.gate.set()
        queue.put(span(77), None)
        queue.flush(10)
        os.write(write, repr(basket.sent).encode())
        os._exit(0)
    os.waitpid(pid, 0)
    basket.gate.set()

    assert os.read(read, 100) == b"[77]"
    assert queue.flush(10)
    assert basket.sent == list(range(10))


def test_what_waits_when_the_time_is_over_is_counted() -> None:
    """A queue that must close before its consumer is through refuses the rest, and the consumer gets what it has."""
    basket = Basket()
    basket.gate.clear()
    queue, refused = queue_of(basket)
    for number in range(1000):
        queue.put(span(number), None)
    wait_until(lambda: len(queue._items) < 1000)

    assert not queue.close(0.05)
    assert (refused.count, queue.pending()) == (999, 0)
    basket.gate.set()
    wait_until(lambda: basket.sent == [0])


def test_a_span_may_go_before_all_others() -> None:
    """What was open when the process leaves is told of first, also by a queue that is full."""
    basket = Basket()
    basket.gate.clear()
    queue, _ = queue_of(basket, max_spans=10)
    for number in range(10):
        queue.put(span(number), None)
    wait_until(lambda: len(queue._items) < 10)
    queue.put_first(span(77), None)
    basket.gate.set()

    assert queue.flush(10)
    assert basket.sent == [0, 77, *range(1, 10)]


def test_what_requests_should_not_wait_for_runs_on_the_thread() -> None:
    """Before the first span is taken; a fault of it stops nothing."""
    basket = Basket()
    queue, _ = queue_of(basket)
    told: list[str] = []

    def fail() -> None:
        told.append(threading.current_thread().name)
        raise RuntimeError("out of order")

    queue.on_thread = fail
    queue.put(span(1), None)

    assert queue.flush(60)
    assert told == ["otel_sentry.spans"]
    assert basket.sent == [1]
    queue.close(60)


class Steps(Basket):
    """A consumer whose hand-over has a step in between, in which a span comes."""

    def __init__(self) -> None:
        super().__init__()
        self.queue: SpanQueue | None = None
        self.taken_meanwhile: dict[bool, int] = {}

    def flush(self, now: float, *, everything: bool, meanwhile: Callable[[], object]) -> None:
        assert self.queue is not None
        before = len(self.held)
        self.queue.put(span(1), None)
        meanwhile()
        self.taken_meanwhile[everything] = max(len(self.held) - before, self.taken_meanwhile.get(everything, 0))


def test_spans_are_taken_between_two_steps_of_a_hand_over() -> None:
    """Those that come while the consumer sends do not wait for its end; while somebody waits for a flush, they do."""
    steps = Steps()
    steps.queue, _ = queue_of(steps)
    steps.queue.put(span(1), None)
    wait_until(lambda: False in steps.taken_meanwhile)
    flushed = steps.queue.flush(10)
    steps.queue.close(10)

    assert flushed
    assert steps.taken_meanwhile[False] >= 1
    assert steps.taken_meanwhile[True] == 0


def test_spans_wait_in_the_queue_where_the_consumer_has_too_many(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its own memory has no bound."""
    monkeypatch.setattr(span_queue, "_MOST_AT_CONSUMER", 1)
    steps = Steps()
    steps.queue, _ = queue_of(steps)
    steps.queue.put(span(1), None)
    wait_until(lambda: False in steps.taken_meanwhile)
    steps.queue.close(10)

    assert steps.taken_meanwhile[False] == 0


def test_a_flush_waits_for_what_is_being_handed_over() -> None:
    """Spans that have left the consumer and are not sent yet are neither here nor there, whenever they came."""

    class Sending(Basket):
        def flush(self, now: float, *, everything: bool, meanwhile: Callable[[], object]) -> None:
            leaving, self.held = self.held, []
            if leaving:
                sending.set()
                go_on.wait(20)
            self.sent += leaving

    sending, go_on = threading.Event(), threading.Event()
    now = -1.0
    basket = Sending()
    queue = SpanQueue(basket, max_spans=10, refused=Counter(), clock=lambda: now)
    queue.put(span(1), None)
    wait_until(basket.pending)
    now = 1.0
    sending.wait(20)
    too_early = queue.flush(0.1)
    go_on.set()

    assert not too_early
    assert queue.flush(20)
    assert basket.sent == [1]
    queue.close(10)


def test_threads_that_compute_are_offered_the_gil_seldom() -> None:
    """Greenlets, which nothing interrupts, are offered it sooner."""
    basket = Basket()
    queue, _ = queue_of(basket)
    queue.put(span(1), None)
    queue.close(10)
    done = subprocess.run([sys.executable, "-c", _GREENLETS], capture_output=True, text=True, check=True)

    assert queue._every_of_busy == 2000
    assert done.stdout.strip() == "200"


_GREENLETS = """
import gevent.monkey
gevent.monkey.patch_all()
from otel_sentry.otel.span_queue import SpanQueue
from tests.otel.test_span_queue import Basket, Counter, span

queue = SpanQueue(Basket(), max_spans=10, refused=Counter())
queue.put(span(1), None)
queue.close(10)
print(queue._every_of_busy)
"""
