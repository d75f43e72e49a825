"""Requests a second: in all, and of one client."""

from __future__ import annotations

import pytest

from otel_sentry.web.rate_cap import MAX_CLIENTS, RateCap


def taken(cap: RateCap, client: str | None, now: float, tries: int) -> int:
    """How many of so many requests are taken at one moment."""
    return sum(cap.wait(client, now) == 0 for _ in range(tries))


def test_five_seconds_worth_may_come_at_once_then_the_rate_holds() -> None:
    """A page that loads sends a few envelopes together; after that it is so many a second."""
    cap = RateCap(10)

    assert taken(cap, None, 0, 100) == 50
    assert taken(cap, None, 1, 100) == 10


def test_one_client_has_a_fifth() -> None:
    """What one client may not send, another one may."""
    cap = RateCap(10)

    assert taken(cap, "a", 0, 100) == 10
    assert taken(cap, "b", 0, 100) == 10


def test_says_how_long_to_wait() -> None:
    """The wait is over exactly when it said so."""
    cap = RateCap(4)
    taken(cap, None, 0, 100)

    assert cap.wait(None, 0) == pytest.approx(0.25)
    assert cap.wait(None, 0.25) == 0


def test_a_refused_request_costs_nothing() -> None:
    """Trying again and again does not push the moment away."""
    cap = RateCap(1)
    taken(cap, "a", 0, 1000)

    assert cap.wait("a", 1) == 0


def test_remembers_a_bounded_number_of_clients() -> None:
    """An attacker with many addresses does not fill memory; who was silent longest is forgotten."""
    cap = RateCap(10**9)
    for number in range(MAX_CLIENTS + 10):
        cap.wait(str(number), 0)

    assert len(cap._clients) == MAX_CLIENTS
    assert "0" not in cap._clients
