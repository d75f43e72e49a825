"""sentry-sdk's hooks on logs and metrics: `before_send_log`, `before_send_metric`. Slow, only where set.

They see the shapes of `Log` and `Metric` in sentry-sdk 2.75 (`sentry_sdk/_types.py`), attributes as plain values. What
they raise is the caller's to handle.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from otel_sentry.convert.values import attributes as typed_attributes
from otel_sentry.protocol.json_text import dumps, loads

Hook = Callable[..., Any]

_NANOSECONDS: Final = 1_000_000_000
_OPTIONAL: Final = ("span_id", "unit")


def edited_log(log_json: bytes, hook: Hook) -> bytes | None:
    """A log as `before_send_log` wants it; None when it does not want it.

    Args:
        log_json: one item of a log container.
        hook: may change body, level (`severity_text`), ids and attributes.
    """
    log = loads(log_json)
    shown = {
        "severity_text": log["level"],
        "severity_number": log.get("severity_number", 0),
        "body": log["body"],
        "attributes": _plain(log),
        "time_unix_nano": round(log["timestamp"] * _NANOSECONDS),
        "trace_id": log["trace_id"],
        "span_id": log.get("span_id"),
    }
    before = dict(shown)
    answer = hook(shown, {})
    if answer is None:
        return None
    changed = {
        "level": str(answer["severity_text"]),
        "body": str(answer["body"]),
        "trace_id": answer.get("trace_id") or log["trace_id"],
        "span_id": answer.get("span_id"),
        "attributes": _typed(log, answer),
    }
    if answer["time_unix_nano"] != before["time_unix_nano"]:
        changed["timestamp"] = int(answer["time_unix_nano"]) / _NANOSECONDS
    if answer.get("severity_number"):
        changed["severity_number"] = answer["severity_number"]
    return _encoded(log, changed)


def edited_metric(metric_json: bytes, hook: Hook) -> bytes | None:
    """A metric as `before_send_metric` wants it; None when it does not want it.

    Args:
        metric_json: one item of a trace-metric container.
        hook: may change anything.
    """
    metric = loads(metric_json)
    answer = hook({"span_id": None, "unit": None, **metric, "attributes": _plain(metric)}, {})
    if answer is None:
        return None
    return _encoded(metric, {**answer, "attributes": _typed(metric, answer)})


def _plain(item: Mapping[str, Any]) -> dict[str, Any]:
    return {name: typed["value"] for name, typed in item["attributes"].items()}


def _typed(item: Mapping[str, Any], answer: Mapping[str, Any]) -> dict[str, Any]:
    """The answer's attributes; those that are as they were keep their types and units."""
    typed, found = item["attributes"], answer.get("attributes") or {}
    same = {name: typed[name] for name, value in found.items() if name in typed and typed[name]["value"] == value}
    return {**same, **typed_attributes({name: value for name, value in found.items() if name not in same})}


def _encoded(item: Mapping[str, Any], changed: Mapping[str, Any]) -> bytes:
    whole = {**item, **changed}
    return dumps({name: value for name, value in whole.items() if name not in _OPTIONAL or value is not None})
