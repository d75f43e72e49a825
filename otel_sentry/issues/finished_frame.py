"""Frames that sentry-sdk has serialised and need not walk again when the event is sent: that is half the cost of one.

Uses sentry-sdk's own protocol for that, `__sentry_repr__`; a line that ignores it walks them as the mappings they are.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any


class FinishedFrame(dict[str, Any]):
    """A frame whose values are text, numbers, and lists and mappings of them. Scrubbers may still change it."""

    __slots__ = ()

    def __sentry_repr__(self) -> dict[str, Any]:
        """The frame as it goes out; called by sentry-sdk's serialiser."""
        return {key: _finished(value) for key, value in self.items()}


class FinishedModules(dict[str, str]):
    """Names and versions of what is installed: the same for each event, and as many steps as all else in one."""

    __slots__ = ()

    def __sentry_repr__(self) -> dict[str, str]:
        """The mapping as it goes out; called by sentry-sdk's serialiser."""
        return dict(self)


def finish_modules(event: dict[str, Any]) -> None:
    """Let sentry-sdk's serialiser take the modules of an event as they are, if they are plain."""
    modules = event.get("modules")
    if type(modules) is dict and all(type(version) is str for version in modules.values()):
        event["modules"] = FinishedModules(modules)


def finish_frames(values: Iterable[dict[str, Any]]) -> None:
    """Make finished frames of all frames in `exception.values`, in place."""
    for value in values:
        stacktrace = value.get("stacktrace")
        if isinstance(stacktrace, dict):
            stacktrace["frames"] = [FinishedFrame(frame) for frame in stacktrace.get("frames") or ()]


def _finished(value: Any) -> Any:
    """A value without the notes that sentry-sdk's scrubber puts around what it has replaced."""
    kind = type(value)
    if kind is str or value is None or kind is int or kind is bool:
        return value
    if kind is dict:
        return {key: _finished(item) for key, item in value.items()}
    if kind is list:
        return [_finished(item) for item in value]
    return _finished(value.value) if hasattr(value, "value") else str(value)
