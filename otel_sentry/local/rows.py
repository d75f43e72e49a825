"""What a view shows of a span, an issue, a log line: small, typed, without the rest of the payload. Pure, tolerant."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from otel_sentry.local.arrivals import Arrival, Kind
from otel_sentry.local.fields import epoch_seconds, text_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

_LEAST_SECOND: Final = 0.9995
_LEAST_MILLISECOND: Final = 0.0009995
"""Where rounding reaches the next unit."""
_SERVICE_KEYS = ("service.name", "resource.service.name", "sentry.sdk.name")
_USER_ID_KEYS = ("user.id", "wallet.address")
_USER_NAME_KEYS = ("user.name", "wallet.name", "user.email", "wallet.address")
_READ_KEYS = ("sentry.op", *_SERVICE_KEYS, *_USER_ID_KEYS, *_USER_NAME_KEYS)


@dataclass(frozen=True, slots=True)
class SpanRow:
    """A span; times are epoch seconds, `user` is ready to be read."""

    trace_id: str
    span_id: str
    parent_id: str | None
    name: str
    op: str
    failed: bool
    start: float
    end: float
    is_segment: bool
    service: str | None
    user: str | None


@dataclass(frozen=True, slots=True)
class IssueRow:
    """An error or message event: `title` is `type: value`, `place` its innermost frame of the application."""

    trace_id: str | None
    span_id: str | None
    title: str
    place: str | None
    level: str
    handled: bool
    user: str | None
    at: float


@dataclass(frozen=True, slots=True)
class LogRow:
    """A log line."""

    trace_id: str | None
    span_id: str | None
    level: str
    body: str
    at: float


Row = SpanRow | IssueRow | LogRow


def rows_of(arrivals: Iterable[Arrival]) -> list[Row]:
    """Rows of what has one, in the same order; arrivals of other kinds are left out."""
    return [_READERS[arrival.kind](arrival.payload) for arrival in arrivals if arrival.kind in _READERS]


def _span_row(span: dict[str, Any]) -> SpanRow:
    attributes = _values(span.get("attributes"))
    start = epoch_seconds(span.get("start_timestamp")) or 0.0
    end = epoch_seconds(span.get("end_timestamp"))
    parent = text_of(span, "parent_span_id")
    return SpanRow(
        trace_id=text_of(span, "trace_id") or "",
        span_id=text_of(span, "span_id") or "",
        parent_id=parent or None,
        name=text_of(span, "name") or "<unknown>",
        op=text_of(attributes, "sentry.op") or "",
        failed=span.get("status") == "error",
        start=start,
        end=start if end is None or end < start else end,
        is_segment=span.get("is_segment") is True,
        service=_first_text(attributes, _SERVICE_KEYS),
        user=_person(_first_text(attributes, _USER_ID_KEYS), _first_text(attributes, _USER_NAME_KEYS)),
    )


def _issue_row(event: dict[str, Any]) -> IssueRow:
    context = _object(_object(event.get("contexts")).get("trace"))
    user = _object(event.get("user"))
    exception = _object(_last(event.get("exception")))
    mechanism = _object(exception.get("mechanism"))
    return IssueRow(
        trace_id=text_of(context, "trace_id"),
        span_id=text_of(context, "span_id"),
        title=_title(event, exception),
        place=_place(_object(exception.get("stacktrace")).get("frames")),
        level=text_of(event, "level") or "error",
        handled=mechanism.get("handled") is not False,
        user=_person(_first_text(user, ("id", "username", "email")), _first_text(user, ("username", "email"))),
        at=epoch_seconds(event.get("timestamp")) or 0.0,
    )


def _log_row(log: dict[str, Any]) -> LogRow:
    return LogRow(
        trace_id=text_of(log, "trace_id"),
        span_id=text_of(log, "span_id"),
        level=text_of(log, "level") or "info",
        body=text_of(log, "body") or "",
        at=epoch_seconds(log.get("timestamp")) or 0.0,
    )


_READERS: Final[dict[Kind, Callable[[dict[str, Any]], Row]]] = {
    Kind.SPAN: _span_row,
    Kind.ISSUE: _issue_row,
    Kind.LOG: _log_row,
}


def duration_text(seconds: float) -> str:
    """A duration as people read it, never wider than nine characters: `420 µs`, `12.3 ms`, `1.23 s`, `12 m 04 s`."""
    if not math.isfinite(seconds) or seconds >= 3600 * 1000:
        return "> 999 h"
    if seconds >= 3600:
        return f"{seconds / 3600:.1f} h"
    if seconds >= 60:
        return f"{int(seconds // 60)} m {int(seconds % 60):02} s"
    if seconds >= _LEAST_MILLISECOND:
        amount, unit = (seconds, "s") if seconds >= _LEAST_SECOND else (seconds * 1e3, "ms")
        return f"{amount:.{0 if amount >= 99.95 else 1 if amount >= 9.995 else 2}f} {unit}"
    return f"{max(seconds, 0.0) * 1e6:.0f} µs"


def _title(event: dict[str, Any], exception: Mapping[str, Any]) -> str:
    """`type: value` of the exception that was raised last, else the message."""
    parts = [text for key in ("type", "value") if (text := text_of(exception, key))]
    if parts:
        return ": ".join(parts)
    logged = _object(event.get("logentry"))
    return _first_text(logged, ("formatted", "message")) or text_of(event, "message") or "<no message>"


def _place(frames: Any) -> str | None:
    """Innermost frame of the application, else the innermost at all, as `file:line in function`."""
    known = [frame for frame in frames if isinstance(frame, dict)] if isinstance(frames, list) else []
    if not known:
        return None
    frame = next((frame for frame in reversed(known) if frame.get("in_app") is True), known[-1])
    file = _first_text(frame, ("filename", "module", "abs_path")) or "?"
    return f"{file}:{frame.get('lineno') or '?'} in {text_of(frame, 'function') or '?'}"


def _person(user_id: str | None, name: str | None) -> str | None:
    return f"{name} ({user_id})" if user_id and name and name != user_id else user_id or name


def _values(attributes: Any) -> dict[str, Any]:
    """Plain values of the attributes that a row reads; there may be a hundred others."""
    typed = _object(attributes)
    found = ((key, typed[key]) for key in _READ_KEYS if key in typed)
    return {key: value.get("value") if isinstance(value, dict) else value for key, value in found}


def _last(values: Any) -> Any:
    found = values.get("values") if isinstance(values, dict) else values
    return found[-1] if isinstance(found, list) and found else None


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _first_text(values: Mapping[str, Any], keys: Iterable[str]) -> str | None:
    return next((text for key in keys if (text := text_of(values, key))), None)
