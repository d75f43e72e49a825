"""Exceptions that are known only as text: what Sentry gets to see of them. Reads source files, keeps nothing."""

from __future__ import annotations

import sys
import sysconfig
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from otel_sentry.convert.values import text
from otel_sentry.issues.incident import COMPARED_LINES, Raise
from otel_sentry.issues.traceback_text import TextException, TextFrame, parse_traceback
from otel_sentry.protocol.valid_text import valid_text

if TYPE_CHECKING:
    from otel_sentry.issues.sdk import SentrySdk

EXCEPTION_TYPE: Final = "exception.type"
EXCEPTION_MESSAGE: Final = "exception.message"
EXCEPTION_STACKTRACE: Final = "exception.stacktrace"

_MAX_TEXT = 1_000_000
"""Characters of a traceback that are read; what lies beyond is messages."""
_MAX_EXCEPTIONS = 50
_MAX_FRAMES = 100
_OLDEST_FRAMES = 40
_SOURCE_SUFFIXES = (".py", ".pyw")
_LIBRARIES = tuple({sysconfig.get_path("stdlib"), sysconfig.get_path("platstdlib")})


class ToldException:
    """An exception of which only text is known, parsed once.

    Args:
        attributes: `exception.type`, `.message`, `.stacktrace`; any may be missing.
    """

    def __init__(self, attributes: Mapping[str, Any]) -> None:
        self.type = text(attributes.get(EXCEPTION_TYPE) or "")
        self.message = text(attributes.get(EXCEPTION_MESSAGE) or "")
        self._stacktrace = text(attributes.get(EXCEPTION_STACKTRACE) or "")
        self._parsed = _parsed(self._stacktrace)

    @property
    def raised(self) -> Raise:
        """Type, message and lines nearest to the raise, for comparison with live exceptions."""
        if self._parsed is None or not self._is_whole:
            return Raise(self.type.removeprefix("__main__."), self.message, ())
        # The traceback says more than loggers do, which leave the module out of the type.
        return Raise(self._parsed.type, self._parsed.value, _lines(self._parsed.frames))

    @property
    def relatives(self) -> list[Raise]:
        """The same of its causes, contexts and members."""
        flat = _flattened(self._parsed) if self._parsed is not None else ()
        return [Raise(found.type, found.value, _lines(found.frames)) for found, parent, _ in flat if parent is not None]

    @property
    def reached_a_library(self) -> bool:
        """Whether its traceback begins outside of the application: the application did not catch it."""
        return self._parsed is not None and bool(self._parsed.frames) and _is_library(self._parsed.frames[0].file)

    def values(self, sdk: SentrySdk, mechanism: Mapping[str, Any]) -> list[dict[str, Any]]:
        """`exception.values` of an event, oldest first.

        Args:
            sdk: reads source lines and shortens paths.
            mechanism: of the exception the issue is about.
        """
        if self._parsed is None:
            return [self._without_frames(mechanism)]
        flat = list(_flattened(self._parsed))[:_MAX_EXCEPTIONS]
        modules = _ModulesByFile()
        values = [
            {
                **_named(found.type, found.value),
                "mechanism": _mechanism(index, parent, source, found, mechanism, chained=len(flat) > 1),
                **_stacktrace(found.frames, sdk, modules),
            }
            for index, (found, parent, source) in enumerate(flat)
        ]
        if self._is_whole:
            values[0].update(_named(max(self.type, self._parsed.type, key=len), self._parsed.value))
        else:
            values[0].update(_named(self.type, self.message))
        return values[::-1]

    @property
    def _is_whole(self) -> bool:
        """Whether the traceback ends with the exception that the attributes speak of: then it says more than they do.

        It has the notes and the whole message; limits on attributes may have cut it, though.
        """
        if self._parsed is None or not self._parsed.type:
            return False
        return not self.type or self.type.rpartition(".")[2] == self._parsed.type.rpartition(".")[2]

    def _without_frames(self, mechanism: Mapping[str, Any]) -> dict[str, Any]:
        """Text of another language than Python stays readable, as part of the message."""
        value = "\n".join(part for part in (self.message, self._stacktrace) if part)
        return {**_named(self.type or "Exception", value), "mechanism": {**mechanism, "synthetic": True}}


def _lines(frames: list[TextFrame]) -> tuple[tuple[str, int], ...]:
    return tuple((frame.file, frame.line) for frame in reversed(frames[-COMPARED_LINES:]))


def _parsed(stacktrace: str) -> TextException | None:
    if len(stacktrace) > _MAX_TEXT:
        # The head has the frames of the first exception, the tail those of the last.
        stacktrace = stacktrace[: _MAX_TEXT // 2] + "\n" + stacktrace[-_MAX_TEXT // 2 :]
    return parse_traceback(stacktrace)


def _named(type_name: str, value: str) -> dict[str, Any]:
    """Sentry shows module and type apart. A nested class keeps its outer classes: `module.Outer.Inner`."""
    parts = type_name.split(".")
    first_class = next((index for index, part in enumerate(parts) if part[:1].isupper()), len(parts) - 1)
    if "<locals>" in parts:
        first_class = min(first_class, parts.index("<locals>") - 1)
    module = ".".join(parts[:first_class])
    return {"type": ".".join(parts[first_class:]), "module": module or None, "value": value}


def _flattened(top: TextException) -> Iterator[tuple[TextException, int | None, str | None]]:
    """An exception, its chain and its members, newest first, with the index of what each led to and how."""
    waiting: list[tuple[TextException, int | None, str | None]] = [(top, None, None)]
    index = 0
    while waiting:
        found, parent, source = waiting.pop()
        yield found, parent, source
        members = [(member, index, f"exceptions[{number}]") for number, member in enumerate(found.members)]
        waiting.extend(reversed(members))
        if found.cause is not None:
            waiting.append((found.cause, index, found.cause.origin))
        index += 1


def _mechanism(
    index: int,
    parent: int | None,
    source: str | None,
    found: TextException,
    mechanism: Mapping[str, Any],
    *,
    chained: bool,
) -> dict[str, Any]:
    own = {"exception_id": index} if chained else {}
    group = {"is_exception_group": True} if found.members else {}
    if parent is None:
        return {**mechanism, **own, **group}
    return {**mechanism, "type": "chained", **own, "parent_id": parent, "source": source, **group}


def _stacktrace(frames: list[TextFrame], sdk: SentrySdk, modules: _ModulesByFile) -> dict[str, Any]:
    if not frames:
        return {}
    omitted = {}
    if len(frames) > _MAX_FRAMES:
        newest = _MAX_FRAMES - _OLDEST_FRAMES
        omitted = {"frames_omitted": [_OLDEST_FRAMES, len(frames) - newest]}
        frames = frames[:_OLDEST_FRAMES] + frames[-newest:]
    return {"stacktrace": {"frames": [_frame(frame, sdk, modules) for frame in frames], **omitted}}


def _frame(frame: TextFrame, sdk: SentrySdk, modules: _ModulesByFile) -> dict[str, Any]:
    module = modules.of(frame.file)
    built: dict[str, Any] = {
        "filename": sdk.filename(module, frame.file),
        "abs_path": frame.file,
        "function": frame.function or "<unknown>",
        "module": module,
        "lineno": frame.line,
        "context_line": valid_text(frame.source) if frame.source else None,
    }
    if _is_library(frame.file):
        built["in_app"] = False
    if frame.file.endswith(_SOURCE_SUFFIXES):
        before, at, after = sdk.source(frame.file, frame.line)
        # A file that was changed since would show other lines than the ones that ran.
        if at is not None and (frame.source is None or at.strip() == frame.source):
            built.update(pre_context=before, context_line=at, post_context=after)
    return built


def _is_library(file: str) -> bool:
    return file.startswith(_LIBRARIES) or "site-packages" in file or "dist-packages" in file


class _ModulesByFile:
    """Names of the modules of this process, by their files; made once for each event."""

    def __init__(self) -> None:
        self._names: dict[str, str] | None = None

    def of(self, file: str) -> str | None:
        if self._names is None:
            self._names = {}
            for name, module in list(sys.modules.items()):
                path = getattr(module, "__file__", None)
                if isinstance(path, str):
                    self._names.setdefault(path, name)
        return self._names.get(file)
