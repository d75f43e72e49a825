"""Celery tasks and their producer, which know OpenTelemetry only."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from celery import Celery
from opentelemetry import trace

WALLET = "0x" + "AB" * 20
FOLDER = Path(os.environ["BROKER_FOLDER"])
FOLDERS = {"data_folder_in": str(FOLDER), "data_folder_out": str(FOLDER), "control_folder": str(FOLDER / "control")}

app = Celery("tasks", broker="filesystem://")
app.conf.broker_transport_options = FOLDERS
app.conf.task_ignore_result = True
app.conf.worker_prefetch_multiplier = 1
tracer = trace.get_tracer("application")


@app.task
def work(number: int) -> None:
    """Look somebody up; every fifth task fails. Leaves a note about which process did it."""
    with tracer.start_as_current_span("db.get_user", attributes={"wallet.address": WALLET}):
        (FOLDER / f"done-{number}").write_text(str(os.getpid()), encoding="utf-8")
    if number % 5 == 0:
        raise ValueError(number)


def send(count: int) -> None:
    """Each task from a trace of its own."""
    for number in range(count):
        with tracer.start_as_current_span(f"order {number}"):
            work.delay(number)


if __name__ == "__main__":
    send(int(sys.argv[1]))
