"""The transport as sentry-sdk and the pipeline use it, against the embedded Sentry."""

from __future__ import annotations

import itertools
import threading
import time
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest
import sentry_sdk
import sentry_sdk.crons
import sentry_sdk.logger
import sentry_sdk.metrics
from sentry_sdk.envelope import Envelope, Item, PayloadRef

from otel_sentry.delivery.rules.retry import Backoff
from otel_sentry.delivery.transport import SentryTransport
from otel_sentry.local.receiver import Reply
from otel_sentry.protocol.item_kinds import Category, LossReason
from tests.delivery.conftest import wait_until
from tests.delivery.parcels import log_envelope, span_envelope
from tests.delivery.servers import Server, answering, closed_port

if TYPE_CHECKING:
    from collections.abc import Callable

    from otel_sentry.local.receiver import Receiver

    NewTransport = Callable[..., SentryTransport]


def key_of(receiver: Receiver) -> str:
    """The receiver's public key."""
    return receiver.dsn.split("//")[1].split("@")[0]


def spans(receiver: Receiver, number: int, **more: Any) -> Any:
    """An envelope of spans that the receiver lets in."""
    return span_envelope(number, key=key_of(receiver), date=time.time(), **more)


def reported(receiver: Receiver) -> dict[tuple[str, str], int]:
    """What client reports told: (category, reason) → quantity."""
    found: dict[tuple[str, str], int] = {}
    for report in receiver.client_reports:
        for loss in report["discarded_events"]:
            name = (loss["category"], loss["reason"])
            found[name] = found.get(name, 0) + loss["quantity"]
    return found


def test_envelopes_of_ours_arrive(receiver: Receiver, transport: NewTransport) -> None:
    """Spans and logs handed over are delivered and booked."""
    one = transport(receiver.dsn)
    for number in range(20):
        one.send(spans(receiver, number, spans=3))
    one.send(log_envelope(1, 2, time.time()))

    assert one.flush(10)
    assert len(receiver.spans) == 60
    assert len(receiver.logs) == 2
    books = one.ledger.snapshot()
    assert (books[Category.SPAN].created, books[Category.SPAN].delivered, books[Category.SPAN].pending) == (60, 60, 0)
    assert books[Category.LOG_BYTE].delivered > 0


def test_several_envelopes_at_once(receiver: Receiver, transport: NewTransport) -> None:
    """All arrive; one that cannot be encoded is counted and holds up no other."""
    one = transport(receiver.dsn)
    one.send_all([spans(receiver, number) for number in range(5)])
    odd = spans(receiver, 9)._replace(headers={"trace": object()})
    one.send_all([spans(receiver, 6), odd, spans(receiver, 7)])
    one.send_all([])

    assert one.flush(10)
    assert len(receiver.spans) == 7
    books = one.ledger.snapshot()[Category.SPAN]
    assert (books.created, books.delivered, books.dropped) == (8, 7, {LossReason.INTERNAL_SDK_ERROR: 1})


def test_delivery_that_cannot_begin_holds_what_it_was_given(receiver: Receiver, transport: NewTransport) -> None:
    """No thread, no socket left: nothing is lost, nothing counted twice, and the next envelope tries again."""
    one = transport(receiver.dsn)
    make_desk = one._courier._make_desk

    def failing(_: Any) -> Any:
        raise OSError("too many open files")

    one._courier._make_desk = failing
    one.send_all([spans(receiver, number) for number in range(3)])
    one.send(spans(receiver, 3))
    waiting = one.ledger.snapshot()[Category.SPAN]
    one._courier._make_desk = make_desk
    one.send(spans(receiver, 4))

    assert (waiting.created, waiting.pending, waiting.balanced) == (4, 4, True)
    assert one.flush(10)
    assert len(receiver.spans) == 5


def test_a_payload_in_pieces_is_put_together(receiver: Receiver, transport: NewTransport) -> None:
    """A list of bytes is one payload."""
    whole = spans(receiver, 0, spans=2)
    envelope = whole._replace(payload=[whole.payload[:10], whole.payload[10:]])
    one = transport(receiver.dsn)
    one.send(envelope)

    assert one.flush(10)
    assert len(receiver.spans) == 2


def test_carries_everything_that_sentry_sdk_sends(receiver: Receiver) -> None:
    """Events with attachments, check-ins, sessions, logs and metrics of a sentry-sdk client arrive."""
    client = sentry_sdk.Client(dsn=receiver.dsn, transport=SentryTransport, default_integrations=False)
    with sentry_sdk.isolation_scope() as scope:
        scope.set_client(client)
        scope.add_attachment(bytes=b"hello", filename="a.txt")
        scope.start_session()
        sentry_sdk.capture_message("hi")
        sentry_sdk.crons.capture_checkin(monitor_slug="m", status="ok")
        scope.end_session()
        sentry_sdk.logger.info("a log")
        sentry_sdk.metrics.count("mints", 1)
        client.close(timeout=10)

    assert [event["message"] for event in receiver.events] == ["hi"]
    assert [len(view) for view in (receiver.logs, receiver.metrics, receiver.check_ins)] == [1, 1, 1]
    assert len(receiver.sessions) >= 1
    assert "attachment" in [other["type"] for other in receiver.others]


def test_a_client_may_use_it_by_class(receiver: Receiver) -> None:
    """`init(transport=SentryTransport)` is all it takes, in every supported sentry-sdk."""
    client = sentry_sdk.Client(dsn=receiver.dsn, transport=SentryTransport, default_integrations=False)
    client.capture_event({"message": "hi"})
    client.close(timeout=10)

    assert client.transport is None
    assert [event["message"] for event in receiver.events] == ["hi"]


def test_odd_values_do_not_stop_an_event(receiver: Receiver, transport: NewTransport) -> None:
    """Integers beyond 64 bits and foreign objects are written as sentry-sdk writes them."""
    one = transport(receiver.dsn)
    event = {"event_id": "a" * 32, "message": "hi", "extra": {"big": 2**70, "odd": {1: "one"}, "path": object()}}
    one.capture_envelope(Envelope({"event_id": "a" * 32}, [Item(PayloadRef(json=event), type="event")]))

    assert one.flush(10)
    assert receiver.events[0]["extra"]["big"] == 2**70


def test_what_cannot_be_written_is_counted(
    receiver: Receiver, transport: NewTransport, caplog: pytest.LogCaptureFixture
) -> None:
    """An envelope whose payload no writer can encode is one loss, and the next one arrives."""
    one = transport(receiver.dsn)
    one.capture_envelope(Envelope({}, [Item(PayloadRef(json={"message": float("nan"), "big": 2**70}), type="event")]))
    one.send(spans(receiver, 0))

    assert one.flush(10)
    assert one.ledger.snapshot()[Category.ERROR].dropped == {LossReason.INTERNAL_SDK_ERROR: 1}
    assert "could not be encoded" in caplog.text
    assert len(receiver.spans) == 1


def test_sent_at_is_the_time_of_sending(receiver: Receiver, transport: NewTransport) -> None:
    """Each envelope says when it left, so that Sentry can correct clocks."""
    one = transport(receiver.dsn)
    before = time.time()
    one.send(spans(receiver, 0))
    one.flush(10)
    (received,) = receiver.envelopes

    assert received.headers["sent_at"].endswith("Z")
    assert before - 1 <= received.at <= time.time()


def test_losses_are_reported_once(receiver: Receiver, transport: NewTransport) -> None:
    """What was dropped before delivery reaches Sentry as a client report with the flush."""
    one = transport(receiver.dsn)
    one.record_lost_event("sample_rate", "span", quantity=5)
    one.record_lost_event("before_send", item=Item(b"{}", type="event"))
    one.record_lost_event("queue_overflow", item=Item(b"12345", {"item_count": 3}, type="log"))
    one.flush(10)
    one.flush(10)

    assert reported(receiver) == {
        ("span", "sample_rate"): 5,
        ("error", "before_send"): 1,
        ("log_item", "queue_overflow"): 3,
        ("log_byte", "queue_overflow"): 5,
    }


def test_a_lost_transaction_counts_its_spans(transport: NewTransport) -> None:
    """One transaction with two children is one transaction and three spans."""
    one = transport("http://k@127.0.0.1:1/1")
    event = {"type": "transaction", "spans": [{}, {}]}
    one.record_lost_event("backpressure", item=Item(PayloadRef(json=event), type="transaction"))

    books = one.ledger.snapshot()
    assert books[Category.TRANSACTION].dropped == {LossReason.BACKPRESSURE: 1}
    assert books[Category.SPAN].dropped == {LossReason.BACKPRESSURE: 3}


def test_reports_can_be_switched_off(receiver: Receiver, transport: NewTransport) -> None:
    """`send_client_reports=False` keeps the numbers here."""
    one = transport(receiver.dsn, {"send_client_reports": False})
    one.record_lost_event("sample_rate", "span", quantity=5)
    one.send(spans(receiver, 0))
    one.flush(10)

    assert receiver.client_reports == []
    assert one.ledger.snapshot()[Category.SPAN].dropped == {LossReason.SAMPLE_RATE: 5}


def test_an_idle_transport_starts_nothing(transport: NewTransport) -> None:
    """No thread and no connection before the first envelope; flushing nothing is quick and safe."""
    with Server(answering()) as server:
        before = threading.active_count()
        one = transport(server.dsn)

        assert one.flush(5)
        assert one.is_healthy()
        assert threading.active_count() == before
    assert server.connections == 0


def test_handing_over_never_waits(transport: NewTransport) -> None:
    """While a server hangs, thousands of envelopes are taken at once."""
    with Server(lambda talk: time.sleep(60)) as server:
        one = transport(server.dsn)
        slowest = 0.0
        for number in range(2000):
            started = time.perf_counter()
            one.send(span_envelope(number))
            one.capture_envelope(Envelope({}, [Item(b"{}", type="event")]))
            slowest = max(slowest, time.perf_counter() - started)

    assert slowest < 10  # it would be a minute


@pytest.mark.parametrize("timeout", [0.0, 0.1, 0.5, 1.0])
def test_a_flush_ends_in_time(transport: NewTransport, timeout: float) -> None:
    """Whatever the server does, a flush never runs half a second over its time."""
    with Server(lambda talk: time.sleep(30)) as server:
        one = transport(server.dsn)
        for number in range(100):
            one.send(span_envelope(number))
        started = time.monotonic()
        flushed = one.flush(timeout)
        took = time.monotonic() - started

    assert not flushed
    assert took < timeout + 0.5


def test_a_flush_that_would_wait_in_vain_returns(receiver: Receiver, transport: NewTransport) -> None:
    """When everything waits for a limit that ends later, a flush does not use up its time."""
    receiver.behaviour = lambda posted: Reply(429, {"X-Sentry-Rate-Limits": "600::org"})
    one = transport(receiver.dsn)
    one.send(spans(receiver, 0))
    started = time.monotonic()

    assert not one.flush(30)
    assert time.monotonic() - started < 15


def test_a_flush_in_an_outage_tries_once_more(transport: NewTransport) -> None:
    """With nobody there, a flush knocks and then gives up early; what waits is still pending."""
    one = transport(f"http://k@127.0.0.1:{closed_port()}/1", backoff=Backoff(30, 60))
    one.send(span_envelope(0))
    wait_until(lambda: not one.is_healthy())
    started = time.monotonic()

    assert not one.flush(30)
    assert time.monotonic() - started < 15
    assert one.ledger.snapshot()[Category.SPAN].pending == 1


def test_a_slow_flush_tells_its_caller(transport: NewTransport) -> None:
    """sentry-sdk's callback learns how much waits and for how long it may take."""
    told: list[tuple[int, float]] = []
    with Server(lambda talk: time.sleep(5)) as server:
        one = transport(server.dsn)
        one.send(span_envelope(0))
        one.flush(0.4, callback=lambda pending, timeout: told.append((pending, timeout)))

    assert told == [(1, 0.4)]


def test_it_revives_after_kill(receiver: Receiver, transport: NewTransport) -> None:
    """A client that was closed at exit still delivers the spans that end later."""
    one = transport(receiver.dsn)
    one.send(spans(receiver, 0))
    one.flush(10)
    one.kill()
    one.send(spans(receiver, 1))

    assert one.flush(10)
    assert len(receiver.spans) == 2


def test_killing_counts_what_is_left(transport: NewTransport) -> None:
    """What was still waiting when the transport was killed is in the books."""
    one = transport(f"http://k@127.0.0.1:{closed_port()}/1")
    for number in range(5):
        one.send(span_envelope(number, spans=2))
    one.kill()

    books = one.ledger.snapshot()[Category.SPAN]
    assert (books.created, sum(books.dropped.values()), books.pending) == (10, 10, 0)


def test_what_is_lost_at_the_end_is_told_at_once(transport: NewTransport, caplog: pytest.LogCaptureFixture) -> None:
    """A line about losses a moment ago does not keep quiet those of the last second."""
    one = transport(f"http://k@127.0.0.1:{closed_port()}/1", max_age_seconds=0.1)
    one.send(span_envelope(0))
    wait_until(lambda: "did not reach Sentry: 1 span" in caplog.text)
    one.send(span_envelope(1, spans=7))
    one.kill()

    assert "did not reach Sentry: 7 span" in caplog.text


def test_full_memory_gives_up_spans_before_errors(transport: NewTransport) -> None:
    """Beyond its bytes the oldest, least important leave, are counted, and errors stay."""
    one = transport(f"http://k@127.0.0.1:{closed_port()}/1", max_bytes=400_000, encoding="")
    for number in range(50):
        one.send(span_envelope(number, spans=100))
        one.capture_envelope(Envelope({}, [Item(b'{"message":"hi"}', type="event")]))
    wait_until(lambda: one.ledger.snapshot().get(Category.SPAN) and one.ledger.snapshot()[Category.SPAN].dropped)
    wait_until(lambda: (errors := one.ledger.snapshot().get(Category.ERROR)) and errors.created == 50)

    books = one.ledger.snapshot()
    assert books[Category.ERROR].dropped == {}
    assert set(books[Category.SPAN].dropped) <= {LossReason.NETWORK_ERROR, LossReason.QUEUE_OVERFLOW}
    assert all(balance.balanced for balance in books.values())


def test_needs_a_dsn() -> None:
    """Without a DSN there is nothing to deliver to."""
    with pytest.raises(ValueError, match="DSN"):
        SentryTransport({**sentry_sdk.consts.DEFAULT_OPTIONS, "dsn": None})


def test_many_requests_share_a_round_trip(receiver: Receiver, transport: NewTransport) -> None:
    """At 50 ms per answer, single-span traces are not delivered one per round trip."""
    asked: list[float] = []

    def slow(_: object) -> Reply:
        asked.append(time.monotonic())
        return Reply(200, delay_seconds=0.05)

    receiver.behaviour = slow
    one = transport(receiver.dsn)
    for number in range(200):
        one.send(spans(receiver, number))

    assert one.flush(30)
    assert len(receiver.spans) == 200
    assert sum(later - earlier < 0.05 for earlier, later in pairwise(asked)) > 200 / 2
    desk = one._courier.desk
    assert desk is not None
    assert desk.carrier.open <= 32


def test_a_sentry_that_is_far_away_gets_more_connections(receiver: Receiver, transport: NewTransport) -> None:
    """Where 16 do not suffice, what waits is a second old soon, and twice as many carry it."""
    receiver.behaviour = lambda _: Reply(200, delay_seconds=0.25)
    one = transport(receiver.dsn)
    for number in range(300):
        one.send(spans(receiver, number))

    assert one.flush(60)
    assert len(receiver.spans) == 300
    desk = one._courier.desk
    assert desk is not None
    assert 16 < desk.carrier.open <= 32


def most_connections(one: SentryTransport, *, seconds: float) -> int:
    """The most that were open at once during so long."""
    desk = one._courier.desk
    assert desk is not None
    most, ends = 0, time.monotonic() + seconds
    while time.monotonic() < ends:
        most = max(most, desk.carrier.open)
        time.sleep(0.01)
    return most


def test_a_sentry_that_fails_now_and_then_gets_no_more_connections(receiver: Receiver, transport: NewTransport) -> None:
    """It may have too much to do; more requests at once would not help it."""
    asked = itertools.count()
    receiver.behaviour = lambda _: Reply(503 if next(asked) % 2 else 200, delay_seconds=0.1)
    one = transport(receiver.dsn)
    for number in range(300):
        one.send(spans(receiver, number))

    assert most_connections(one, seconds=3) == 16


def test_a_sentry_that_hangs_gets_no_more_connections(receiver: Receiver, transport: NewTransport) -> None:
    """Only one that answers does."""
    receiver.behaviour = lambda _: Reply(200, delay_seconds=2.5)
    one = transport(receiver.dsn)
    for number in range(60):
        one.send(spans(receiver, number))

    assert most_connections(one, seconds=3) == 16
