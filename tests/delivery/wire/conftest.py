"""Certificates, and a carrier as the delivery thread would use it."""

from __future__ import annotations

import ssl
import time
from typing import TYPE_CHECKING, Any

import pytest
import trustme
from sentry_sdk.consts import DEFAULT_OPTIONS

from otel_sentry.delivery.wire.bell import Bell
from otel_sentry.delivery.wire.dialler import Urllib3Dialler
from otel_sentry.delivery.wire.in_flight import Flights, Timeouts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from otel_sentry.delivery.wire.carrier import Outcome


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    """A certificate authority of one's own."""
    return trustme.CA()


@pytest.fixture
def ca_file(authority: trustme.CA, tmp_path: Path) -> str:
    """Its certificate as a file."""
    path = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(str(path))
    return str(path)


@pytest.fixture
def server_tls(authority: trustme.CA) -> ssl.SSLContext:
    """TLS of a server on loopback."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1", "localhost", "::1").configure_cert(context)
    return context


class Flight:
    """Sends requests through real `Flights` and waits for what becomes of them."""

    def __init__(self, dsn: str, capacity: int = 1, timeouts: Timeouts | None = None, **options: Any) -> None:
        scheme, _, rest = dsn.partition("://")
        host = rest.partition("@")[2].rpartition("/")[0]
        self._capacity = capacity
        self.bell = Bell()
        self.dialler = Urllib3Dialler(
            {**DEFAULT_OPTIONS, "dsn": dsn, **options}, f"{scheme}://{host}/api/1/envelope/", {"X-Sentry-Auth": "k"}
        )
        self.flights: Flights[str] = Flights(self.dialler, self.bell.ring, timeouts)
        self.flights.watch(self.bell, self.bell.silence)

    def want(self, waiting: int) -> bool:
        """Open one more connection, if there are fewer than it may have."""
        return self.flights.want(waiting, self._capacity)

    def connect(self, timeout: float = 10.0) -> Outcome[str]:
        """Open one connection."""
        assert self.want(1 + self.flights.open)
        return self.next(timeout)

    def send(self, cargo: str, body: bytes = b"body") -> None:
        """Start a request on an open connection."""
        self.flights.start(cargo, "", body)

    def next(self, timeout: float = 10.0) -> Outcome[str]:
        """Wait for one outcome."""
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            outcomes = self.flights.poll(0.1)
            if outcomes:
                assert len(outcomes) == 1
                return outcomes[0]
        raise TimeoutError

    def post(self, body: bytes = b"body") -> Outcome[str]:
        """Connect if need be, and send one request."""
        if not self.flights.idle:
            outcome = self.connect()
            if outcome.error:
                return outcome
        self.send("cargo", body)
        return self.next()


@pytest.fixture
def flight() -> Iterator[Callable[..., Flight]]:
    """`flight(dsn, capacity=1, timeouts=None, **sentry_options)`; closed at the end."""
    made: list[Flight] = []

    def make(*args: Any, **options: Any) -> Flight:
        made.append(Flight(*args, **options))
        return made[-1]

    yield make
    for one in made:
        one.flights.close()
        one.bell.close()
