"""Span events that are no exceptions, kept as breadcrumbs for the issues of their local root. Bounded, no I/O."""

from __future__ import annotations

import weakref
from collections import deque
from collections.abc import Iterable
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any, Final

from otel_sentry.convert.values import plain_values
from otel_sentry.issues.live_exception import EXCEPTION_EVENT
from otel_sentry.protocol.valid_text import valid_text

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import Event, ReadableSpan

    from otel_sentry.issues.segment_view import SegmentView

Breadcrumb = dict[str, Any]

MAX_BREADCRUMBS: Final = 100
"""Breadcrumbs kept of one local root; sentry-sdk's `max_breadcrumbs` has the same default."""
_MAX_TEXT = 1024
_MAX_VALUES = 20


class SpanBreadcrumbs:
    """Events of ended spans, by local root; they go when their root goes."""

    def __init__(self) -> None:
        self._events: weakref.WeakKeyDictionary[SegmentView, deque[tuple[str, Event]]] = weakref.WeakKeyDictionary()

    def add(self, span: ReadableSpan, segment: SegmentView) -> None:
        """Keep the events of a span that has ended or is ending."""
        home = segment.plain
        kept = self._events.get(home)
        if kept is None:
            kept = self._events[home] = deque(maxlen=MAX_BREADCRUMBS)
        kept.extend((span.name, event) for event in span.events if event.name != EXCEPTION_EVENT)

    def of(self, segment: SegmentView, until: datetime) -> list[Breadcrumb]:
        """What had happened under `segment` when an exception was seen, in order, with the open root's own events."""
        events = list(self._events.get(segment.plain, ()))
        root = segment.root
        if root is not None:
            events += [(root.name, event) for event in root.events if event.name != EXCEPTION_EVENT]
        # An event of an ending root is there twice: once from `add`, once from the root itself.
        distinct = {id(event): (span_name, event) for span_name, event in events}
        crumbs = [_breadcrumb(span_name, event) for span_name, event in distinct.values()]
        early = sorted((crumb for crumb in crumbs if crumb["timestamp"] <= until), key=lambda crumb: crumb["timestamp"])
        return early[-MAX_BREADCRUMBS:]


def merge(event: dict[str, Any], crumbs: Iterable[Breadcrumb]) -> None:
    """Add breadcrumbs to an event, in order of time."""
    crumbs = list(crumbs)
    found = event.get("breadcrumbs")
    values = found.get("values") if isinstance(found, dict) else found
    if not crumbs or (values is not None and not isinstance(values, list)):
        return
    event["breadcrumbs"] = {"values": sorted([*(values or ()), *crumbs], key=_moment)}


def without_later(event: dict[str, Any], until: datetime) -> None:
    """Drop the breadcrumbs that sentry-sdk's scope collected after the exception."""
    found = event.get("breadcrumbs")
    values = found.get("values") if isinstance(found, dict) else None
    if isinstance(values, list):
        event["breadcrumbs"] = {"values": [crumb for crumb in values if _moment(crumb) <= until.timestamp()]}


def moment(timestamp_ns: int | None) -> datetime:
    """A time of OpenTelemetry as sentry-sdk has it."""
    return datetime.fromtimestamp((timestamp_ns or 0) / 1e9, timezone.utc)


def _breadcrumb(span_name: str, event: Event) -> Breadcrumb:
    attributes = dict(list((event.attributes or {}).items())[:_MAX_VALUES])
    return {
        "type": "default",
        "category": valid_text(span_name[:_MAX_TEXT]),
        "message": valid_text(event.name[:_MAX_TEXT]),
        "level": "info",
        "timestamp": moment(event.timestamp),
        "data": {key: _short(value) for key, value in plain_values(attributes).items()},
    }


def _short(value: Any) -> Any:
    return value[:_MAX_TEXT] if isinstance(value, (str, list)) else value


def _moment(crumb: Breadcrumb) -> float:
    at = crumb.get("timestamp")
    if isinstance(at, datetime):
        return (at if at.tzinfo else at.replace(tzinfo=timezone.utc)).timestamp()
    if isinstance(at, (int, float)):
        return float(at)
    try:
        return _moment({"timestamp": datetime.fromisoformat(str(at).replace("Z", "+00:00"))})
    except ValueError:
        return 0.0
