"""Ten thousand processes that live through one outage together (virtual clock, real retry and pacing code)."""

from __future__ import annotations

import pytest

from otel_sentry.delivery.wire.message import Answer
from tests.delivery.rules.fleet import Fleet, outage, refusing

SECONDS = 120


@pytest.mark.parametrize(
    "server",
    [
        pytest.param(outage(SECONDS), id="nobody there"),
        pytest.param(refusing(SECONDS, Answer(503, {})), id="overloaded"),
        pytest.param(refusing(SECONDS, Answer(429, {"retry-after": "60"})), id="limited"),
    ],
)
def test_a_fleet_never_doubles_its_usual_rate(server: object) -> None:
    """Sentry never sees more than twice the usual rate, during the outage or after it, and everything arrives."""
    fleet = Fleet(10_000, 0.05, server)  # type: ignore[arg-type]
    fleet.run(SECONDS * 4)
    usual = fleet.size * fleet.rate

    assert fleet.peak(0, SECONDS, window=15) <= 2 * usual
    assert fleet.peak(SECONDS, SECONDS * 3.9) <= 2 * usual
    # What is left at the end are a few that have just come, and stragglers.
    assert fleet.created - fleet.delivered < fleet.created / 200
    assert fleet.oldest_delay < SECONDS * 3.5
