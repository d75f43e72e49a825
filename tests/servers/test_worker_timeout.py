"""gunicorn aborts a worker that hangs: the guilty request is told of, and what had ended before arrives."""

from __future__ import annotations

import threading
import urllib.error
import urllib.request
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest

from tests.servers.running import RunningServer, variables

if TYPE_CHECKING:
    from pathlib import Path

    from otel_sentry.local.receiver import Receiver

pytestmark = pytest.mark.slow

APP = """
import time
import otel_sentry
from opentelemetry import trace

otel_sentry.configure(disabled_instrumentations=("*",))
tracer = trace.get_tracer("app")


def application(environ, start_response):
    with tracer.start_as_current_span("request"):
        tracer.start_span("query").end()
        with tracer.start_as_current_span("hangs"):
            time.sleep(300)
"""


def test_a_worker_that_hangs_tells_of_it(receiver: Receiver, tmp_path: Path) -> None:
    """Its spans arrive, also those that were open, although no schedule delay has passed."""
    (tmp_path / "app.py").write_text(APP)
    environ = variables(receiver.dsn, OTEL_BSP_SCHEDULE_DELAY="60000", OTEL_SENTRY_SHUTDOWN_TIMEOUT="0.5")
    command = ["gunicorn", "--bind", "127.0.0.1:{port}", "--timeout", "4", "--graceful-timeout", "1", "app:application"]
    with RunningServer(command, environ, tmp_path / "log", way="configure()", applications=tmp_path) as server:
        server.wait_until(server.listens)
        threading.Thread(target=visit, args=(server._port,), daemon=True).start()
        server.wait_until(lambda: len(receiver.spans) >= 3)

    # gunicorn raises SystemExit in the worker, which leaves the spans' blocks.
    assert sorted(span["name"] for span in receiver.spans) == ["hangs", "query", "request"]


def visit(port: int) -> None:
    """A request that gets no answer."""
    with suppress(OSError, urllib.error.URLError):
        urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=60).close()
