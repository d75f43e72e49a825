"""Ends that others decide on: children of billiard, functions that are frozen, servers with a lifespan."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from tests.delivery.servers import Server
from tests.servers.running import RunningServer, variables

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from otel_sentry.local.receiver import Receiver

BILLIARD = """
import billiard
from billiard.pool import Pool
import otel_sentry
from opentelemetry import trace

telemetry = otel_sentry.configure()
tracer = trace.get_tracer("app")


def work(number):
    with tracer.start_as_current_span("child"):
        return number


if __name__ == "__main__":
    with tracer.start_as_current_span("parent"):
        children = [billiard.Process(target=work, args=(number,)) for number in range(3)]
        [child.start() for child in children]
        [child.join() for child in children]
    pool = Pool(2, on_process_exit=lambda *_: telemetry.shutdown())
    print(sorted(pool.map(work, range(4), chunksize=1)), flush=True)
    pool.close()
    pool.join()
"""
FUNCTION = """
import sys, time
import otel_sentry
from opentelemetry import trace

telemetry = otel_sentry.configure()
tracer = trace.get_tracer("app")


class Invocation:
    def __init__(self, seconds):
        self._end = time.monotonic() + seconds

    def get_remaining_time_in_millis(self):
        return int((self._end - time.monotonic()) * 1000)


def handler(event, context):
    try:
        with tracer.start_as_current_span("handle order", attributes={"faas.trigger": "pubsub"}):
            return {"statusCode": 200}
    finally:
        left = context.get_remaining_time_in_millis() / 1000
        telemetry.flush(timeout=max(0.0, min(2.0, left - 0.2)))


for line in sys.stdin:
    invocation = Invocation(float(line))
    handler({}, invocation)
    print(invocation.get_remaining_time_in_millis() > -300, flush=True)
"""
LIFESPAN = """
from contextlib import asynccontextmanager

import otel_sentry
from opentelemetry import trace
from starlette.applications import Starlette

telemetry = otel_sentry.configure(disabled_instrumentations=("*",))
tracer = trace.get_tracer("app")


@asynccontextmanager
async def lifespan(app):
    with tracer.start_as_current_span("starting"):
        pass
    yield
    with tracer.start_as_current_span("stopping"):
        pass
    telemetry.shutdown()


app = Starlette(lifespan=lifespan)
"""


@contextmanager
def running(source: str, dsn: str, folder: Path) -> Iterator[subprocess.Popen[str]]:
    """A script with pipes at both ends; it does not outlive the test."""
    (folder / "app.py").write_text(source)
    found = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    more = {"OTEL_BSP_SCHEDULE_DELAY": "60000", "OTEL_PYTHON_DISABLED_INSTRUMENTATIONS": "*"}
    command, pipe = [sys.executable, str(folder / "app.py")], subprocess.PIPE
    environ = {**found, **variables(dsn, **more)}
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, env=environ, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def invoke(process: subprocess.Popen[str], seconds: float) -> bool:
    """One call of the function; whether it kept to its time."""
    assert process.stdin is not None
    assert process.stdout is not None
    print(seconds, file=process.stdin, flush=True)
    return process.stdout.readline() == "True\n"


def test_children_of_billiard_deliver_before_they_leave(receiver: Receiver, tmp_path: Path) -> None:
    """Processes do by themselves; a pool, which leaves by `os._exit`, by its own hook."""
    with running(BILLIARD, receiver.dsn, tmp_path) as process:
        out, _ = process.communicate(timeout=120)

    assert (out, process.returncode) == ("[0, 1, 2, 3]\n", 0)
    receiver.wait_for(lambda: len(receiver.spans) >= 8)
    assert sorted(span["name"] for span in receiver.spans) == ["child"] * 7 + ["parent"]


def test_a_function_has_delivered_when_it_is_frozen(receiver: Receiver, tmp_path: Path) -> None:
    """Between two calls the process stands still, and what ended before has arrived."""
    with running(FUNCTION, receiver.dsn, tmp_path) as process:
        for calls in (1, 2):
            assert invoke(process, 20.0)
            process.send_signal(signal.SIGSTOP)
            assert [span["name"] for span in receiver.spans] == ["handle order"] * calls
            process.send_signal(signal.SIGCONT)


@pytest.mark.parametrize("seconds", [3.0, 0.4, 0.1])
def test_a_function_ends_in_time_whatever_sentry_does(tmp_path: Path, seconds: float) -> None:
    """A Sentry that takes a minute does not have the platform kill the function."""
    with Server(lambda talk: time.sleep(60)) as hanging, running(FUNCTION, hanging.dsn, tmp_path) as process:
        assert all(invoke(process, seconds) for _ in range(3))


def test_a_lifespan_delivers_what_it_records(receiver: Receiver, tmp_path: Path) -> None:
    """Spans of start and stop arrive although uvicorn ends by SIGTERM, past `atexit`."""
    (tmp_path / "app.py").write_text(LIFESPAN)
    environ = variables(receiver.dsn, OTEL_BSP_SCHEDULE_DELAY="60000")
    command = ["uvicorn", "--port", "{port}", "app:app"]
    with RunningServer(command, environ, tmp_path / "log", way="configure()", applications=tmp_path) as server:
        server.wait_until(server.listens)

        assert server.stop() == -signal.SIGTERM
    assert sorted(span["name"] for span in receiver.spans) == ["starting", "stopping"]
