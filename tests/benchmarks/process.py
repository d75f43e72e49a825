"""A Python process of the benchmark that speaks JSON lines, and taking turns with it on the machine."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from types import TracebackType

CHECKOUT: Final = Path(__file__).resolve().parents[2]


class Silent(Exception):
    """A process of the benchmark ended or hung without an answer."""


class Process:
    """A module of this package, run by a fresh interpreter.

    Args:
        module: its name below `tests.benchmarks`.
        arguments: its command line.
    """

    def __init__(self, module: str, *arguments: str) -> None:
        self._name = " ".join((module, *arguments))
        # An inherited setting of OpenTelemetry's or Sentry's would change what is measured.
        environment = {
            name: value for name, value in os.environ.items() if not name.startswith(("OTEL_", "SENTRY_", "LOGFIRE_"))
        }
        self._popen = subprocess.Popen(
            [sys.executable, "-m", f"tests.benchmarks.{module}", *arguments],
            cwd=CHECKOUT,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            bufsize=0,
        )

    def __enter__(self) -> Process:  # noqa: PYI034 - `Self` came with Python 3.11
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self._popen.kill()
        self._popen.communicate()

    def tell(self, line: str) -> None:
        """Write a line to the process."""
        if self._popen.stdin is None:
            raise Silent(self._name)
        self._popen.stdin.write(line.encode() + b"\n")

    def hear(self, timeout_seconds: float = 300.0) -> dict[str, Any]:
        """Return the next line that the process writes.

        Raises:
            Silent: none came in time, or the process ended.
        """
        output = self._popen.stdout
        line = output.readline() if output and self.has_spoken(timeout_seconds) else b""
        if not line:
            raise Silent(self._name)
        answer: dict[str, Any] = json.loads(line)
        return answer

    def has_spoken(self, timeout_seconds: float) -> bool:
        """Wait for a line, so long at most, and say whether there is one."""
        output = self._popen.stdout
        return output is not None and bool(select.select([output], [], [], timeout_seconds)[0])

    def ask(self, line: str) -> dict[str, Any]:
        """Tell and hear."""
        self.tell(line)
        return self.hear()

    def pause(self) -> None:
        """Take the processor away from it, all threads at once."""
        self._popen.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Give the processor back."""
        self._popen.send_signal(signal.SIGCONT)

    def end(self) -> None:
        """Ask it to finish and report."""
        self._popen.send_signal(signal.SIGTERM)
