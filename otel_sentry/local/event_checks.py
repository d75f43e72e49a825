"""Are events, transactions and the smaller items what Sentry's ingest takes? Pure; tables are in `shapes`."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Any, Final

from otel_sentry.local import shapes
from otel_sentry.local.container_checks import age_findings
from otel_sentry.local.fields import Consequence, Field, Finding, epoch_seconds, object_findings, shown
from otel_sentry.protocol import json_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_TRIM: Final = Consequence.TRIMMED
_REFUSE: Final = Consequence.REFUSED


def payload_findings(kind: str, payload: bytes, now: float | None = None) -> Iterator[Finding]:
    """Check the payload of an item that is no container; types without rules yield nothing.

    Args:
        kind: item type.
        payload: as sent.
        now: epoch seconds that the times of transactions are compared with; None does not compare.
    """
    if kind == "replay_recording":
        yield from _recording_findings(payload)
        return
    if kind not in _SHAPES:
        return
    try:
        value = json_text.loads(payload)
    except ValueError as exc:
        yield kind, f"payload is no JSON: {exc}", _REFUSE
        return
    yield from object_findings(value, _SHAPES[kind], kind)
    if isinstance(value, dict) and kind in _DEEPER:
        yield from _DEEPER[kind](value)
        if now is not None and kind == "transaction":
            yield from age_findings(value, now, kind)


def _part(parent: dict[str, Any], key: str) -> dict[str, Any]:
    found = parent.get(key)
    return found if isinstance(found, dict) else {}


def _parts(parent: dict[str, Any], key: str) -> list[Any]:
    """A list, or the list under `values` of Sentry's older spelling."""
    found = parent.get(key)
    if isinstance(found, dict):
        found = found.get("values")
    return found if isinstance(found, list) else []


def _event_findings(event: dict[str, Any]) -> Iterator[Finding]:
    trace = _part(event, "contexts").get("trace")
    if trace is not None:
        for path, reason, _ in object_findings(trace, shapes.TRACE_CONTEXT, "event.contexts.trace"):
            yield path, reason, _TRIM
    yield from object_findings(_part(event, "user"), shapes.USER, "event.user")
    for index, exception in enumerate(_parts(event, "exception")):
        yield from _exception_findings(exception, f"event.exception.values[{index}]")


def _exception_findings(exception: Any, path: str) -> Iterator[Finding]:
    yield from object_findings(exception, shapes.EXCEPTION, path)
    if not isinstance(exception, dict):
        return
    if not exception.get("type") and not exception.get("value"):
        yield path, "has neither type nor value", _TRIM
    if "mechanism" in exception and not _part(exception, "mechanism").get("type"):
        yield f"{path}.mechanism.type", "is missing", _TRIM
    for index, frame in enumerate(_parts(_part(exception, "stacktrace"), "frames")):
        where = f"{path}.stacktrace.frames[{index}]"
        yield from object_findings(frame, shapes.FRAME, where)
        if isinstance(frame, dict) and not any(frame.get(key) for key in ("filename", "function", "module")):
            yield where, "has neither filename nor function", _TRIM


def _transaction_findings(transaction: dict[str, Any]) -> Iterator[Finding]:
    if transaction.get("type") != "transaction":
        yield "transaction.type", f'must be "transaction", not {shown(transaction.get("type"))}', _REFUSE
    trace = _part(transaction, "contexts").get("trace")
    path = "transaction.contexts.trace"
    if trace is None:
        yield path, "is missing", _REFUSE
    else:
        yield from object_findings(trace, shapes.TRACE_CONTEXT, path)
    yield from _order_findings(transaction, "transaction")
    yield from object_findings(_part(transaction, "user"), shapes.USER, "transaction.user")
    for index, span in enumerate(_parts(transaction, "spans")):
        where = f"transaction.spans[{index}]"
        yield from object_findings(span, shapes.V1_SPAN, where)
        if isinstance(span, dict):
            yield from _order_findings(span, where)


def _order_findings(timed: dict[str, Any], path: str) -> Iterator[Finding]:
    start, end = epoch_seconds(timed.get("start_timestamp")), epoch_seconds(timed.get("timestamp"))
    if start is not None and end is not None and start > end:
        yield path, f"ends {start - end:.6f} s before it starts", _REFUSE


def _session_findings(session: dict[str, Any]) -> Iterator[Finding]:
    yield from object_findings(_part(session, "attrs"), shapes.SESSION_ATTRIBUTES, "session.attrs")


def _sessions_findings(sessions: dict[str, Any]) -> Iterator[Finding]:
    yield from object_findings(_part(sessions, "attrs"), shapes.SESSION_ATTRIBUTES, "sessions.attrs")
    for index, aggregate in enumerate(_parts(sessions, "aggregates")):
        yield from object_findings(aggregate, shapes.SESSION_AGGREGATE, f"sessions.aggregates[{index}]")


def _check_in_findings(check_in: dict[str, Any]) -> Iterator[Finding]:
    config = check_in.get("monitor_config")
    if isinstance(config, dict):
        yield from object_findings(config, shapes.MONITOR_CONFIG, "check_in.monitor_config")
        schedule = _part(config, "schedule")
        if schedule.get("type") not in ("crontab", "interval") or schedule.get("value") is None:
            yield "check_in.monitor_config.schedule", "must have type crontab or interval, and a value", _REFUSE


def _client_report_findings(report: dict[str, Any]) -> Iterator[Finding]:
    for index, discarded in enumerate(_parts(report, "discarded_events")):
        yield from object_findings(discarded, shapes.DISCARDED, f"client_report.discarded_events[{index}]")


def _feedback_findings(feedback: dict[str, Any]) -> Iterator[Finding]:
    context = _part(feedback, "contexts").get("feedback")
    yield from object_findings(context, shapes.FEEDBACK_CONTEXT, "feedback.contexts.feedback")


def _recording_findings(payload: bytes) -> Iterator[Finding]:
    """A JSON line with the segment's number, then JSON, usually under zlib; only its start is looked at."""
    head, _, body = payload.partition(b"\n")
    try:
        header = json_text.loads(head)
    except ValueError:
        header = None
    if not isinstance(header, dict) or not isinstance(header.get("segment_id"), int):
        yield "replay_recording", "must start with a JSON line that has segment_id", _REFUSE
        return
    if body[:1] in (b"[", b"{"):
        return
    try:
        zlib.decompressobj().decompress(body, 1)
    except zlib.error:
        yield "replay_recording", "is neither JSON nor zlib behind its first line", _REFUSE


_SHAPES: Final[dict[str, tuple[Field, ...]]] = {
    "event": shapes.EVENT,
    "transaction": shapes.TRANSACTION,
    "span": shapes.V1_SPAN,
    "session": shapes.SESSION,
    "sessions": shapes.SESSIONS,
    "check_in": shapes.CHECK_IN,
    "client_report": shapes.CLIENT_REPORT,
    "replay_event": shapes.REPLAY_EVENT,
    "profile": shapes.PROFILE,
    "profile_chunk": shapes.PROFILE_CHUNK,
    "feedback": (),
}
_DEEPER: Final[dict[str, Callable[[dict[str, Any]], Iterator[Finding]]]] = {
    "event": _event_findings,
    "transaction": _transaction_findings,
    "session": _session_findings,
    "sessions": _sessions_findings,
    "check_in": _check_in_findings,
    "client_report": _client_report_findings,
    "feedback": _feedback_findings,
}
