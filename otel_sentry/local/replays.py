"""Session replays as the page lists them: which traces and which user each belongs to. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable


def replay_rows(events: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """One row per replay, the latest first; a replay arrives in segments, each of which knows a part.

    Args:
        events: `replay_event` payloads in the order of arrival.

    Returns:
        The newest payload of each, with the `urls` and `trace_ids` of all its segments and their number.
    """
    rows: dict[str, dict[str, Any]] = {}
    for event in events:
        replay_id = str(event.get("replay_id"))
        before = rows.pop(replay_id, {})
        rows[replay_id] = {
            **before,
            **event,
            "user": event.get("user") or before.get("user"),
            "urls": _joined(before, event, "urls"),
            "trace_ids": _joined(before, event, "trace_ids"),
            "segments": before.get("segments", 0) + 1,
        }
    return list(rows.values())[::-1]


def is_of_user(row: dict[str, Any], user: str) -> bool:
    """Whether a replay is the user's whom a text names as traces do: `id`, `name`, or `name (id)`."""
    told = row["user"] if isinstance(row["user"], dict) else {}
    known = {str(told[name]) for name in ("id", "username", "email") if told.get(name)}
    name, _, rest = user.partition(" (")
    return bool(known & {user, name, rest.removesuffix(")")})


def _joined(before: dict[str, Any], event: dict[str, Any], name: str) -> list[str]:
    listed = event.get(name)
    return list(dict.fromkeys([*before.get(name, ()), *map(str, listed if isinstance(listed, list) else ())]))
