"""The matrix: nesting × framework × sampled or not × what becomes of the exception × its shape × the way out.

Real applications with the whole set-up, each in a process of its own, against the embedded Sentry. In every cell
exactly one event.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from otel_sentry.local.arrivals import Kind
from otel_sentry.local.receiver import Receiver
from tests.issues.matrix_app import EXITS, FRAMEWORKS, Cell, cells
from tests.relay import relay_notes

APP = Path(__file__).with_name("matrix_app.py")
RATES = {"sampled": "1.0", "unsampled": "0.0"}
UNHANDLED = {"unhandled", "logged", *EXITS}
RUNS = [(framework, sampling) for framework in (*FRAMEWORKS, "exits") for sampling in RATES]

PROCESSES = 3

Events = dict[str, list[dict[str, Any]]]


@dataclass
class Run:
    """What an application sent, by cell; or how it failed."""

    failure: str
    events: Events = field(default_factory=lambda: defaultdict(list))


@pytest.fixture(scope="module")
def runs(request: pytest.FixtureRequest) -> dict[tuple[str, str], Run]:
    """What every application sent of which a test was asked for; a few run side by side."""
    asked = {
        (item.callspec.params["framework"], item.callspec.params["sampling"])
        for item in request.session.items
        if isinstance(item, pytest.Function) and item.path == request.path
    }
    wanted = [one for one in RUNS if one in asked]
    with Receiver(port=0) as sentry, ThreadPoolExecutor(PROCESSES) as pool:
        ended = dict(zip(wanted, pool.map(lambda one: run_app(sentry, *one), wanted), strict=True))
        for envelope in sentry.envelopes:
            events = ended[RUNS[int(envelope.project) - 1]].events
            for arrival in envelope.arrivals:
                if arrival.kind is Kind.ISSUE:
                    events[cell_of(arrival.payload)].append(arrival.payload)
    return ended


@pytest.fixture
def events(runs: dict[tuple[str, str], Run], framework: str, sampling: str) -> Events:
    """The events of one application, by cell."""
    run = runs[framework, sampling]

    assert run.failure == ""
    return run.events


def run_app(sentry: Receiver, framework: str, sampling: str) -> Run:
    """Run an application, which sends to a project of its own."""
    root = str(APP.parents[2])
    dsn = sentry.dsn_of(RUNS.index((framework, sampling)) + 1)
    ended = subprocess.run(
        [sys.executable, str(APP), framework, RATES[sampling]],
        capture_output=True,
        check=False,
        cwd=root,
        env={**os.environ, "SENTRY_DSN": dsn, "PYTHONPATH": root, "PYTHONWARNINGS": "ignore"},
        text=True,
        timeout=240,
    )
    return Run(failure=ended.stderr[-2000:] if ended.returncode else "")


def cell_of(event: dict[str, Any]) -> str:
    """The cell that the exceptions of an event name."""
    message: str = event["exception"]["values"][-1]["value"]
    return message.partition(".")[0] + "."


def matrix() -> list[Any]:
    """All cells, each sampled and not."""
    return [
        pytest.param(framework, sampling, cell, id=f"{sampling} {cell.name[5:-1]}")
        for framework, sampling in RUNS
        for cell in cells(framework)
    ]


@pytest.mark.parametrize(("framework", "sampling", "cell"), matrix())
def test_one_issue(events: Events, framework: str, sampling: str, cell: Cell) -> None:
    """Exactly one event, which says rightly whether it was handled, in the right trace."""
    (event,) = events.get(cell.name, ())
    values = event["exception"]["values"]
    traced = cell.depth > 0 or framework in FRAMEWORKS

    assert (
        values[-1]["type"] == {"plain": "CellError", "chained": "RuntimeError", "group": "ExceptionGroup"}[cell.shape]
    )
    assert values[-1]["mechanism"]["handled"] == (cell.outcome not in UNHANDLED)
    assert values[-1]["stacktrace"]["frames"][-1]["function"] == "fail"
    assert len(event["contexts"]["trace"]["trace_id"]) == 32
    assert ("transaction" in event) == (traced or cell.shape == "group")


@pytest.mark.parametrize(("framework", "sampling"), RUNS)
def test_nothing_else(events: Events, framework: str, sampling: str) -> None:
    """No event that belongs to no cell, and Sentry's normaliser has no error to note on any."""
    notes = [note for found in events.values() for event in found for note in relay_notes(event) if "!" not in note]

    assert set(events) <= {cell.name for cell in cells(framework)}
    assert notes == []
