"""SENTRY_DEBUG: what this package has to say goes to the standard error output, unless the application listens."""

from __future__ import annotations

import logging
import sys
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from otel_sentry.settings.settings import Settings

LOGGER: Final = "otel_sentry"
_FORMAT: Final = "[%(name)s] %(levelname)s: %(message)s"


class DebugHandler(logging.StreamHandler):  # type: ignore[type-arg]  # generic in stubs only
    """Writes to the standard error output as long as nobody has set `logging` up."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write a line, unless the application's own handlers get it."""
        if not logging.getLogger().handlers:
            super().emit(record)


def show_debug(settings: Settings) -> None:
    """Let debug lines of ours be seen if the settings ask for it; once is enough."""
    logger = logging.getLogger(LOGGER)
    if not settings.debug or any(isinstance(handler, DebugHandler) for handler in logger.handlers):
        return
    handler = DebugHandler(sys.stderr)
    handler.setFormatter(logging.Formatter(_FORMAT))
    logger.addHandler(handler)
    logger.setLevel(logging.DEBUG)
