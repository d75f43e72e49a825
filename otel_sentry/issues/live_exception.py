"""Which live exception is leaving a span that is about to end. Pure but for `sys.exc_info()` of the calling thread.

Rule: a live exception counts only if the span itself has recorded it (type and message); an unrelated one that is
being handled around the span does not.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import Event, ReadableSpan

EVENT_NAME = "exception"


def exception_events(span: ReadableSpan) -> list[Event]:
    """The span's recorded exceptions, oldest first."""
    return [event for event in span.events if event.name == EVENT_NAME]


def leaving(events: list[Event]) -> BaseException | None:
    """The exception of this thread, if one of `events` recorded it."""
    exception = sys.exc_info()[1]
    if exception is None or not any(describes(event, exception) for event in events):
        return None
    return exception


def describes(event: Event, exception: BaseException) -> bool:
    """Whether `event` has the type and message of `exception`."""
    attributes = event.attributes or {}
    if attributes.get("exception.type") != type_name(type(exception)):
        return False
    try:
        return attributes.get("exception.message") == str(exception)
    except Exception:  # noqa: BLE001  # a foreign __str__ may raise anything
        return False


def type_name(kind: type[BaseException]) -> str:
    """A type as OpenTelemetry's SDK writes it into `exception.type`."""
    module = kind.__module__
    return kind.__qualname__ if not module or module == "builtins" else f"{module}.{kind.__qualname__}"
