"""Rates by route."""

from __future__ import annotations

from typing import Any

import pytest

from otel_sentry.otel.route_rates import route_rates

ENTRIES = ("GET /health*=0", "/api/*=0.5", "messaging.system=kafka=0.25", "/^x/=1")


@pytest.mark.parametrize(
    ("name", "attributes", "rate"),
    [
        pytest.param("GET /healthz", {"url.path": "/api/x"}, 0.0, id="the first entry counts"),
        pytest.param("GET", {"url.path": "/api/x"}, 0.5, id="route"),
        pytest.param("process", {"messaging.system": "kafka"}, 0.25, id="attribute"),
        pytest.param("xyz", {}, 1.0, id="expression"),
        pytest.param("other", {}, 0.1, id="everything else"),
    ],
)
def test_rates(name: str, attributes: dict[str, Any], rate: float) -> None:
    """A local root has the rate of the first entry that names it."""
    assert route_rates(ENTRIES, 0.1)(name, attributes) == rate


@pytest.mark.parametrize("entry", ["GET /", "/api=2", "/api=", "=0.5", "/api=half", "/api=nan", "/(/=1"])
def test_bad_entries_are_refused(entry: str) -> None:
    """An entry without pattern or rate is refused."""
    with pytest.raises(ValueError, match=r"rate from 0 to 1|regular expression"):
        route_rates([entry], None)
