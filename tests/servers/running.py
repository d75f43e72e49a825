"""Real servers and workers as users start them; `with` starts one and makes sure that it ends."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import sysconfig
import time
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from urllib.error import HTTPError

from typing_extensions import Self

APPLICATIONS = Path(__file__).with_name("applications")
SCRIPTS = Path(sysconfig.get_path("scripts"))
INHERITED = ("PATH", "HOME", "LANG", "TMPDIR")
WAYS = ("configure()", "opentelemetry-instrument")
"""How an application is set up: by one line, or without one."""
SECONDS = 120
WALLET = "0x" + "ab" * 20
CALLER_SPAN = "c" * 16


def variables(dsn: str, **more: str) -> dict[str, str]:
    """What a deployment sets."""
    return {
        "SENTRY_DSN": dsn,
        "OTEL_TRACES_EXPORTER": "sentry",
        "OTEL_LOGS_EXPORTER": "none",
        "OTEL_METRICS_EXPORTER": "none",
        "OTEL_SENTRY_SHUTDOWN_TIMEOUT": "20",
        **more,
    }


def trace_of(number: int) -> str:
    """Trace id that the caller of a request sends."""
    return f"{0xABC00000 + number:032x}"


class Running:
    """A process and its children, with everything they write in a file.

    Args:
        command: the first word is `python` or a script of this environment.
        environ: variables; of this process's own only those that find programs.
        log: what the processes write.
        way: one of `WAYS`.
        applications: folder that it runs in and imports from.
    """

    def __init__(
        self,
        command: Sequence[str],
        environ: Mapping[str, str],
        log: Path,
        *,
        way: str,
        applications: Path = APPLICATIONS,
    ) -> None:
        program = sys.executable if command[0] == "python" else str(SCRIPTS / command[0])
        instrument = [str(SCRIPTS / "opentelemetry-instrument")] if way == WAYS[1] else []
        self._command = [*instrument, program, *command[1:]]
        inherited = {name: os.environ[name] for name in INHERITED if name in os.environ}
        found = {"PYTHONPATH": str(applications), "PYTHONDONTWRITEBYTECODE": "1"}
        self._environ = {**inherited, **found, **environ}
        self._log = log
        self._applications = applications
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                self._command,
                cwd=self._applications,
                env=self._environ,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        assert self._process is not None
        if self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait(SECONDS)

    @property
    def written(self) -> str:
        """What the processes have written."""
        return self._log.read_text(errors="replace")

    def wait_until(self, ready: Callable[[], object]) -> None:
        """Raises AssertionError with the log when the process ends before, or takes too long."""
        deadline = time.monotonic() + SECONDS
        while not ready():
            assert self._process is not None
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise AssertionError(self.written)
            time.sleep(0.05)

    def stop(self) -> int:
        """Ask it to end as an orchestrator does; its exit status."""
        assert self._process is not None
        self._process.terminate()
        return self.end()

    def end(self) -> int:
        """Wait for its end; its exit status."""
        assert self._process is not None
        return self._process.wait(SECONDS)


class RunningServer(Running):
    """A web server on a free port, and its visitors; `{port}` in its command stands for the port."""

    def __init__(
        self,
        command: Sequence[str],
        environ: Mapping[str, str],
        log: Path,
        *,
        way: str,
        applications: Path = APPLICATIONS,
    ) -> None:
        self._port = _free_port()
        words = [word.replace("{port}", str(self._port)) for word in command]
        super().__init__(words, environ, log, way=way, applications=applications)

    def listens(self) -> bool:
        """Whether anybody takes connections."""
        with socket.socket() as client:
            client.settimeout(1)
            return client.connect_ex(("127.0.0.1", self._port)) == 0

    def visit(self, numbers: Sequence[int]) -> set[int]:
        """Requests at the same time, each with headers of a caller; which processes answered."""
        with ThreadPoolExecutor(8) as visitors:
            return {pid for pid in visitors.map(self._ask, numbers) if pid is not None}

    def _ask(self, number: int) -> int | None:
        trace_id = trace_of(number)
        said = {"trace_id": trace_id, "public_key": "caller", "sample_rate": "1.0", "sampled": "true"}
        headers = {
            "sentry-trace": f"{trace_id}-{CALLER_SPAN}-1",
            "baggage": ",".join(f"sentry-{key}={value}" for key, value in said.items()),
        }
        request = urllib.request.Request(f"http://127.0.0.1:{self._port}/work/{number}", headers=headers)
        try:
            with urllib.request.urlopen(request, timeout=SECONDS) as answer:  # noqa: S310  # our own loopback address
                return int(answer.read())
        except HTTPError:
            return None


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])
