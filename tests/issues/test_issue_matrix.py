"""The matrix: nesting × framework × sampled or not × what becomes of the exception × its shape × the way out.

Real applications with the whole set-up, each in a process of its own, against the embedded Sentry. In every cell
exactly one event.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest

from otel_sentry.local.receiver import Receiver
from tests.issues.matrix_app import DEPTHS, EXITS, FRAMEWORKS, OUTCOMES, SHAPES, Cell, cells
from tests.relay import relay_notes

APP = Path(__file__).with_name("matrix_app.py")
RATES = {"sampled": "1.0", "unsampled": "0.0"}
UNHANDLED = {"unhandled", "logged", *EXITS}
TYPES = {"plain": "CellError", "chained": "RuntimeError", "group": "ExceptionGroup"}

Event = dict[str, Any]


def run_app(framework: str, sampling: str) -> list[Event]:
    """What an application sent to its Sentry."""
    root = str(APP.parents[2])
    with Receiver(port=0) as sentry:
        ended = subprocess.run(
            [sys.executable, str(APP), framework, RATES[sampling]],
            capture_output=True,
            check=False,
            cwd=root,
            env={**os.environ, "SENTRY_DSN": sentry.dsn, "PYTHONPATH": root, "PYTHONWARNINGS": "ignore"},
            text=True,
            timeout=240,
        )

        assert ended.returncode == 0, ended.stderr[-2000:]
        return sentry.events


def cell_of(event: Event) -> str:
    """The cell that the exceptions of an event name."""
    message: str = event["exception"]["values"][-1]["value"]
    return message.partition(".")[0] + "."


def faults(cell: Cell, events: list[Event]) -> list[str]:
    """What is wrong with the events of a cell."""
    if len(events) != 1:
        return [f"{len(events)} events"]
    (event,) = events
    top = event["exception"]["values"][-1]
    in_a_trace = cell.depth > 0 or cell.framework in FRAMEWORKS or cell.shape == "group"
    checks = {
        "wrong exception": top["type"] == TYPES[cell.shape],
        "wrongly handled": top["mechanism"]["handled"] == (cell.outcome not in UNHANDLED),
        "wrong frames": top["stacktrace"]["frames"][-1]["function"] == "fail",
        "no trace": len(event["contexts"]["trace"]["trace_id"]) == 32,
        "no transaction": ("transaction" in event) == in_a_trace,
        "Relay notes errors": not [note for note in relay_notes(event) if "!" not in note],
    }
    return [fault for fault, holds in checks.items() if not holds]


@pytest.mark.parametrize("sampling", RATES)
@pytest.mark.parametrize("framework", [*FRAMEWORKS, "exits"])
def test_one_issue_in_every_cell(framework: str, sampling: str) -> None:
    """Each cell has exactly one event, and that says the right things; no event belongs to no cell."""
    events: dict[str, list[Event]] = defaultdict(list)
    for event in run_app(framework, sampling):
        events[cell_of(event)].append(event)
    wrong = {cell.name: found for cell in cells(framework) if (found := faults(cell, events.pop(cell.name, [])))}

    assert wrong == {}
    assert dict(events) == {}


def test_size_of_the_matrix() -> None:
    """No dimension has got lost: every depth, shape and outcome of every framework, and every way out."""
    without_spans = len(SHAPES) * len(OUTCOMES)
    expected = len(DEPTHS) * len(SHAPES) * (len(FRAMEWORKS) * len(OUTCOMES) + len(EXITS)) - without_spans

    assert sum(len(cells(framework)) for framework in (*FRAMEWORKS, "exits")) == expected
