"""The life of an open file, from `open` to `close`, without touching its type.

Every file object ends in a raw one (`io.FileIO`), and whoever closes it (a `with`, `close()`, the garbage collector)
ends in that one's `close`, which C looks up by name. So the raw object gets a `close` of its own that ends the life. It
must not hold the raw object, or files would no longer be closed when nobody refers to them.
"""

from __future__ import annotations

import io
import os
import weakref
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from otel_sentry.instrumentation.file_access.record import BYTES_READ, BYTES_WRITTEN

if TYPE_CHECKING:
    from otel_sentry.instrumentation.file_access.record import FileRecord, Operation

_WRITING: Final = frozenset("wax+")


def follow(opened: Any, operation: Operation, record: FileRecord, mode: str) -> None:
    """End `operation` when the file `opened` is closed."""
    raw = getattr(getattr(opened, "buffer", opened), "raw", opened)
    if type(raw) is io.FileIO:
        vars(raw)["close"] = _Closing(raw, operation, record, mode)


class _Closing:
    """The `close` of one raw file."""

    def __init__(self, raw: io.FileIO, operation: Operation, record: FileRecord, mode: str) -> None:
        self._raw = weakref.ref(raw)
        self._descriptor = raw.fileno() if raw.closefd else None
        self._operation: Operation | None = operation
        self._record = record
        self._mode = mode
        self._start = _position(raw) if "a" in mode else 0

    def __call__(self) -> None:
        """Close the file; raises what closing raises."""
        operation, self._operation = self._operation, None
        raw = self._raw()
        counted = self._counted(raw) if operation is not None and raw is not None else {}
        try:
            if raw is not None:
                type(raw).close(raw)
            elif operation is not None and self._descriptor is not None:
                os.close(self._descriptor)  # the collector has cut the reference before it let the file close itself
        except OSError as error:
            self._end(operation, counted, error)
            raise
        self._end(operation, counted, None)

    def _counted(self, raw: io.FileIO) -> dict[str, int]:
        """Bytes between where it began and where it ends; nothing for what has no position."""
        position = _position(raw)
        name = BYTES_WRITTEN if _WRITING.intersection(self._mode) else BYTES_READ
        return {} if position < 0 else {name: max(0, position - max(0, self._start))}

    def _end(self, operation: Operation | None, counted: dict[str, int], error: OSError | None) -> None:
        if operation is not None:
            with suppress(Exception):  # telemetry must not keep a file from closing
                self._record.end(operation, counted, error=error)


def _position(raw: io.FileIO) -> int:
    try:
        return raw.tell()
    except (OSError, ValueError):
        return -1
