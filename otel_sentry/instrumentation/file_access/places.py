"""Which files are traced, and under which name: relative to the project, or below a masked home."""

from __future__ import annotations

import os
import sysconfig
from collections.abc import Iterable
from typing import Any, Final

DEVICES: Final = ("/dev", "/proc", "/sys")
_OF_THE_INTERPRETER: Final = ("stdlib", "platstdlib", "purelib", "platlib")


class Places:
    """What a path is called, and whether it counts.

    Args:
        project: folder that paths are shown relative to.
        home: folder that is shown as `~`.
        left_out: folders whose files do not count, besides devices and the interpreter's own.
    """

    def __init__(self, *, project: str, home: str, left_out: Iterable[str] = ()) -> None:
        own = (sysconfig.get_paths()[name] for name in _OF_THE_INTERPRETER)
        folders = {os.path.abspath(folder) for folder in (*DEVICES, *own, *left_out) if folder}
        self._left_out = tuple(folder + os.sep for folder in folders)
        self._project = _prefix(project)
        self._home = _prefix(home)

    def shown(self, file: Any) -> str | None:
        """The name of a file as a span shows it; None if it does not count: no path, a device, left out."""
        try:
            path = os.path.abspath(os.fsdecode(file))
        except (TypeError, ValueError, OSError):
            return None
        if path.startswith(self._left_out):
            return None
        if self._project and path.startswith(self._project):
            return path[len(self._project) :]
        if self._home and path.startswith(self._home):
            return os.path.join("~", path[len(self._home) :])
        return path


def _prefix(folder: str) -> str:
    """A folder as the beginning of paths in it; empty for the root of all."""
    path = os.path.abspath(folder) if folder else ""
    return "" if path in ("", os.sep) else path + os.sep
