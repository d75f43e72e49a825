"""Sentry misbehaves; what was handed over arrives, or is counted with the right reason. With and without a spool."""

from __future__ import annotations

import os
import time
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest

from otel_sentry.delivery.rules.retry import Backoff
from otel_sentry.local.receiver import Posted, Receiver, Reply
from otel_sentry.protocol.item_kinds import Category, LossReason
from tests.delivery.conftest import wait_until
from tests.delivery.parcels import log_envelope, span_envelope
from tests.delivery.servers import OK, Server, Talk, closed_port
from tests.delivery.test_transport import key_of, reported, spans

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from otel_sentry.delivery.ledger import Balance
    from otel_sentry.delivery.transport import SentryTransport

    NewTransport = Callable[..., SentryTransport]


@pytest.fixture(params=[False, True], ids=["memory", "spool"])
def spooled(request: pytest.FixtureRequest, tmp_path: Path) -> dict[str, Any]:
    """Tuning with and without a spool directory."""
    return {"spool_dir": os.fspath(tmp_path / "spool")} if request.param else {}


def first(count: int, reply: Reply) -> Callable[[Posted], Reply | None]:
    """Misbehave for the first requests, then work."""
    left = [count]

    def behaviour(_: Posted) -> Reply | None:
        left[0] -= 1
        return reply if left[0] >= 0 else None

    return behaviour


def span_books(one: SentryTransport) -> Balance:
    """The books of spans."""
    return one.ledger.snapshot()[Category.SPAN]


@pytest.mark.parametrize(
    "reply",
    [
        pytest.param(Reply(reset=True), id="reset"),
        pytest.param(Reply(500), id="500"),
        pytest.param(Reply(502, body="<html>bad gateway"), id="502"),
        pytest.param(Reply(503, {"Retry-After": "0.2"}), id="503 with Retry-After"),
        pytest.param(Reply(408), id="408"),
        pytest.param(Reply(429, {"Retry-After": "0.2"}), id="429"),
        pytest.param(Reply(429, {"X-Sentry-Rate-Limits": "0.2:span:org"}), id="429 for spans"),
        pytest.param(Reply(429, {"X-Sentry-Rate-Limits": "60:replay:org"}), id="429 for something else"),
        pytest.param(Reply(200, delay_seconds=1.5), id="hangs"),
    ],
)
def test_what_fails_for_a_while_arrives(
    receiver: Receiver, transport: NewTransport, spooled: dict[str, Any], reply: Reply
) -> None:
    """Network errors, 5xx, 408 and 429 are retried until they are over; nothing is lost."""
    receiver.behaviour = first(8, reply)
    one = transport(receiver.dsn, **spooled)
    for number in range(12):
        one.send(spans(receiver, number, spans=2))
    wait_until(lambda: span_books(one).pending == 0)

    ids = Counter(span["span_id"] for span in receiver.spans)
    assert len(ids) == 24
    books = span_books(one)
    assert (books.created, books.delivered, dict(books.dropped)) == (24, 24, {})
    # Doubled only where an acknowledgement was lost: the server had stored what it answered too late.
    assert max(ids.values()) == 1 or reply.delay_seconds


def test_an_outage_costs_nothing(transport: NewTransport, spooled: dict[str, Any]) -> None:
    """Nobody is there when spans come; when Sentry is back they arrive, each once."""
    with Receiver(port=0) as receiver:
        one = transport(receiver.dsn, **spooled)
        one.send(spans(receiver, 0))
        assert one.flush(10)
        receiver.stop()
        for number in range(1, 30):
            one.send(spans(receiver, number))
        wait_until(lambda: not one.is_healthy())
        time.sleep(0.3)
        receiver.start()
        wait_until(lambda: span_books(one).pending == 0)

        assert Counter(span["span_id"] for span in receiver.spans) == Counter(
            f"{(number + 1) * 1000:016x}" for number in range(30)
        )


@pytest.mark.parametrize(
    ("dsn", "reason"),
    [
        pytest.param(f"http://k@127.0.0.1:{closed_port()}/1", LossReason.NETWORK_ERROR, id="refused"),
        pytest.param("http://k@nobody.invalid/1", LossReason.NETWORK_ERROR, id="name unknown"),
    ],
)
def test_what_never_arrives_is_counted(transport: NewTransport, dsn: str, reason: LossReason) -> None:
    """Without a spool, what is left when the process leaves is lost for the reason it waited."""
    one = transport(dsn)
    for number in range(10):
        one.send(span_envelope(number))
    wait_until(lambda: not one.is_healthy())
    one.kill()
    wait_until(lambda: span_books(one).pending == 0)

    assert dict(span_books(one).dropped) == {reason: 10}


@pytest.mark.parametrize("status", [301, 400, 401, 403, 404, 422])
def test_other_answers_are_final(receiver: Receiver, transport: NewTransport, status: int) -> None:
    """What Sentry will never take is asked once (twice, should it be the compression) and counted."""
    receiver.behaviour = first(10_000, Reply(status))
    one = transport(receiver.dsn)
    one.send(spans(receiver, 0, spans=3))
    one.flush(10)

    assert dict(span_books(one).dropped) == {LossReason.SEND_ERROR: 3}
    assert receiver.requests <= 2


def test_an_old_server_gets_gzip(receiver: Receiver, transport: NewTransport) -> None:
    """A server that does not know zstd gets gzip from then on, and nothing is lost."""

    def old(posted: Posted) -> Reply | None:
        return Reply(415) if posted.headers.get("content-encoding") == "zstd" else None

    receiver.behaviour = old
    one = transport(receiver.dsn)
    one.send(spans(receiver, 0, spans=3))
    assert one.flush(10)
    asked = receiver.requests
    one.send(spans(receiver, 1, spans=3))
    assert one.flush(10)

    assert len(receiver.spans) == 6
    assert receiver.requests == asked + 1


def test_an_old_server_that_answers_400_gets_gzip(receiver: Receiver, transport: NewTransport) -> None:
    """The same where the server calls what it cannot read a bad request."""
    receiver.behaviour = lambda posted: Reply(400) if posted.headers.get("content-encoding") == "zstd" else None
    one = transport(receiver.dsn)
    one.send(spans(receiver, 0, spans=3))

    assert one.flush(10)
    assert len(receiver.spans) == 3


def test_too_large_is_divided_once(receiver: Receiver, transport: NewTransport, spooled: dict[str, Any]) -> None:
    """413 halves an envelope; a half that is refused again is counted, the other arrives."""
    answers = iter([Reply(413), Reply(413), None])
    receiver.behaviour = lambda posted: next(answers, None)
    one = transport(receiver.dsn, in_flight=1, **spooled)
    one.send(spans(receiver, 0, spans=7))
    one.flush(10)
    wait_until(lambda: span_books(one).pending == 0)

    books = span_books(one)
    assert (books.delivered, dict(books.dropped)) in [
        (4, {LossReason.SEND_ERROR: 3}),
        (3, {LossReason.SEND_ERROR: 4}),
    ]
    assert len(receiver.spans) == books.delivered


def test_a_limit_stops_only_its_category(receiver: Receiver, transport: NewTransport) -> None:
    """While spans are limited, logs go on; spans follow when the limit is over."""

    def limiting(posted: Posted) -> Reply | None:
        return Reply(429, {"X-Sentry-Rate-Limits": "0.5:span:org"}) if posted.number == 1 else None

    receiver.behaviour = limiting
    one = transport(receiver.dsn, in_flight=1)
    one.send(spans(receiver, 0))
    wait_until(lambda: receiver.requests == 1)
    wait_until(lambda: not one.is_healthy())
    one.send(spans(receiver, 1))
    one.send(log_envelope(0, date=time.time()))
    wait_until(lambda: receiver.logs)
    before = len(receiver.spans)
    wait_until(lambda: span_books(one).pending == 0)

    assert before == 0
    assert len(receiver.spans) == 2


def test_reports_survive_a_limit_on_everything(receiver: Receiver, transport: NewTransport) -> None:
    """While everything is limited no client report is sent, for it would be dropped with its numbers."""
    limit = Reply(429, {"X-Sentry-Rate-Limits": "0.3::org"})
    receiver.behaviour = first(1, limit)
    one = transport(receiver.dsn)
    one.record_lost_event("sample_rate", "span", quantity=9)
    one.send(spans(receiver, 0))
    wait_until(lambda: receiver.requests >= 1)
    one.flush(10)
    wait_until(lambda: span_books(one).pending == 0)
    one.flush(10)

    assert reported(receiver) == {("span", "sample_rate"): 9}


@pytest.mark.parametrize(
    "reply", [Reply(500), Reply(reset=True), Reply(400), Reply(429)], ids=lambda one: str(one.status)
)
def test_a_report_that_fails_is_sent_again(receiver: Receiver, transport: NewTransport, reply: Reply) -> None:
    """Numbers of a client report that did not arrive are in the next one."""
    receiver.behaviour = first(1, reply)
    one = transport(receiver.dsn, backoff=Backoff(0.01, 0.05))
    one.record_lost_event("sample_rate", "span", quantity=9)
    one.flush(0.5)
    receiver.behaviour = None
    if reply.status == 429:
        assert reported(receiver) == {}
        return
    wait_until(lambda: one.flush(1) and reported(receiver))

    assert reported(receiver) == {("span", "sample_rate"): 9}


def test_what_sentry_counted_itself_is_not_reported(receiver: Receiver, transport: NewTransport) -> None:
    """Items that got a 429 and are then given up are in the books, but in no client report: Sentry knows."""
    receiver.behaviour = lambda posted: Reply(429, {"X-Sentry-Rate-Limits": "600:span:org"})
    one = transport(receiver.dsn)
    one.send(spans(receiver, 0, spans=3))
    wait_until(lambda: not one.is_healthy())
    one.kill()
    wait_until(lambda: span_books(one).pending == 0)

    assert dict(span_books(one).dropped) == {LossReason.RATELIMIT_BACKOFF: 3}
    assert not one.ledger.has_unreported


@pytest.mark.parametrize(
    "script",
    [
        pytest.param(lambda talk: talk.say(b"\x00garbage\r\n\r\n"), id="garbage"),
        pytest.param(lambda talk: (talk.request(), talk.say(b"HTTP/1.1 200 OK\r\nContent-Le")), id="half an answer"),
        pytest.param(lambda talk: talk.request(), id="closes"),
        pytest.param(lambda talk: (talk.request(), [(talk.say(b"x"), time.sleep(0.3)) for _ in range(50)]), id="drips"),
    ],
)
def test_a_server_out_of_its_mind_costs_nothing(
    transport: NewTransport, spooled: dict[str, Any], script: Callable[[Talk], None]
) -> None:
    """Garbage, half answers and slow drips are network errors; when the server is sane again, all arrives."""
    sane: list[bool] = []

    def moody(talk: Talk) -> None:
        if not sane:
            script(talk)
            return
        while True:
            talk.request()
            talk.say(OK)

    with Server(moody) as server:
        one = transport(server.dsn, **spooled)
        for number in range(5):
            one.send(span_envelope(number))
        wait_until(lambda: not one.is_healthy())
        sane.append(True)
        wait_until(lambda: span_books(one).pending == 0)

    assert (span_books(one).delivered, dict(span_books(one).dropped)) == (5, {})


def test_what_is_too_old_is_given_up(transport: NewTransport) -> None:
    """Without a spool, too, the age cap ends the waiting."""
    one = transport(f"http://k@127.0.0.1:{closed_port()}/1", max_age_seconds=0.2)
    for number in range(5):
        one.send(span_envelope(number))
    wait_until(lambda: span_books(one).pending == 0)

    assert dict(span_books(one).dropped) == {LossReason.NETWORK_ERROR: 5}


def test_sent_at_is_fresh_after_an_outage(receiver: Receiver, transport: NewTransport) -> None:
    """What waited for long says the time of its delivery: Relay would shift its dates otherwise."""
    one = transport(receiver.dsn)
    envelope = spans(receiver, 0)
    receiver.behaviour = first(1, Reply(500))
    real = one._compressor
    from otel_sentry.delivery import transport as module  # noqa: PLC0415  to turn the clock of handing over

    handed_over = time.time() - 3600
    old = module.parcel_of_outgoing
    parcel = old(envelope, real, handed_over)
    parcel.accepted_at = time.monotonic()
    one.ledger.accept(parcel.counts)
    one._courier.submit(parcel, parcel.weight, precious=False)
    wait_until(lambda: receiver.envelopes)

    (received,) = receiver.envelopes
    assert received.headers["sent_at"] > time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(handed_over + 3500))
    assert received.headers["trace"]


def test_losses_are_one_line_a_minute(transport: NewTransport, caplog: pytest.LogCaptureFixture) -> None:
    """However much is lost, the log gets one line, and it says what and why."""
    one = transport(f"http://k@127.0.0.1:{closed_port()}/1", max_bytes=10_000, encoding="")
    for number in range(100):
        one.send(span_envelope(number, spans=100))
    wait_until(lambda: "did not reach Sentry" in caplog.text)
    one.send(span_envelope(1000, spans=100))
    wait_until(lambda: sum(span_books(one).dropped.values()) >= 10_000)
    lines = [record.getMessage() for record in caplog.records if "did not reach Sentry" in record.getMessage()]

    assert len(lines) == 1
    assert "span (" in lines[0]


def test_a_receiver_knows_its_key(receiver: Receiver) -> None:
    """The helper of these tests reads the key of the DSN."""
    assert f"//{key_of(receiver)}@" in receiver.dsn
