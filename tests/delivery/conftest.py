"""Transports that deliver to the embedded Sentry, impatient where the real ones are patient."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest
from sentry_sdk.consts import DEFAULT_OPTIONS

from otel_sentry.delivery.rules.retry import Backoff
from otel_sentry.delivery.transport import SentryTransport
from otel_sentry.delivery.tuning import Tuning
from otel_sentry.delivery.wire.in_flight import Timeouts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

IMPATIENT: dict[str, Any] = {
    "backoff": Backoff(0.02, 0.2),
    "timeouts": Timeouts(dial=2.0, silence=1.0, total=3.0, idle=30.0),
    "spool_after_seconds": 0.05,
    "spool_patrol_seconds": 0.2,
    "report_seconds": 3600.0,
}
"""Seconds become fractions, so that outages fit into a test. Client reports go with a flush only."""


def new_transport(dsn: str, options: dict[str, Any] | None = None, **tuning: Any) -> SentryTransport:
    """A transport with fast retries."""
    return SentryTransport({**DEFAULT_OPTIONS, "dsn": dsn, **(options or {})}, tuning=Tuning(**{**IMPATIENT, **tuning}))


@pytest.fixture
def transport() -> Iterator[Callable[..., SentryTransport]]:
    """`transport(dsn, options=None, **tuning)`; killed at the end, with its books checked."""
    made: list[SentryTransport] = []

    def make(*args: Any, **tuning: Any) -> SentryTransport:
        made.append(new_transport(*args, **tuning))
        return made[-1]

    yield make
    for one in made:
        one.kill()
    for one in made:
        wait_until(lambda one=one: one._courier._thread is None)  # type: ignore[misc]
        assert all(balance.balanced for balance in one.ledger.snapshot().values())


def wait_until(true: Callable[[], object], timeout: float = 20.0) -> None:
    """Return as soon as something is true.

    Raises:
        TimeoutError: it did not become true.
    """
    deadline = time.monotonic() + timeout
    while not true():
        if time.monotonic() > deadline:
            raise TimeoutError
        time.sleep(0.01)
