"""Requests in flight, to real servers that behave and misbehave."""

from __future__ import annotations

import socket
import struct
import threading
import time
from typing import TYPE_CHECKING

import pytest

from otel_sentry.delivery.wire.in_flight import Timeouts
from tests.delivery.servers import OK, Server, Talk, answering

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable

    from tests.delivery.wire.conftest import Flight

    NewFlight = Callable[..., Flight]


def reset(talk: Talk) -> None:
    """Tear the connection down."""
    talk.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    talk.sock.close()


def test_one_connection_carries_many_requests(flight: NewFlight) -> None:
    """Connections are kept."""
    with Server(answering(seen := [])) as server:
        one = flight(server.dsn)
        for number in range(20):
            assert one.post(str(number).encode()).answer is not None

    assert [body for *_, body in seen] == [str(number).encode() for number in range(20)]
    assert server.connections == 1


def test_several_requests_are_under_way_at_once(flight: NewFlight) -> None:
    """Four requests meet at a server that answers only when all four are there."""
    together = threading.Barrier(4)

    def script(talk: Talk) -> None:
        talk.request()
        together.wait(10)
        talk.say(OK)

    with Server(script) as server:
        one = flight(server.dsn, 4)
        for _ in range(4):
            one.want(9)
        while one.flights.idle < 4:
            one.flights.poll(1)
        for number in range(4):
            one.send(f"cargo {number}")
        landed: set[str | None] = set()
        while len(landed) < 4:
            landed |= {outcome.cargo for outcome in one.flights.poll(10)}

    assert landed == {f"cargo {number}" for number in range(4)}


def two_under_way(flight: NewFlight, server: Server) -> Flight:
    """Two requests on two connections."""
    one = flight(server.dsn, 2)
    for _ in range(2):
        one.want(9)
    while one.flights.idle < 2:
        one.flights.poll(1)
    for number in range(2):
        one.send(f"cargo {number}")
    return one


def test_answers_that_come_together_are_dealt_with_together(flight: NewFlight) -> None:
    """The first waits for the second."""
    turn = iter([0.0, 0.2])

    def script(talk: Talk) -> None:
        talk.request()
        time.sleep(next(turn))
        talk.say(OK)

    with Server(script) as server:
        outcomes = two_under_way(flight, server).flights.poll(60, gather=5.0)

    assert {outcome.cargo for outcome in outcomes} == {"cargo 0", "cargo 1"}


@pytest.mark.parametrize("timeout", [0, 40])
def test_what_is_handed_over_waits_for_no_answers(flight: NewFlight, timeout: float) -> None:
    """Nor does a caller who has no time."""
    go = threading.Event()

    def script(talk: Talk) -> None:
        talk.request()
        go.wait(60)
        talk.say(OK)

    with Server(script) as server:
        one = two_under_way(flight, server)
        one.bell.ring()
        started = time.monotonic()
        one.flights.poll(timeout, gather=50.0)
        waited = time.monotonic() - started
        go.set()

    assert waited < 30


def test_opens_no_more_connections_than_it_may(flight: NewFlight) -> None:
    """Capacity bounds connections, and few requests open few."""
    with Server(answering()) as server:
        one = flight(server.dsn, 2)
        assert one.want(1)
        assert not one.want(1)  # one request, one connection on its way
        assert one.want(5)
        assert not one.want(5)


@pytest.mark.parametrize("tls", [False, True], ids=["plain", "TLS"])
def test_a_large_body_does_not_block(flight: NewFlight, server_tls: ssl.SSLContext, ca_file: str, *, tls: bool) -> None:
    """While a server reads slowly, starting and polling return at once; in the end all bytes are there."""
    go = threading.Event()
    sizes = []

    def script(talk: Talk) -> None:
        go.wait(60)
        sizes.append(len(talk.request()[2]))
        talk.say(OK)

    with Server(script, tls=server_tls if tls else None) as server:
        one = flight(server.dsn, ca_certs=ca_file)
        one.connect()
        started = time.monotonic()
        one.send("large", b"x" * 20_000_000)
        assert one.flights.poll(0) == []
        blocked = time.monotonic() - started
        go.set()
        outcome = one.next(30)

    assert outcome.answer is not None
    assert sizes == [20_000_000]
    assert blocked < 30


def test_an_answer_before_the_end_of_the_body_counts(flight: NewFlight) -> None:
    """A server that says 413 and closes while the body is still on its way is heard."""

    def script(talk: Talk) -> None:
        talk.sock.recv(1000)
        talk.say(b"HTTP/1.1 413 Too Large\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
        talk.sock.shutdown(socket.SHUT_WR)
        time.sleep(0.2)
        reset(talk)

    with Server(script) as server:
        outcome = flight(server.dsn).post(b"x" * 20_000_000)

    assert outcome.answer is not None
    assert outcome.answer.status == 413


def test_a_dead_kept_connection_is_told_apart(flight: NewFlight) -> None:
    """A request that meets a connection the server had dropped meanwhile is stale, not failed."""
    answered = threading.Event()

    def script(talk: Talk) -> None:
        talk.request()
        talk.say(OK)
        answered.wait(10)
        talk.request()
        reset(talk)

    with Server(script) as server:
        one = flight(server.dsn)
        one.post()
        answered.set()
        outcome = one.post()

    assert (outcome.answer, outcome.stale) == (None, True)
    assert one.flights.open == 0


def test_a_kept_connection_that_closes_is_let_go(flight: NewFlight) -> None:
    """When the server closes an idle connection, it is gone before the next request needs it."""

    def script(talk: Talk) -> None:
        talk.request()
        talk.say(OK)

    with Server(script) as server:
        one = flight(server.dsn)
        one.post()
        for _ in range(100):
            one.flights.poll(0.05)
            if not one.flights.open:
                break

        assert one.flights.open == 0
        assert one.post().answer is not None


@pytest.mark.parametrize(
    "script",
    [
        pytest.param(lambda talk: (talk.request(), reset(talk)), id="reset after the request"),
        pytest.param(lambda talk: (talk.sock.recv(10), reset(talk)), id="reset in the body"),
        pytest.param(lambda talk: talk.request(), id="closed without an answer"),
        pytest.param(lambda talk: (talk.request(), talk.say(b"\x00\x01garbage")), id="garbage"),
        pytest.param(lambda talk: (talk.request(), talk.say(b"HTTP/1.1 200 O")), id="half an answer"),
    ],
)
def test_a_failed_request_is_an_outcome(flight: NewFlight, script: Callable[[Talk], None]) -> None:
    """Whatever goes wrong, the cargo comes back with a reason and the connection is let go."""
    with Server(script) as server:
        one = flight(server.dsn)
        outcome = one.post(b"x" * 100_000)

    assert (outcome.cargo, outcome.answer, outcome.stale) == ("cargo", None, False)
    assert outcome.error
    assert one.flights.open == 0


@pytest.mark.parametrize(
    ("script", "timeouts"),
    [
        pytest.param(lambda talk: (talk.request(), time.sleep(30)), Timeouts(silence=0.3), id="hangs"),
        pytest.param(
            lambda talk: (talk.request(), [(talk.say(bytes([c])), time.sleep(0.05)) for c in OK * 100]),
            Timeouts(total=0.5),
            id="drips",
        ),
        pytest.param(lambda talk: time.sleep(30), Timeouts(silence=0.3), id="does not read"),
    ],
)
def test_patience_has_an_end(flight: NewFlight, script: Callable[[Talk], None], timeouts: Timeouts) -> None:
    """A server that hangs or drips is given up."""
    with Server(script) as server:
        outcome = flight(server.dsn, timeouts=timeouts).post(b"x" * 20_000_000)

    assert (outcome.cargo, outcome.error, outcome.stale) == ("cargo", "no answer in time", False)


def test_an_unused_connection_is_closed(flight: NewFlight) -> None:
    """Idle connections do not stay for ever."""
    with Server(answering()) as server:
        one = flight(server.dsn, timeouts=Timeouts(idle=0.1))
        one.post()
        time.sleep(0.2)
        one.flights.poll(0)

    assert one.flights.open == 0


def test_a_connection_that_comes_too_late_is_not_used(flight: NewFlight, server_tls: ssl.SSLContext) -> None:
    """An attempt to connect that takes too long has failed, even if it succeeds later."""
    handshake = threading.Event()
    with Server(lambda talk: handshake.wait(10)) as server:
        one = flight(server.dsn.replace("http:", "https:"), timeouts=Timeouts(dial=0.2))
        outcome = one.connect()
        handshake.set()
        time.sleep(0.2)
        one.flights.poll(0)

    assert outcome.error == "no connection in time"
    assert one.flights.open == 0


def test_closing_drops_everything(flight: NewFlight) -> None:
    """After a close nothing is open and nothing is under way."""
    with Server(lambda talk: time.sleep(10)) as server:
        one = flight(server.dsn)
        one.connect()
        one.send("cargo")
        under_way = one.flights.cargos
        one.flights.close()

    assert (under_way, one.flights.cargos, one.flights.open) == (["cargo"], [], 0)
