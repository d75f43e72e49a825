"""Damaged files of a spool, kept for a human to look at."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Final

from otel_sentry.masking.own_log import own_logger

if TYPE_CHECKING:
    from pathlib import Path

_logger = own_logger("otel_sentry.delivery")

_FOLDER: Final = ".damaged"
_MAX_FILES: Final = 10
_FOLDER_MODE: Final = 0o700


class Aside:
    """Where damaged files of one destination go; only the last few stay.

    Args:
        spool: folder of the destination.
    """

    def __init__(self, spool: Path) -> None:
        self.path = spool / _FOLDER

    def keep(self, damaged: Path) -> None:
        """Take a file over."""
        _logger.warning("a file of the spool is damaged; what could be read was kept, the file is in %s", _FOLDER)
        with suppress(OSError):
            self.path.mkdir(mode=_FOLDER_MODE, exist_ok=True)
            damaged.rename(self.path / f"{damaged.parent.name}-{damaged.name}")
            for old in sorted(self.path.iterdir(), key=lambda path: path.stat().st_mtime)[:-_MAX_FILES]:
                old.unlink()
