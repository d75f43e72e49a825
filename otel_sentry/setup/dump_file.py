"""OTEL_SENTRY_DUMP_DIR: each process keeps a file there that says what is set up in it and what was lost, for `doctor`.

The one thread of this file lives only where the setting is given: nobody else could look into a process that started
without a line of our code.
"""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Final

from otel_sentry.masking.own_log import own_logger

if TYPE_CHECKING:
    from otel_sentry.setup.telemetry import Telemetry

_logger = own_logger(__name__)

EVERY_SECONDS: Final = 10.0


class DumpFile:
    """Writes `<folder>/<process id>.json` at once and every ten seconds, in children made by fork too.

    Args:
        telemetry: what is looked at.
        folder: made if it is not there; only this user can read the file.
        every_seconds: pause between two looks.
    """

    def __init__(self, telemetry: Telemetry, folder: str, every_seconds: float = EVERY_SECONDS) -> None:
        self._telemetry = telemetry
        self._folder = Path(folder)
        self._every_seconds = every_seconds
        self._start()
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=self._start)

    def write(self) -> None:
        """Replace this process's file as a whole, so that nobody reads half of one.

        Raises:
            OSError: it cannot be written.
        """
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = self._folder / f"{os.getpid()}.json"
        new = path.with_suffix(".new")
        descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(self._telemetry.dump())
        new.replace(path)

    def _start(self) -> None:
        self._stopped = threading.Event()
        threading.Thread(target=self._run, name="otel_sentry.dump", daemon=True).start()

    def _run(self) -> None:
        while True:
            try:
                self.write()
            except Exception as error:  # noqa: BLE001 - diagnosis must not fail the application
                _logger.warning("otel_sentry keeps no dump in %s: %s", self._folder, error)
                return
            if self._stopped.wait(self._every_seconds):
                return
