"""Sentry's own normaliser (sentry-relay, the library inside Relay) as a judge of events and transactions."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from sentry_relay.processing import StoreNormalizer

if TYPE_CHECKING:
    from collections.abc import Iterator

_DECADES = 100 * 365 * 86400


def normalised(event: dict[str, Any]) -> dict[str, Any]:
    """An event or transaction as Sentry would store it.

    Raises:
        AssertionError: when Relay refuses it, or notes an error or a cut anywhere in it.
    """
    result, notes = _normalise(event)

    assert notes == []
    return result


def relay_notes(event: dict[str, Any]) -> list[str]:
    """What Relay notes about an event: `path: error`; one line `refused: …` when it does not take it at all."""
    return _normalise(event)[1]


def _normalise(event: dict[str, Any]) -> tuple[dict[str, Any], list[str]]:
    normalizer = StoreNormalizer(
        project_id=1,
        client_ip=None,
        client="otel_sentry/test",
        received_at=datetime.now(timezone.utc).isoformat(),
        is_renormalize=False,
        remove_other=True,
        normalize_user_agent=True,
        max_secs_in_past=_DECADES,  # tests have fixed dates
        max_secs_in_future=_DECADES,
        enable_trimming=True,
    )
    try:
        result: dict[str, Any] = normalizer.normalize_event(event)
    except Exception as error:  # noqa: BLE001  the library raises classes of its own, made at run time
        return {}, [f"refused: {str(error).splitlines()[0]}"]
    return result, list(_notes(result.get("_meta") or {}, ""))


def _notes(meta: Any, path: str) -> Iterator[str]:
    """Errors and remarks of Relay's `_meta` tree; the key "" holds those of a node itself."""
    for key, value in meta.items() if isinstance(meta, dict) else ():
        if key == "":
            yield from (f"{path or '.'}: {note}" for note in (*value.get("err", ()), *value.get("rem", ())))
        else:
            yield from _notes(value, f"{path}.{key}" if path else key)
