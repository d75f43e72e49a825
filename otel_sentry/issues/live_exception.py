"""Which live exception is leaving a span that is about to end, and how it looks without the machinery around it.

Reads the calling thread's `sys.exc_info()` and frames, keeps nothing.
Rule: a live exception counts only if the span itself recorded it (type and message); one that is merely being handled
around the span does not.
"""

from __future__ import annotations

import inspect
import sys
import traceback as traceback_module
from collections import deque
from typing import TYPE_CHECKING, Any, TypeVar

from opentelemetry.sdk.trace import Span

from otel_sentry.convert.values import text
from otel_sentry.issues.exception_mark import family
from otel_sentry.issues.expected import qualified_name
from otel_sentry.issues.incident import COMPARED_LINES

if TYPE_CHECKING:
    from types import FrameType, TracebackType

    from opentelemetry.sdk.trace import Event

Entry = TypeVar("Entry")

EXCEPTION_EVENT = "exception"
"""Name of the span event in which OpenTelemetry records an exception."""
MAX_FRAMES = 100
"""Frames kept of one traceback; sentry-sdk's `max_stack_frames` has the same default."""

_OLDEST_KEPT = 40
_SHOWS_LOCALS_LIVE = sys.version_info >= (3, 13) or not hasattr(sys, "getrefcount")
"""PEP 667; and Pythons without reference counts, where it cannot be told whether the application holds the copy."""
_REFERENCES_OF_A_COPY = 3
"""The frame's, ours and the call's. With one more, somebody has called `locals()` and kept what it returned."""
_END_OF_SPAN = Span.end.__code__
_SEARCHED_FRAMES = 12
_SHORTEST_CUT = 16
"""Nobody limits attributes to less; shorter messages have to agree whole."""


def leaving(events: list[Event]) -> BaseException | None:
    """The exception of this thread, if one of `events` recorded it, or if recording it is what failed."""
    exception = sys.exc_info()[1]
    if exception is None:
        return None
    if any(describes(event, exception) for event in events) or (not events and _broke_recording(exception)):
        return exception
    return None


def describes(event: Event, exception: BaseException) -> bool:
    """Whether `event` has the type and message of `exception`."""
    attributes = event.attributes or {}
    if attributes.get("exception.type") != qualified_name(type(exception)):
        return False
    try:
        message = str(exception)
    except Exception:  # noqa: BLE001  # a foreign __str__ may raise anything
        return False
    recorded = attributes.get("exception.message")
    # OpenTelemetry's attribute length limit may have cut the message.
    return recorded == message or (
        isinstance(recorded, str) and len(recorded) >= _SHORTEST_CUT and message.startswith(recorded)
    )


def ended_by_opentelemetry() -> bool:
    """Whether the span that is ending is ended by a context manager or instrumentation of OpenTelemetry.

    Together with an exception that is on its way this means that the exception escapes the span. Code that calls
    `span.end()` itself, in an `except` block say, may yet swallow it.
    """
    frame: FrameType | None = sys._getframe(1)  # noqa: SLF001  # the documented way to look at one's callers
    for _ in range(_SEARCHED_FRAMES):
        if frame is None:
            return False
        if frame.f_code is _END_OF_SPAN:
            return _module(frame.f_back).startswith(("opentelemetry.", "otel_sentry."))
        frame = frame.f_back
    return False


def natural_traceback(exception: BaseException) -> TracebackType | None:
    """The traceback as the application will see it once the exception has left the context managers around the span.

    While a `with` block is being left, the generators behind it head the traceback; Python removes them afterwards.
    """
    whole = traceback = exception.__traceback__
    while traceback is not None and _is_context_manager(traceback.tb_frame):
        traceback = traceback.tb_next
    return traceback if traceback is not None else whole


def entries(traceback: TracebackType | None) -> list[TracebackType]:
    """The entries of a traceback, caller first."""
    found = []
    while traceback is not None:
        found.append(traceback)
        traceback = traceback.tb_next
    return found


def bounded(found: list[Entry]) -> list[Entry]:
    """Entries or frames without their middle if there are more than `MAX_FRAMES`."""
    return found if len(found) <= MAX_FRAMES else found[:_OLDEST_KEPT] + found[_OLDEST_KEPT - MAX_FRAMES :]


def raising_lines(traceback: TracebackType | None) -> tuple[tuple[str, int], ...]:
    """File and line of the frames nearest to the raise, last first."""
    nearest: deque[tuple[str, int]] = deque(maxlen=COMPARED_LINES)
    while traceback is not None:
        nearest.appendleft((traceback.tb_frame.f_code.co_filename, traceback.tb_lineno))
        traceback = traceback.tb_next
    return tuple(nearest)


def as_attributes(exception: BaseException, *, with_stacktrace: bool = True) -> dict[str, str]:
    """An exception as OpenTelemetry records it, whatever it does when it is shown."""
    attributes = {
        "exception.type": qualified_name(type(exception)),
        "exception.message": text(exception),
    }
    if with_stacktrace:
        attributes["exception.stacktrace"] = _formatted(exception)
    return attributes


def _formatted(exception: BaseException) -> str:
    try:
        lines = traceback_module.format_exception(type(exception), exception, exception.__traceback__)
    except Exception:  # noqa: BLE001  # a foreign attribute may raise anything
        return ""
    return "".join(lines)


def release_locals(exception: BaseException) -> None:
    """Let the objects go that looking at local variables has pinned.

    Before Python 3.13 a frame keeps the mapping in which its locals were shown until it ends, and a frame that handles
    an exception may go on for hours. Only the first frame of a traceback can still run.
    """
    if _SHOWS_LOCALS_LIVE:
        return
    for relative in (exception, *(one for one, _ in family(exception))):
        traceback = natural_traceback(relative)
        frame = traceback.tb_frame if traceback is not None else None
        if frame is None or not frame.f_code.co_flags & inspect.CO_OPTIMIZED:
            continue  # the mapping is the namespace of a module or class
        shown = frame.f_locals
        if sys.getrefcount(shown) == _REFERENCES_OF_A_COPY:
            shown.clear()


def _is_context_manager(frame: FrameType) -> bool:
    caller = frame.f_back
    return caller is not None and caller.f_code.co_name in {"__exit__", "__aexit__"} and _module(caller) == "contextlib"


def _broke_recording(exception: BaseException) -> bool:
    """Whether `exception` was raised by `Span.record_exception`, for another one whose `__str__` raises."""
    traceback = exception.__traceback__
    while traceback is not None:
        if traceback.tb_frame.f_code is Span.record_exception.__code__:
            return exception.__context__ is not None
        traceback = traceback.tb_next
    return False


def _module(frame: FrameType | None) -> str:
    name: Any = frame.f_globals.get("__name__") if frame is not None else None
    return name if isinstance(name, str) else ""
