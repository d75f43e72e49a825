"""What happens around the calls that open, close and copy files, under a recording span.

Rule: what the original returns or raises is what the caller gets; whatever goes wrong here is nobody's concern.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from opentelemetry.instrumentation.utils import is_instrumentation_enabled, suppress_instrumentation

from otel_sentry.instrumentation.file_access.life import follow
from otel_sentry.instrumentation.file_access.record import BYTES_READ, BYTES_WRITTEN, MODE, TARGET

if TYPE_CHECKING:
    from otel_sentry.instrumentation.file_access.record import FileRecord, Operation

_MAX_DESCRIPTORS: Final = 1024
"""Descriptors that are open by `os.open` and known; beyond, new ones are not followed."""


class FileCalls:
    """The traced forms of functions that deal with files; each takes the original and its arguments.

    Args:
        record: makes the spans; may be replaced.
    """

    def __init__(self, record: FileRecord) -> None:
        self.record = record
        self._descriptors: dict[int, Operation] = {}

    def open(self, original: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """`open(file, mode)`: a span from here to the file's `close`."""
        file = args[0] if args else kwargs.get("file")
        mode = args[1] if len(args) > 1 else kwargs.get("mode", "r")
        if type(file) is int:
            return self._adopted(file, mode, original, args, kwargs)
        operation = self._begin(file, mode)
        if operation is None:
            return original(*args, **kwargs)
        try:
            opened = original(*args, **kwargs)
        except OSError as error:
            self._failed(operation, error)
            raise
        self._follow(opened, self._by_opener(opened) or operation, mode)
        return opened

    def os_open(self, original: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """`os.open(path, flags)`: a span from here to `os.close`, or to the `close` of the file made of it."""
        path = args[0] if args else kwargs.get("path")
        flags = args[1] if len(args) > 1 else kwargs.get("flags", 0)
        mode = _mode_of(flags) if isinstance(flags, int) else ""
        operation = None if kwargs.get("dir_fd") is not None else self._begin(path, mode)
        if operation is None:
            return original(*args, **kwargs)
        try:
            descriptor = original(*args, **kwargs)
        except OSError as error:
            self._failed(operation, error)
            raise
        if len(self._descriptors) < _MAX_DESCRIPTORS:
            self._descriptors[descriptor] = operation
        return descriptor

    def os_close(self, original: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """`os.close(fd)`: ends the span that `os.open` began."""
        descriptor: Any = args[0] if args else kwargs.get("fd")
        operation = self._descriptors.pop(descriptor, None) if type(descriptor) is int else None
        if operation is None:
            return original(*args, **kwargs)
        counted = _counted(descriptor, operation.attributes[MODE])
        answer = original(*args, **kwargs)
        self._end(operation, counted)
        return answer

    def copyfile(self, original: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """`shutil.copyfile(src, dst)`: one span instead of one for each side."""
        source, target = (*args, *kwargs.values())[:2] if len(args) + len(kwargs) > 1 else (None, None)
        shown = self._shown(target)
        operation = self._begin(source, "rb", "copy", **({TARGET: shown} if shown else {}))
        if operation is None:
            return original(*args, **kwargs)
        try:
            with suppress_instrumentation():
                answer = original(*args, **kwargs)
        except OSError as error:
            self._failed(operation, error)
            raise
        self._end(operation, _size_of(target))
        return answer

    async def open_async(self, original: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """`aiofiles.open(file, mode)`, whose threads do not inherit the context."""
        file = args[0] if args else kwargs.get("file")
        mode = args[1] if len(args) > 1 else kwargs.get("mode", "r")
        operation = self._begin(file, mode)
        if operation is None:
            return await original(*args, **kwargs)
        try:
            opened = await original(*args, **kwargs)
        except OSError as error:
            self._failed(operation, error)
            raise
        self._follow(getattr(opened, "_file", None), operation, mode)
        return opened

    def _adopted(
        self, descriptor: int, mode: Any, original: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> Any:
        """A file object made of a descriptor takes its span over, unless it leaves the descriptor open."""
        opened = original(*args, **kwargs)
        operation = self._descriptors.pop(descriptor, None) if kwargs.get("closefd", True) else None
        if operation is not None:
            self._follow(opened, operation, mode)
        return opened

    def _by_opener(self, opened: Any) -> Operation | None:
        """What an `opener` has opened by `os.open`: it knows the file's true path, as `tempfile`'s does."""
        return self._descriptors.pop(opened.fileno(), None) if self._descriptors else None

    def _begin(self, file: Any, mode: Any, verb: str = "", **attributes: Any) -> Operation | None:
        try:
            path = self._shown(file) if isinstance(mode, str) and is_instrumentation_enabled() else None
            if path is None or not self.record.is_wanted():
                return None
            return self.record.begin(verb or _verb(mode), path, {MODE: mode, **attributes})
        except Exception:  # noqa: BLE001 - see the module
            return None

    def _shown(self, file: Any) -> str | None:
        return self.record.places.shown(file)

    def _follow(self, opened: Any, operation: Operation, mode: Any) -> None:
        try:
            follow(opened, operation, self.record, mode)
        except Exception:  # noqa: BLE001 - see the module
            return

    def _failed(self, operation: Operation, error: OSError) -> None:
        self._end(operation, {}, error)

    def _end(self, operation: Operation, counted: dict[str, int], error: OSError | None = None) -> None:
        try:
            self.record.end(operation, counted, error=error)
        except Exception:  # noqa: BLE001 - see the module
            return


def _verb(mode: str) -> str:
    if "+" in mode:
        return "open"
    return "read" if "r" in mode else "write"


def _mode_of(flags: int) -> str:
    """`open`'s mode for the flags of `os.open`."""
    if flags & os.O_RDWR:
        return "r+b"
    if not flags & os.O_WRONLY:
        return "rb"
    return "ab" if flags & os.O_APPEND else "wb"


def _counted(descriptor: int, mode: str) -> dict[str, int]:
    try:
        return {BYTES_READ if mode == "rb" else BYTES_WRITTEN: os.lseek(descriptor, 0, os.SEEK_CUR)}
    except OSError:
        return {}


def _size_of(path: Any) -> dict[str, int]:
    try:
        return {BYTES_WRITTEN: os.stat(path).st_size}
    except (OSError, TypeError, ValueError):
        return {}
