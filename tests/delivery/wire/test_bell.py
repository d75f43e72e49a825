"""Waking a selector."""

from __future__ import annotations

import selectors

from otel_sentry.delivery.wire.bell import Bell


def test_rings_until_silenced() -> None:
    """A ring ends a wait, however many there were; silence ends the ringing."""
    bell = Bell()
    with selectors.DefaultSelector() as selector:
        selector.register(bell, selectors.EVENT_READ)
        heard = [bool(selector.select(0))]
        for _ in range(100_000):  # more than the pipe holds
            bell.ring()
        heard.append(bool(selector.select(0)))
        while selector.select(0):
            bell.silence()
        heard.append(bool(selector.select(0)))
    bell.close()
    bell.ring()

    assert heard == [False, True, False]
