"""Processes that leave by a signal or by `os._exit`: what was recorded arrives, and they leave as they would have."""

from __future__ import annotations

import re
import signal
import subprocess
import textwrap
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.delivery.servers import Server, closed_port

if TYPE_CHECKING:
    from otel_sentry.local.receiver import Receiver

START = """
import os, signal, sys, time
{before}
import otel_sentry
from opentelemetry import trace
telemetry = otel_sentry.configure(dsn={dsn!r}, {settings})
tracer = trace.get_tracer("app")
"""

WORK = """
with tracer.start_as_current_span("request"):
    tracer.start_span("query").end()
    print("ready", flush=True)
    {wait}
"""


def script(receiver: Receiver, body: str, *, before: str = "", settings: str = "") -> str:
    return START.format(dsn=receiver.dsn, before=before, settings=settings) + textwrap.dedent(body)


Started = Callable[[str], "subprocess.Popen[str]"]


@pytest.fixture
def started(tmp_path: Path, python_with_distro: str) -> Iterator[Started]:
    """Starts a script and returns when it says that it is ready; nothing outlives the test."""
    with ExitStack() as stack:

        def start(source: str) -> subprocess.Popen[str]:
            # A file, because spawned children import their main module again.
            (tmp_path / "app.py").write_text(source)
            command = [python_with_distro, str(tmp_path / "app.py")]
            with (tmp_path / "errors").open("w") as errors:
                process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors, text=True)
            stack.enter_context(process)
            stack.callback(process.kill)
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
            return process

        yield start


def names(receiver: Receiver) -> list[str]:
    return sorted(span["name"] for span in receiver.spans)


def test_sigterm_delivers_finished_and_open_spans_and_ends_as_sigterm(receiver: Receiver, started: Started) -> None:
    """Both spans arrive, the open one as unfinished; the exit status is that of the signal."""
    process = started(script(receiver, WORK.format(wait="time.sleep(60)")))

    process.terminate()

    assert process.wait(20) == -signal.SIGTERM
    receiver.wait_for(lambda: len(receiver.spans) == 2)
    unfinished = {s["name"]: s["attributes"].get("otel_sentry.unfinished") for s in receiver.plain_spans}
    assert unfinished == {"query": None, "request": True}


def test_a_handler_of_the_application_still_runs_and_decides(receiver: Receiver, started: Started) -> None:
    """A handler set before ours runs after delivery; its exit status stays."""
    before = "signal.signal(signal.SIGTERM, lambda *_: sys.exit(7))"
    process = started(script(receiver, WORK.format(wait="time.sleep(60)"), before=before))

    process.terminate()

    assert process.wait(20) == 7
    receiver.wait_for(lambda: len(receiver.spans) == 2)
    assert names(receiver) == ["query", "request"]


@pytest.mark.parametrize(
    ("before", "settings"),
    [
        pytest.param("signal.signal(signal.SIGTERM, signal.SIG_IGN)", "", id="an ignored signal stays ignored"),
        pytest.param("", "sigterm=False", id="switched off"),
    ],
)
def test_signals_are_left_alone_where_they_should_be(
    receiver: Receiver, started: Started, before: str, settings: str
) -> None:
    """Neither an ignored signal nor `OTEL_SENTRY_SIGTERM=false` gets a handler of ours."""
    body = 'print("ready", flush=True); print(repr(signal.getsignal(signal.SIGTERM)))'
    process = started(script(receiver, body, before=before, settings=settings))

    said, _ = process.communicate(timeout=20)

    assert "otel_sentry" not in said


def test_sigterm_ends_within_its_time_when_sentry_hangs(started: Started) -> None:
    """A Sentry that answers nobody does not keep the process beyond the time it was given."""
    source = START + textwrap.dedent(WORK.format(wait="time.sleep(60)"))
    with Server(lambda talk: time.sleep(60)) as server:
        process = started(source.format(dsn=server.dsn, before="", settings="shutdown_timeout_seconds=1.0"))

        process.terminate()

        assert process.wait(30) == -signal.SIGTERM


@pytest.mark.parametrize("hangs", [False, True], ids=["closed port", "hangs"])
@pytest.mark.parametrize("wait", ["", "time.sleep(60)"], ids=["exit", "SIGTERM"])
def test_what_is_lost_at_exit_is_told(started: Started, tmp_path: Path, wait: str, *, hangs: bool) -> None:
    """Without a spool, spans that no Sentry takes are in the last line of the log, however the process ends."""
    settings = "shutdown_timeout_seconds=0.5"
    with Server(lambda talk: time.sleep(30)) as server:
        dsn = server.dsn if hangs else f"http://key@127.0.0.1:{closed_port()}/1"
        process = started(START.format(dsn=dsn, before="", settings=settings) + textwrap.dedent(WORK.format(wait=wait)))
        if wait:
            process.terminate()
        process.wait(20)

    told = re.findall(r"did not reach Sentry: (\d+) span", (tmp_path / "errors").read_text())
    assert sum(map(int, told)) == 2


@pytest.mark.parametrize(
    ("method", "before"),
    [
        pytest.param("fork", "", id="fork, loaded after us"),
        pytest.param("fork", "import multiprocessing.util", id="fork, loaded before us"),
        pytest.param("spawn", "", id="spawn"),
    ],
)
def test_a_child_of_multiprocessing_delivers_before_it_leaves(
    receiver: Receiver, started: Started, method: str, before: str
) -> None:
    """Children end by `os._exit`; what they recorded arrives although no schedule delay has passed."""
    path_source = script(
        receiver,
        f"""
        import multiprocessing

        def work():
            with tracer.start_as_current_span("child"):
                pass

        if __name__ == "__main__":
            context = multiprocessing.get_context({method!r})
            children = [context.Process(target=work) for _ in range(3)]
            [child.start() for child in children]
            [child.join() for child in children]
            print("ready", flush=True)
        """,
        before=before,
        settings="schedule_delay_seconds=30.0",
    )
    process = started(path_source)

    assert process.wait(30) == 0
    receiver.wait_for(lambda: len(receiver.spans) == 3)
    assert names(receiver) == ["child"] * 3


def test_what_is_open_at_a_fork_is_told_of_by_the_parent_alone(receiver: Receiver, started: Started) -> None:
    """A child forked inside a span joins its trace; the span itself arrives once, though it ends in both."""
    body = """
        with tracer.start_as_current_span("request"):
            pids = []
            for number in range(2):
                pid = os.fork()
                if not pid:
                    with tracer.start_as_current_span(f"in the child"):
                        pass
                    break
                pids.append(pid)
        if not pid:
            sys.exit(0)
        [os.waitpid(pid, 0) for pid in pids]
        shared = tracer.start_span("shared")
        import multiprocessing

        child = multiprocessing.get_context("fork").Process(target=shared.end)
        child.start()
        child.join()
        shared.end()
        print("ready", flush=True)
        """
    process = started(script(receiver, body))

    assert process.wait(30) == 0
    receiver.wait_for(lambda: len(receiver.spans) >= 4)
    assert names(receiver) == ["in the child", "in the child", "request", "shared"]
    assert len({span["trace_id"] for span in receiver.spans if span["name"] != "shared"}) == 1
