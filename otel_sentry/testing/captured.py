"""What was captured, as typed values: payloads of the wire in, values out. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from otel_sentry.local.arrivals import attribute_values

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class CapturedUser:
    """Whom Sentry would show: `id` and `name` are the wallet where nothing else is known."""

    id: str | None = None
    name: str | None = None
    email: str | None = None

    def __str__(self) -> str:
        return f"{self.name} ({self.id})" if self.name and self.id and self.name != self.id else self.id or "nobody"


@dataclass(frozen=True, slots=True)
class CapturedSpan:
    """A span as Sentry would show it.

    Attributes:
        name: such as `GET /users/{id}`.
        op: such as `http.server`; empty if it has none.
        status: `ok` or `error`.
        user: None if nobody is known.
        attributes: as plain values.
        trace_id: 32 hex digits.
        span_id: 16 hex digits.
        parent_span_id: the same; None for a root.
        is_segment: whether it is the local root.
        start: seconds since 1970.
        end: the same.
        payload: the wire's own JSON object.
    """

    name: str
    op: str
    status: str
    user: CapturedUser | None
    attributes: Mapping[str, Any]
    trace_id: str
    span_id: str
    parent_span_id: str | None
    is_segment: bool
    start: float
    end: float
    payload: Mapping[str, Any] = field(repr=False)


@dataclass(frozen=True, slots=True)
class CapturedIssue:
    """An error or message event.

    Attributes:
        type: name of the exception's class without its module; empty for a message.
        value: text of the exception or the message.
        level: `error`, `fatal`, …
        handled: whether the application dealt with the exception.
        user: None if nobody is known.
        frames: `module:function`, the innermost last.
        trace_id: 32 hex digits; None outside a trace.
        span_id: 16 hex digits of the span it happened in; None outside a trace.
        payload: the wire's own JSON object.
    """

    type: str
    value: str
    level: str
    handled: bool
    user: CapturedUser | None
    frames: tuple[str, ...]
    trace_id: str | None
    span_id: str | None
    payload: Mapping[str, Any] = field(repr=False)

    @property
    def title(self) -> str:
        """`type: value`."""
        return f"{self.type}: {self.value}" if self.type else self.value


@dataclass(frozen=True, slots=True)
class CapturedLog:
    """A log line; `level` is trace, debug, info, warn, error or fatal."""

    level: str
    body: str
    attributes: Mapping[str, Any]
    trace_id: str | None
    span_id: str | None
    at: float
    payload: Mapping[str, Any] = field(repr=False)


@dataclass(frozen=True, slots=True)
class CapturedMetric:
    """One measurement; `type` is counter, gauge or distribution, `unit` None if it has none."""

    name: str
    type: str
    value: float
    unit: str | None
    attributes: Mapping[str, Any]
    trace_id: str | None
    payload: Mapping[str, Any] = field(repr=False)


def captured_span(payload: dict[str, Any]) -> CapturedSpan:
    """A span of the wire; those of transactions in span v2 shape."""
    attributes: dict[str, Any] = attribute_values(payload).get("attributes") or {}
    return CapturedSpan(
        name=payload.get("name", ""),
        op=attributes.get("sentry.op") or "",
        status=payload.get("status", "ok"),
        user=_user({key: attributes.get(f"user.{key}") for key in ("id", "name", "email")}),
        attributes=attributes,
        trace_id=payload["trace_id"],
        span_id=payload["span_id"],
        parent_span_id=payload.get("parent_span_id"),
        is_segment=payload.get("is_segment") is True,
        start=payload["start_timestamp"],
        end=payload["end_timestamp"],
        payload=payload,
    )


def captured_issue(event: dict[str, Any]) -> CapturedIssue:
    """An event of the wire; of several exceptions the one that was raised last."""
    values = (event.get("exception") or {}).get("values") or [{}]
    exception: dict[str, Any] = values[-1]
    trace: dict[str, Any] = (event.get("contexts") or {}).get("trace") or {}
    user: dict[str, Any] = event.get("user") or {}
    frames = (exception.get("stacktrace") or {}).get("frames") or []
    logged: dict[str, Any] = event.get("logentry") or {}
    return CapturedIssue(
        type=exception.get("type") or "",
        value=exception.get("value") or event.get("message") or logged.get("formatted") or logged.get("message") or "",
        level=event.get("level", "error"),
        handled=(exception.get("mechanism") or {}).get("handled") is not False,
        user=_user({"id": user.get("id"), "name": user.get("username"), "email": user.get("email")}),
        frames=tuple(f"{frame.get('module') or '?'}:{frame.get('function') or '?'}" for frame in frames),
        trace_id=trace.get("trace_id"),
        span_id=trace.get("span_id"),
        payload=event,
    )


def captured_log(payload: dict[str, Any]) -> CapturedLog:
    """A log item of the wire."""
    return CapturedLog(
        level=payload.get("level", "info"),
        body=payload.get("body", ""),
        attributes=attribute_values(payload).get("attributes") or {},
        trace_id=payload.get("trace_id"),
        span_id=payload.get("span_id"),
        at=payload["timestamp"],
        payload=payload,
    )


def captured_metric(payload: dict[str, Any]) -> CapturedMetric:
    """A metric item of the wire."""
    return CapturedMetric(
        name=payload.get("name", ""),
        type=payload.get("type", ""),
        value=payload["value"],
        unit=payload.get("unit"),
        attributes=attribute_values(payload).get("attributes") or {},
        trace_id=payload.get("trace_id"),
        payload=payload,
    )


def _user(said: Mapping[str, Any]) -> CapturedUser | None:
    known = {key: str(value) for key, value in said.items() if value is not None}
    return CapturedUser(**known) if known else None
