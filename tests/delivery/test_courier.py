"""The courier: who gives way when its thread cannot keep up, and that nobody waits for another's start."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from sentry_sdk.envelope import Envelope, Item

from otel_sentry.protocol.item_kinds import Category, LossReason
from tests.delivery.parcels import span_envelope
from tests.delivery.servers import closed_port
from tests.delivery.test_transport import spans

if TYPE_CHECKING:
    from collections.abc import Callable

    from otel_sentry.delivery.transport import SentryTransport
    from otel_sentry.local.receiver import Receiver

    NewTransport = Callable[..., SentryTransport]


def stalled(one: SentryTransport) -> threading.Event:
    """Let the thread take nothing in until the event is set."""
    go_on = threading.Event()
    make_desk = one._courier._make_desk

    def make(wake: Callable[[], None]) -> Any:
        desk = make_desk(wake)
        take_in = desk.take_in
        desk.take_in = lambda *args: (go_on.wait(20), take_in(*args))  # type: ignore[method-assign]
        return desk

    one._courier._make_desk = make
    return go_on


def an_error() -> Envelope:
    """What sentry-sdk hands over."""
    return Envelope({}, [Item(b'{"message":"hi"}', type="event")])


def test_spans_give_way_to_errors_before_the_thread_has_seen_them(transport: NewTransport) -> None:
    """Beyond the reserve the oldest spans are counted as lost, and no error is, however late the thread."""
    one = transport(f"http://k@127.0.0.1:{closed_port()}/1", max_bytes=100_000, encoding="")
    go_on = stalled(one)
    for number in range(10):
        one.send(span_envelope(number, spans=100))
    for _ in range(28):
        one.capture_envelope(an_error())
    refused = one.ledger.snapshot()
    go_on.set()

    assert Category.ERROR not in refused
    assert refused[Category.SPAN].dropped[LossReason.QUEUE_OVERFLOW] in (900, 1000)  # the thread may hold one


def test_errors_beyond_all_room_are_counted(transport: NewTransport) -> None:
    """Where only errors wait, the newest is refused."""
    one = transport(f"http://k@127.0.0.1:{closed_port()}/1", max_bytes=10_000)
    go_on = stalled(one)
    for _ in range(20):
        one.capture_envelope(an_error())
    refused = one.ledger.snapshot()
    go_on.set()

    assert refused[Category.ERROR].dropped[LossReason.QUEUE_OVERFLOW] > 10


def test_a_flush_does_not_wait_for_another_threads_start(receiver: Receiver, transport: NewTransport) -> None:
    """While the application loads delivery, a handler of SIGTERM delivers, from a thread of its own."""
    one = transport(receiver.dsn)
    make_desk = one._courier._make_desk
    flushed: list[bool] = []

    def interrupted(wake: Callable[[], None]) -> Any:
        one._courier._make_desk = make_desk
        handler = threading.Thread(target=lambda: flushed.append(one.flush(10)))
        handler.start()
        handler.join(12)
        return make_desk(wake)

    one._courier._make_desk = interrupted
    one.send(spans(receiver, 1))

    assert flushed == [True]
    assert len(receiver.spans) == 1
    one.send(spans(receiver, 2))
    assert one.flush(10)
    assert len(receiver.spans) == 2


def test_a_flush_within_a_hand_over(receiver: Receiver, transport: NewTransport) -> None:
    """A signal handler may run while its own thread holds the lock; it gets it again."""
    one = transport(receiver.dsn)
    with one._courier._lock, one.ledger._lock:
        one.send(spans(receiver, 1))

    assert one.flush(10)
    assert len(receiver.spans) == 1
