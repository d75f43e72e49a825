"""Run by `.ci/run` with the built wheel alone: import, configure, send to a socket of our own, command line."""

from __future__ import annotations

import logging
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from importlib.metadata import distribution, version
from pathlib import Path

import otel_sentry


class Ingest(BaseHTTPRequestHandler):
    """Takes envelopes and keeps their paths."""

    paths: list[str] = []  # noqa: RUF012 - one server, one list

    def do_POST(self) -> None:
        """Take one."""
        self.rfile.read(int(self.headers["Content-Length"]))
        self.paths.append(self.path)
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *_: object) -> None:
        """Keep quiet."""


def main(command: str) -> None:
    """Fail loudly if something is missing from the wheel."""
    package = Path(otel_sentry.__file__).parent
    assert "site-packages" in str(package), f"imported from {package}"
    assert version("otel-sentry") == otel_sentry.__version__
    for name in otel_sentry.__all__:
        getattr(otel_sentry, name)
    for entry in distribution("otel-sentry").entry_points:
        if entry.group != "pytest11":  # only pytest loads that one
            entry.load()
    server = HTTPServer(("127.0.0.1", 0), Ingest)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    telemetry = otel_sentry.configure(dsn=f"http://key@127.0.0.1:{server.server_port}/1")
    with telemetry.start_span("smoke"):
        pass
    assert telemetry.flush(10), "not delivered in time"
    assert Ingest.paths, "nothing arrived"
    subprocess.run([command, "--help"], check=True, stdout=subprocess.DEVNULL)  # noqa: S603 - our own command
    logging.getLogger(__name__).warning("the wheel works: %s", ", ".join(sorted(set(Ingest.paths))))


if __name__ == "__main__":
    main(sys.argv[1])
