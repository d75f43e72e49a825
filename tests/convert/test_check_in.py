"""Check-ins of cron monitors, from the attributes of a span."""

from __future__ import annotations

from typing import Any

import pytest

from otel_sentry.convert.check_in import check_in_payload, monitor_config, monitor_slug


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        pytest.param("nightly", "nightly", id="a name"),
        pytest.param(" x" * 99, ("x" + " x" * 24 + " "), id="a long one is cut"),
        pytest.param(7, "7", id="a number"),
        pytest.param("  ", None, id="blank"),
        pytest.param(None, None, id="none"),
    ],
)
def test_slug(said: Any, expected: str | None) -> None:
    """Which monitor a span is a run of."""
    assert monitor_slug({"sentry.monitor.slug": said}) == expected


@pytest.mark.parametrize(
    ("schedule", "expected"),
    [
        pytest.param("*/5 * * * *", {"type": "crontab", "value": "*/5 * * * *"}, id="crontab"),
        pytest.param("@daily", {"type": "crontab", "value": "@daily"}, id="crontab's word"),
        pytest.param("10 minutes", {"type": "interval", "value": 10, "unit": "minute"}, id="interval"),
        pytest.param("1 Hour", {"type": "interval", "value": 1, "unit": "hour"}, id="singular"),
    ],
)
def test_schedule(schedule: str, expected: dict[str, Any]) -> None:
    """Both ways to say when."""
    assert monitor_config({"sentry.monitor.schedule": schedule}) == {"schedule": expected}


@pytest.mark.parametrize("schedule", ["", "often", "0 minutes", "ten minutes", "10 fortnights", "* * *"])
def test_no_schedule_no_configuration(schedule: str) -> None:
    """What cannot be read changes no monitor."""
    assert monitor_config({"sentry.monitor.schedule": schedule}) is None


def test_configuration() -> None:
    """Minutes and numbers besides; what is no positive number is left out."""
    found = monitor_config(
        {
            "sentry.monitor.schedule": "1 day",
            "sentry.monitor.timezone": "Europe/Zurich",
            "sentry.monitor.checkin_margin": 5,
            "sentry.monitor.max_runtime": "long",
            "sentry.monitor.recovery_threshold": 0,
        }
    )

    assert found == {
        "schedule": {"type": "interval", "value": 1, "unit": "day"},
        "checkin_margin": 5,
        "timezone": "Europe/Zurich",
    }


def test_begin_and_end_are_one_check_in() -> None:
    """Same id, same trace; only the end has a duration, in seconds."""
    ids: Any = {"trace_id": 0xABC << 64 | 1, "span_id": 2}
    begin = check_in_payload("nightly", {}, status="in_progress", **ids)
    end = check_in_payload("nightly", {}, status="ok", duration_ns=1_500_000_000, release="1", environment="e", **ids)

    assert begin == {
        "check_in_id": "00000000000000010000000000000002",
        "monitor_slug": "nightly",
        "status": "in_progress",
        "contexts": {"trace": {"trace_id": f"{0xABC << 64 | 1:032x}"}},
    }
    assert end == {**begin, "status": "ok", "duration": 1.5, "release": "1", "environment": "e"}
