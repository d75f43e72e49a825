"""SIGTERM where servers fork late or threads are greenlets: what was recorded arrives, and the exit status stays."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from otel_sentry.setup.departure import again_in_children

if TYPE_CHECKING:
    from otel_sentry.local.receiver import Receiver

FORKED_LATE = """
import os, signal, sys, time
import otel_sentry
from opentelemetry import trace

otel_sentry.configure()
child = os.fork()
if child:
    signal.signal(signal.SIGTERM, lambda *_: os.kill(child, signal.SIGTERM))
    os._exit(-os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
signal.signal(signal.SIGTERM, signal.SIG_DFL)  # as gunicorn's workers do, whoever loaded the application
tracer = trace.get_tracer("app")
with tracer.start_as_current_span("request"):
    tracer.start_span("query").end()
    print("ready", flush=True)
    time.sleep(60)
"""
GREENLETS = """
from gevent import monkey
monkey.patch_all()
import time
import otel_sentry
from opentelemetry import trace

otel_sentry.configure()
tracer = trace.get_tracer("app")
with tracer.start_as_current_span("request"):
    tracer.start_span("query").end()
    print("ready", flush=True)
    time.sleep(60)
"""


@pytest.mark.parametrize(
    ("source", "status"),
    [
        pytest.param(FORKED_LATE, signal.SIGTERM, id="a server that sets its handlers after the fork"),
        pytest.param(GREENLETS, -signal.SIGTERM, id="gevent, whose signal handlers may not wait"),
    ],
)
def test_sigterm_delivers_finished_and_open_spans(source: str, status: int, receiver: Receiver, tmp_path: Path) -> None:
    """Both spans arrive, and the process ends by the signal."""
    (tmp_path / "app.py").write_text(source)
    variables = {
        **{name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ},
        "SENTRY_DSN": receiver.dsn,
        "OTEL_BSP_SCHEDULE_DELAY": "60000",
        "OTEL_PYTHON_DISABLED_INSTRUMENTATIONS": "*",
        "OTEL_SENTRY_SHUTDOWN_TIMEOUT": "20",
    }
    command = [sys.executable, str(tmp_path / "app.py")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=variables, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"

        process.terminate()

        assert process.wait(40) == status
    receiver.wait_for(lambda: len(receiver.spans) == 2)
    assert sorted(span["name"] for span in receiver.spans) == ["query", "request"]


def test_the_process_that_was_set_up_is_not_armed_again() -> None:
    """Only a process that was forked since gets a handler with its first span."""
    armed: list[int] = []
    told = again_in_children(lambda: armed.append(os.getpid()))
    told()

    assert armed == []
