"""Makes any event valid and small enough for Sentry, before it is held and before it is sent. Pure; changes in place.

Rule: cut where it hurts least. Messages, then locals of single frames, then all locals of causes, then middle frames,
then middle exceptions; type, message and the frames around the raise always stay.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from otel_sentry.protocol.item_kinds import MAX_EVENT_BYTES
from otel_sentry.protocol.json_text import dumps
from otel_sentry.protocol.valid_text import valid_text

MAX_MESSAGE: Final = 8192
"""Characters of `exception.values[].value`. Source: Relay's limit for that field."""
MAX_TYPE: Final = 256
MAX_LOCAL: Final = 900
"""Characters of one local variable; Relay cuts at 1,000 and says so."""
MAX_LOCALS: Final = 8192
"""Characters of all local variables of one frame."""
MAX_LINE: Final = 512
"""Characters of one source line; minified and generated code has longer ones."""
MAX_FRAMES: Final = 100
_OLDEST_FRAMES = 40
MAX_EXCEPTIONS: Final = 50
_NEWEST_EXCEPTIONS = 30
_SMALL_BYTES = 64_000
"""Below this nothing but types and messages is looked at; most events are."""
_TARGET_BYTES = MAX_EVENT_BYTES * 6 // 10
"""What the exceptions may take; the rest is for breadcrumbs, request and contexts."""
_CUT = "…"
_SOURCE_LINES = ("pre_context", "post_context")


def bound_exceptions(event: dict[str, Any]) -> int:
    """Cut an event's exceptions to size.

    Args:
        event: with `exception.values`, as sentry-sdk or `text_event` builds it; changed in place.

    Returns:
        About how many bytes they take.
    """
    exception = event.get("exception")
    values = exception.get("values") if isinstance(exception, dict) else None
    if not isinstance(values, list):
        return 0
    for value in values:
        _bound_names(value)
    size = _size(values)
    if size <= _SMALL_BYTES and len(values) <= MAX_EXCEPTIONS:
        return size
    values = _without_middle_exceptions(values)
    for value in values:
        _bound_stacktrace(value)
    event["exception"] = {**exception, "values": values} if isinstance(exception, dict) else {"values": values}
    size = _size(values)
    for shrink in _SHRINKS:
        if size <= _TARGET_BYTES:
            break
        shrink(values)
        size = _size(values)
    return size


def _without_middle_exceptions(values: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Oldest first: the last ones are what was raised last, and what the issue is named after."""
    if len(values) <= MAX_EXCEPTIONS:
        return values
    return values[: MAX_EXCEPTIONS - _NEWEST_EXCEPTIONS] + values[-_NEWEST_EXCEPTIONS:]


def _bound_names(value: dict[str, Any]) -> None:
    value["type"] = _text(value.get("type") or "Exception", MAX_TYPE)
    value["value"] = _text(value.get("value") or "", MAX_MESSAGE)
    if value.get("module") is not None:
        value["module"] = _text(value["module"], MAX_TYPE)
    if not isinstance(value.get("stacktrace"), dict):
        # sentry-sdk leaves a note here when it gave up on more than 2,000 frames.
        value.pop("stacktrace", None)


def _bound_stacktrace(value: dict[str, Any]) -> None:
    stacktrace = value.get("stacktrace")
    if not isinstance(stacktrace, dict) or not isinstance(stacktrace.get("frames"), list):
        return
    for frame in stacktrace["frames"]:
        _bound_frame(frame)
    value["stacktrace"] = {**stacktrace, **_without_middle(stacktrace["frames"], MAX_FRAMES, _OLDEST_FRAMES)}


def _bound_frame(frame: dict[str, Any]) -> None:
    for name in _SOURCE_LINES:
        lines = frame.get(name)
        if lines:
            frame[name] = [_text(line, MAX_LINE) for line in lines]
    if frame.get("context_line"):
        frame["context_line"] = _text(frame["context_line"], MAX_LINE)
    variables = frame.get("vars")
    if isinstance(variables, dict) and variables:
        frame["vars"] = _bound_variables(variables)


def _bound_variables(variables: dict[str, Any]) -> dict[str, Any]:
    left = MAX_LOCALS
    kept: dict[str, Any] = {}
    for name, value in variables.items():
        shown, used = _bound_value(value, min(left, MAX_LOCAL))
        left -= used + len(name)
        if left <= 0:
            kept[_CUT] = _CUT
            break
        kept[name] = shown
    return kept


def _bound_value(value: Any, budget: int) -> tuple[Any, int]:
    """A local as sentry-sdk serialised it (text, or lists and mappings of it), cut; and how many characters it has."""
    if isinstance(value, str):
        return (value if len(value) <= budget else value[: max(0, budget - 1)] + _CUT), min(len(value), budget)
    if isinstance(value, dict):
        return _bound_items(value.items(), budget, dict)
    if isinstance(value, list):
        shown, used = _bound_items(enumerate(value), budget, dict)
        return list(shown.values()), used
    if value is None or isinstance(value, (bool, int, float)):
        return value, 8
    return _bound_value(str(getattr(value, "value", value)), budget)


def _bound_items(items: Any, budget: int, make: Callable[[], dict[Any, Any]]) -> tuple[dict[Any, Any], int]:
    kept, used = make(), 0
    for key, item in items:
        if used >= budget:
            kept[_CUT] = _CUT
            break
        kept[key], length = _bound_value(item, budget - used)
        used += length + len(str(key))
    return kept, used


def _without_middle(frames: list[Any], most: int, oldest: int) -> dict[str, Any]:
    if len(frames) <= most:
        return {"frames": frames}
    newest = most - oldest
    return {"frames": frames[:oldest] + frames[-newest:], "frames_omitted": [oldest, len(frames) - newest]}


def _drop_locals_of_causes(values: list[dict[str, Any]]) -> None:
    for value in values[:-1]:
        _drop(value, "vars")


def _drop_source_around_causes(values: list[dict[str, Any]]) -> None:
    for value in values[:-1]:
        _drop(value, *_SOURCE_LINES)


def _drop_all_locals(values: list[dict[str, Any]]) -> None:
    for value in values:
        _drop(value, "vars")


def _drop_middle_frames(values: list[dict[str, Any]]) -> None:
    for value in values:
        if "stacktrace" in value:
            value["stacktrace"] = _without_middle(value["stacktrace"]["frames"], 20, 5)


def _shorten_messages(values: list[dict[str, Any]]) -> None:
    for value in values:
        value["value"] = _text(value["value"], MAX_LINE)


_SHRINKS = (
    _drop_locals_of_causes,
    _drop_source_around_causes,
    _drop_all_locals,
    _drop_middle_frames,
    _shorten_messages,
)


def _drop(value: dict[str, Any], *names: str) -> None:
    for frame in (value.get("stacktrace") or {}).get("frames", ()):
        for name in names:
            frame.pop(name, None)


def _size(values: list[dict[str, Any]]) -> int:
    try:
        return len(dumps(values))
    except TypeError:
        _make_valid(values)
    try:
        return len(dumps(values))
    except TypeError:
        return len(repr(values))


def _make_valid(values: Any) -> Any:
    """Replace in place what JSON cannot carry: lone surrogates, integers beyond 64 bits, foreign objects."""
    if isinstance(values, dict):
        for key in list(values):
            values[valid_text(str(key))] = _make_valid(values.pop(key))
    elif isinstance(values, list):
        values[:] = [_make_valid(item) for item in values]
    elif isinstance(values, str):
        return valid_text(values)
    elif values is not None and not isinstance(values, (bool, float)):
        return values if isinstance(values, int) and abs(values) < 2**63 else valid_text(str(values))
    return values


def _text(value: Any, longest: int) -> str:
    text = value if isinstance(value, str) else str(getattr(value, "value", value))
    return text if len(text) <= longest else text[: longest - 1] + _CUT
