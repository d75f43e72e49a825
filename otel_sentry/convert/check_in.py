"""A cron monitor's check-in, from the attributes of a span. Pure. Source: develop docs "check-ins"."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from otel_sentry.convert.values import text

SLUG: Final = "sentry.monitor.slug"
SCHEDULE: Final = "sentry.monitor.schedule"
TIMEZONE: Final = "sentry.monitor.timezone"
NUMBERS: Final = ("checkin_margin", "max_runtime", "failure_issue_threshold", "recovery_threshold")
"""Of the monitor's configuration: `sentry.monitor.<name>`; minutes, and numbers of check-ins."""

UNITS: Final = frozenset({"minute", "hour", "day", "week", "month", "year"})
"""Of a schedule such as `10 minutes`."""

_LONGEST_SLUG: Final = 50
_NANOSECONDS: Final = 1_000_000_000


def monitor_slug(attributes: Mapping[str, Any]) -> str | None:
    """The monitor that a span is a run of; None for every other span."""
    said = attributes.get(SLUG)
    return text(said).strip()[:_LONGEST_SLUG] or None if said is not None else None


def check_in_payload(
    slug: str,
    attributes: Mapping[str, Any],
    *,
    trace_id: int,
    span_id: int,
    status: str,
    duration_ns: int | None = None,
    release: str | None = None,
    environment: str | None = None,
) -> dict[str, Any]:
    """The check-in of one run.

    Args:
        slug: of the monitor.
        attributes: of the span, for the monitor's configuration.
        trace_id: of the span.
        span_id: of the span; both together are the check-in's id, so that begin and end find each other.
        status: `in_progress`, `ok` or `error`.
        duration_ns: of a run that has ended.
        release: of the service.
        environment: of the service.
    """
    payload = {
        "check_in_id": f"{trace_id & 0xFFFF_FFFF_FFFF_FFFF:016x}{span_id:016x}",
        "monitor_slug": slug,
        "status": status,
        "duration": None if duration_ns is None else duration_ns / _NANOSECONDS,
        "release": release,
        "environment": environment,
        "monitor_config": monitor_config(attributes),
        "contexts": {"trace": {"trace_id": f"{trace_id:032x}"}},
    }
    return {name: value for name, value in payload.items() if value is not None}


def monitor_config(attributes: Mapping[str, Any]) -> dict[str, Any] | None:
    """What makes or changes the monitor; None without a schedule that can be read."""
    schedule = _schedule(text(attributes.get(SCHEDULE, "")))
    if schedule is None:
        return None
    numbers = {name: attributes.get(f"sentry.monitor.{name}") for name in NUMBERS}
    found = {name: value for name, value in numbers.items() if isinstance(value, int) and value > 0}
    zone = attributes.get(TIMEZONE)
    return {"schedule": schedule, **found, **({"timezone": text(zone)} if zone else {})}


def _schedule(said: str) -> dict[str, Any] | None:
    """`*/5 * * * *` or `@daily` is a crontab, `10 minutes` an interval."""
    words = said.split()
    if len(words) == 5 or (len(words) == 1 and said.startswith("@")):
        return {"type": "crontab", "value": " ".join(words)}
    unit = words[-1].lower().removesuffix("s") if len(words) == 2 else ""
    if unit in UNITS and words[0].isdecimal() and int(words[0]) > 0:
        return {"type": "interval", "value": int(words[0]), "unit": unit}
    return None
