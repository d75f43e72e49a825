"""Figures are worked out of records, and bounds are kept or not."""

from __future__ import annotations

from typing import Any

import pytest

from tests.benchmarks.musts import MUSTS, Must, table
from tests.benchmarks.short import FIRST_COSTS


def cost(peer: str, workload: str, **fields: Any) -> dict[str, Any]:
    """A record of the costs section."""
    return {"section": "costs", "peer": peer, "workload": workload, **fields}


def row(what: str, records: list[dict[str, Any]]) -> list[str]:
    """The row of one figure."""
    (found,) = [must for must in MUSTS if must.what == what]
    return found.row(records)


def test_a_median_over_repetitions() -> None:
    """Of the workload and peer that are meant."""
    records = [cost("otel_sentry", "paced", application=value) for value in (1.0, 1.12, 1.3)]

    assert row("app thread ÷ FLOOR, paced", [*records, cost("otlp", "paced", application=9.0)]) == [
        "app thread ÷ FLOOR, paced",
        "1.12",
        "≤ 1.15",
        "≤ 1.1",
        "must",
    ]


def test_a_ratio_to_a_peer() -> None:
    """Ours divided by theirs."""
    records = [cost("otel_sentry", "web", total=1.5), cost("otlp-gzip", "web", total=3.0)]

    assert row("total ÷ OTLP gzip, web", records)[1:] == ["0.50", "≤ 0.75", "≤ 0.6", "stretch"]


def test_what_a_peer_throws_away_does_not_count() -> None:
    """Where half is lost, each span that arrived has cost twice as much."""
    records = [
        cost("otel_sentry", "web", total=1.5, lost=0.0),
        cost("otlp-gzip", "web", total=1.0, lost=50.0),
        cost("otlp-gzip", "web", total=1.0, lost=50.0),
    ]

    assert row("total ÷ OTLP gzip, web, per span that arrived", records)[1::3] == ["0.75", "must"]


def test_what_was_not_measured_says_so() -> None:
    """No row is left out."""
    text = table([])

    assert text.count("not measured") == len(MUSTS)


def test_one_lost_span_is_too_many() -> None:
    """In whichever workload."""
    names = [workload for peer, workload in FIRST_COSTS if peer == "otel_sentry"]
    records = [cost("otel_sentry", name, lost=0.01 if name == "tasks" else 0.0) for name in names]
    what = "lost %, the worst of web, 8 threads, 100 tasks, single spans, one trace"

    assert row(what, records)[1::3] == ["0.01", "no"]


@pytest.mark.parametrize(("found", "reached"), [(100.0, "no"), (300.0, "must"), (1_000.0, "stretch")])
def test_lower_bounds(found: float, reached: str) -> None:
    """More is better."""
    assert Must("rate", lambda _: found, 300, 1_000, at_least=True).row([])[-1] == reached
