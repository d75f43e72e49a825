"""The documented matrix of web servers, with the real servers: every request arrives once, whoever forks when."""

from __future__ import annotations

import shutil
import signal
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest

from tests.servers.running import APPLICATIONS, CALLER_SPAN, WALLET, WAYS, RunningServer, trace_of, variables

if TYPE_CHECKING:
    from otel_sentry.local.receiver import Receiver

ROUND, MOST_ROUNDS = 10, 40
BY_SIGNAL = -signal.SIGTERM


class Server(NamedTuple):
    """One row of the matrix.

    Attributes:
        name: as the documentation has it.
        command: `{port}` and `{app}` are filled in.
        module: of the application.
        workers: processes that answer.
        status: how the server itself leaves at SIGTERM, without us.
    """

    name: str
    command: str
    module: str
    workers: int = 1
    status: int = 0


UVICORN = "uvicorn --port {port}"
PATIENCE = (
    "--timeout-worker-healthcheck 60"  # uvicorn kills workers that do not answer within 5 s, also while they start
)
GUNICORN = "gunicorn --bind 127.0.0.1:{port} --no-control-socket"
MATRIX = [
    Server("uvicorn", f"{UVICORN} {{app}}:app", "asgi_app", status=BY_SIGNAL),
    Server("uvicorn --workers 2", f"{UVICORN} --workers 2 {PATIENCE} {{app}}:app", "asgi_app", 2),
    *(
        Server(f"gunicorn, {kind}{preload}", f"{GUNICORN} --workers 2 {options}{preload} {{app}}:app", module, 2)
        for preload in ("", " --preload")
        for kind, options, module in (
            ("sync", "--worker-class sync", "wsgi_app"),
            ("threads", "--worker-class gthread --threads 4", "wsgi_app"),
            ("gevent", "--worker-class gevent", "wsgi_app"),
            ("uvicorn", "--worker-class uvicorn_worker.UvicornWorker", "asgi_app"),
        )
    ),
]
EVERY_DAY = {("uvicorn --workers 2", WAYS[0]), ("gunicorn, sync --preload", WAYS[0])}
"""What `make test-processes` runs, too; `make test-servers` runs all."""


def rows() -> list[object]:
    """Every server, started in both ways."""
    return [
        pytest.param(
            server,
            way,
            id=f"{server.name}, {way}",
            marks=pytest.mark.processes if (server.name, way) in EVERY_DAY else pytest.mark.slow,
        )
        for server in MATRIX
        for way in WAYS
    ]


def visited(running: RunningServer, workers: int) -> int:
    """Visit until every worker has answered; how many requests that took."""
    answered: set[int] = set()
    for number in range(MOST_ROUNDS):
        answered |= running.visit(range(number * ROUND, (number + 1) * ROUND))
        if len(answered) >= workers:
            return (number + 1) * ROUND
    raise AssertionError(f"{len(answered)} of {workers} workers answered")


@pytest.mark.parametrize(("server", "way"), rows())
def test_every_request_arrives_once(server: Server, way: str, receiver: Receiver, tmp_path: Path) -> None:
    """Each request is one segment of its caller's trace with its child and its user, each failure one issue."""
    module = server.module if way == WAYS[1] else f"configured_{server.module}"
    command = server.command.replace("{app}", module).split()
    with RunningServer(command, variables(receiver.dsn), tmp_path / "server.log", way=way) as running:
        running.wait_until(running.listens)
        requests = visited(running, server.workers)
        status = running.stop()
    receiver.wait_for(lambda: len(receiver.spans) >= 2 * requests)
    found = {
        (span["name"], span["trace_id"], span["attributes"].get("user.id"))
        for span in receiver.plain_spans
        if span["name"] == "db.get_user" or span.get("parent_span_id") == CALLER_SPAN
    }
    failed = sorted(event["contexts"]["trace"]["trace_id"] for event in receiver.events)
    names = {name for name, _, _ in found}

    assert status == server.status, running.written
    assert found == {(name, trace_of(number), WALLET) for number in range(requests) for name in names}, running.written
    assert len(names) == 2
    assert failed == [trace_of(number) for number in range(0, requests, 5)]
    assert [line for line in running.written.splitlines() if "otel_sentry" in line and "File" not in line] == []


@pytest.mark.slow
@pytest.mark.parametrize("way", WAYS)
def test_reloading_loses_nothing(way: str, receiver: Receiver, tmp_path: Path) -> None:
    """`uvicorn --reload`: what the old process has recorded arrives, and the new one goes on."""
    applications = tmp_path / "applications"
    shutil.copytree(APPLICATIONS, applications)
    module = "asgi_app" if way == WAYS[1] else "configured_asgi_app"
    command = [*UVICORN.split(), "--reload", f"{module}:app"]
    log = tmp_path / "server.log"
    with RunningServer(command, variables(receiver.dsn), log, way=way, applications=applications) as running:
        running.wait_until(running.listens)
        before = running.visit(range(1, ROUND))
        with (applications / "asgi_app.py").open("a") as source:
            source.write("# changed\n")
        running.wait_until(lambda: running.written.count("Application startup complete") == 2)
        after = running.visit(range(ROUND + 1, 2 * ROUND))
        running.stop()
    receiver.wait_for(lambda: len(looked_up(receiver)) >= 2 * (ROUND - 1))

    assert len(before | after) == 2
    assert looked_up(receiver) == sorted(trace_of(number) for number in range(1, 2 * ROUND) if number != ROUND)


def looked_up(receiver: Receiver) -> list[str]:
    """Traces in which somebody was looked up."""
    return sorted(span["trace_id"] for span in receiver.plain_spans if span["name"] == "db.get_user")
