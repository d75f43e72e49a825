"""The processes of the example dapp, as the demo runs them: chain, web app, worker, on free loopback ports."""

from __future__ import annotations

import contextlib
import socket
import subprocess
import sys
import sysconfig
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

from otel_sentry.cli.demo_visitors import CONTRACT
from otel_sentry.errors import OtelSentryError
from otel_sentry.identity.privacy import KEY_VARIABLE
from otel_sentry.settings.child_processes import child_environment

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from types import TracebackType

    from typing_extensions import Self

_STOP_SECONDS: Final = 5
_START_SECONDS: Final = 60
_TAIL_LINES: Final = 25


class DappDied(Exception):
    """A process of the dapp ended or never listened."""


def example_directory() -> Path:
    """Where the example's files are: in the checkout, or as the wheel brought them.

    Raises:
        OtelSentryError: in neither place.
    """
    here = Path(__file__).resolve()
    for found in (here.parents[2] / "examples" / "dapp", here.parent / "example_dapp"):
        if (found / "app.py").is_file():
            return found
    words = "the example dapp is not part of this installation; take it from the repository, examples/dapp"
    raise OtelSentryError(words)


def hash_key() -> str:
    """The key of OTEL_SENTRY_WALLET_PRIVACY=hash: a demo of it needs no second variable."""
    return child_environment({}).get(KEY_VARIABLE) or "demo"


class Dapp:
    """Chain, web app and worker; `with` starts them and makes sure that they end.

    Args:
        dsn: where the web app's and the worker's telemetry goes.
        directory: for the database, receipts, logs and what OpenTelemetry's console exporter wrote.
        web_app: what uvicorn serves.
        environment: more variables.
    """

    def __init__(
        self, dsn: str, directory: Path, *, web_app: str = "app:app", environment: Mapping[str, str] | None = None
    ) -> None:
        self.directory = directory
        self.node_url = f"http://127.0.0.1:{_free_port()}"
        self.url = f"http://127.0.0.1:{_free_port()}"
        self._environment = {
            "DAPP_CONTRACT": CONTRACT,
            "DAPP_DATABASE": str(directory / "dapp.sqlite"),
            "DAPP_NODE_URL": self.node_url,
            "DAPP_OUTBOX": str(directory),
            # The console exporter is the witness: what OpenTelemetry itself says was recorded.
            "OTEL_TRACES_EXPORTER": "sentry,console",
            "OTEL_METRICS_EXPORTER": "none",
            "OTEL_LOGS_EXPORTER": "none",
            "OTEL_BSP_SCHEDULE_DELAY": "500",
            KEY_VARIABLE: hash_key(),
            "PYTHONUNBUFFERED": "1",
            "SENTRY_DSN": dsn,
            "SENTRY_ENVIRONMENT": "demo",
            "SENTRY_RELEASE": "dapp@1.0.0",
            **(environment or {}),
        }
        self._web_app = web_app
        self._processes: dict[str, subprocess.Popen[bytes]] = {}

    def __enter__(self) -> Self:
        try:
            self._start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()

    def _start(self) -> None:
        scripts = Path(sysconfig.get_path("scripts"))
        instrumented = [str(scripts / "opentelemetry-instrument"), sys.executable]
        self._run("chain", [sys.executable, "chain.py", _port_of(self.node_url)])
        web = ["-m", "uvicorn", self._web_app, "--port", _port_of(self.url), "--no-access-log"]
        self._run("web", [*instrumented, *web], OTEL_SERVICE_NAME="dapp-web")
        self._run("worker", [*instrumented, "worker.py"], OTEL_SERVICE_NAME="dapp-worker", OTEL_SENTRY_ROLE="worker")
        for name, url in (("chain", self.node_url), ("web", self.url)):
            self._wait_until_it_listens(name, url)

    def _run(self, name: str, command: Sequence[str], **environment: str) -> None:
        with self._file(name, "out").open("wb") as out, self._file(name, "log").open("wb") as log:
            self._processes[name] = subprocess.Popen(  # noqa: S603  # our own example
                command,
                cwd=example_directory(),
                env=child_environment({**self._environment, **environment}),
                stdout=out,
                stderr=log,
                start_new_session=True,  # Ctrl-C is ours; we tell the children
            )

    def _wait_until_it_listens(self, name: str, url: str) -> None:
        deadline = time.monotonic() + _START_SECONDS
        while time.monotonic() < deadline and self.dead() is None:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", int(_port_of(url))), 1):
                return
            time.sleep(0.05)
        raise DappDied(self.dead() or name)

    def dead(self) -> str | None:
        """Name of a process that has ended, None if all run."""
        return next((name for name, process in self._processes.items() if process.poll() is not None), None)

    def stop(self) -> None:
        """Ask every process to end, then make it."""
        for process in self._processes.values():
            process.terminate()
        for process in self._processes.values():
            _wait_or_kill(process)

    def witnessed(self) -> str:
        """What the console exporters of web app and worker have written so far."""
        return "".join(self._file(name, "out").read_text(errors="replace") for name in ("web", "worker"))

    def log_tails(self) -> Iterator[str]:
        """The last lines of each process's log, for when something went wrong."""
        for name in self._processes:
            lines = self._file(name, "log").read_text(errors="replace").splitlines()
            yield f"--- last lines of {name} ---"
            yield from lines[-_TAIL_LINES:]

    def _file(self, name: str, kind: str) -> Path:
        return self.directory / f"{name}.{kind}"


def _wait_or_kill(process: subprocess.Popen[bytes]) -> None:
    try:
        process.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def _port_of(url: str) -> str:
    return url.rpartition(":")[2]
