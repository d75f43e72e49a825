"""Issues of the same fault as one entry: how often, since when, whom it met, the newest of them whole. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from otel_sentry.local.rows import IssueRow, rows_of
from otel_sentry.local.trace_view import issue_json

if TYPE_CHECKING:
    from collections.abc import Iterable

    from otel_sentry.local.arrivals import Arrival

_MAX_EVENTS: Final = 50


def issue_groups(arrivals: Iterable[Arrival]) -> list[dict[str, Any]]:
    """Group by fingerprint, else by type and place; the group that was seen last comes first.

    Args:
        arrivals: of `Kind.ISSUE`, oldest first.

    Returns:
        JSON; `events` are the newest fifty of each group, newest first, `latest` is the payload of the first of them.
    """
    groups: dict[str, dict[str, Any]] = {}
    for arrival in arrivals:
        for row in rows_of([arrival]):
            if isinstance(row, IssueRow):
                key = _key(arrival.payload, row)
                group = groups.pop(key, None) or {"key": key, "count": 0, "first": row.at, "users": {}, "events": []}
                groups[key] = group
                _add(group, row, arrival.payload)
    for group in groups.values():
        group["users"] = list(group["users"])
        group["events"] = group["events"][::-1][:_MAX_EVENTS]
    return list(groups.values())[::-1]


def _add(group: dict[str, Any], row: IssueRow, payload: dict[str, Any]) -> None:
    group["count"] += 1
    group["title"], group["place"], group["level"], group["handled"] = row.title, row.place, row.level, row.handled
    group["first"], group["last"] = min(group["first"], row.at), row.at
    group["latest"] = payload
    group["events"].append(issue_json(row, 0.0))
    if row.user is not None:
        group["users"][row.user] = None


def _key(payload: dict[str, Any], row: IssueRow) -> str:
    fingerprint = payload.get("fingerprint")
    if isinstance(fingerprint, list) and fingerprint and "{{ default }}" not in fingerprint:
        return "fingerprint " + " ".join(map(str, fingerprint))
    kind = row.title.partition(":")[0] if row.place else row.title
    return f"{kind} at {row.place}" if row.place else kind
