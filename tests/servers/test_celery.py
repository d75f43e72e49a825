"""Celery's pools with a real broker: the producer's trace goes on in the worker, every task arrives once."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.servers.running import WALLET, WAYS, Running, variables

if TYPE_CHECKING:
    from otel_sentry.local.receiver import Receiver

TASKS = 10
POOLS = {
    "prefork": "--pool prefork --concurrency 2",
    "prefork, recycled": "--pool prefork --concurrency 2 --max-tasks-per-child 2",
    "threads": "--pool threads --concurrency 2",
    "gevent": "--pool gevent --concurrency 10",
    "solo": "--pool solo",
}
pytestmark = pytest.mark.slow
PARENTS = {
    "apply_async/tasks.work": "order",
    "run/tasks.work": "apply_async/tasks.work",
    "db.get_user": "run/tasks.work",
}
PER_TASK = Counter(["order", *PARENTS])


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("pool", POOLS)
def test_every_task_arrives_once(pool: str, way: str, receiver: Receiver, tmp_path: Path) -> None:
    """Each task is in its producer's trace, under the span that sent it, with its user; each failure is one issue."""
    broker = tmp_path / "broker"
    (broker / "control").mkdir(parents=True)
    # The broker of this test is a folder: its files are not what is looked at.
    quiet = {"OTEL_PYTHON_DISABLED_INSTRUMENTATIONS": "otel_sentry_files"}
    environ = variables(receiver.dsn, BROKER_FOLDER=str(broker), **quiet)
    module = "tasks" if way == WAYS[1] else "configured_tasks"
    with Running(["python", f"{module}.py", str(TASKS)], environ, tmp_path / "producer.log", way=way) as producer:
        assert producer.end() == 0, producer.written
    command = ["celery", "--app", module, "worker", *POOLS[pool].split(), "--without-gossip", "--without-mingle"]
    with Running(command, environ, tmp_path / "worker.log", way=way) as worker:
        worker.wait_until(lambda: len(list(broker.glob("done-*"))) == TASKS)
        status = worker.stop()
    receiver.wait_for(lambda: len(receiver.spans) >= 4 * TASKS)
    traces: dict[str, list[dict[str, Any]]] = {}
    for span in receiver.plain_spans:
        traces.setdefault(span["trace_id"], []).append(span)
    failed = Counter(event["contexts"]["trace"]["trace_id"] for event in receiver.events)
    orders = {str(span["name"]): trace_id for trace_id, spans in traces.items() for span in spans}

    assert status == 0, worker.written
    assert [Counter(map(kind, spans)) for spans in traces.values()] == [PER_TASK] * TASKS
    assert [problems(spans) for spans in traces.values()] == [[]] * TASKS
    assert failed == Counter(orders[f"order {number}"] for number in range(0, TASKS, 5))
    assert [line for line in worker.written.splitlines() if "otel_sentry" in line and "File" not in line] == []


def kind(span: dict[str, Any]) -> str:
    """Its name, without the number of an order."""
    name: str = span["name"]
    return name.partition(" ")[0]


def problems(spans: list[dict[str, Any]]) -> list[str]:
    """What is wrong with the tree of one task."""
    by_kind = {kind(span): span for span in spans}
    wrong = [
        f"{name} is not under {parent}"
        for name, parent in PARENTS.items()
        if by_kind[name].get("parent_span_id") != by_kind[parent]["span_id"]
    ]
    users = {name: by_kind[name]["attributes"].get("user.id") for name in ("run/tasks.work", "db.get_user")}
    return [*wrong, *(f"{name} belongs to {user}" for name, user in users.items() if user != WALLET)]
