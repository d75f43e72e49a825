"""Whether a span costs the same in small and in large traces, and whether hostile spans cost more than their size."""

from __future__ import annotations

import math
import statistics
from typing import TYPE_CHECKING, Final

from tests.benchmarks.loads.catalogue import HOSTILE, SCALING, WORKLOADS
from tests.benchmarks.peers.catalogue import PEERS
from tests.benchmarks.run import measure
from tests.benchmarks.sections.costs import record_of
from tests.benchmarks.sections.section import Section, grouped, markdown, shuffled, spread

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tests.benchmarks.run import Outcome
    from tests.benchmarks.sections.section import Record

SPEAKS_OPENTELEMETRY: Final = ("otel_sentry", "otlp", "otlp-gzip", "otlp-integration", "logfire")
"""Peers that can be given links, and attributes without a limit."""


def _measure_scaling(peers: Sequence[str], repetition: int) -> Iterator[Record]:
    for workload in SCALING:
        for peer in shuffled(peers, repetition):
            if peer != "floor":
                yield record_of(measure(peer, workload.name))


def _render_scaling(records: Sequence[Record]) -> str:
    by_both = grouped(records, "peer", "workload")
    rows = []
    for peer in PEERS:
        found = [by_both.get((peer, workload.name), []) for workload in SCALING]
        if any(found):
            cells = [
                f"{spread([r['total'] for r in some])} · {spread([r['lost'] for r in some], 0)} %" if some else "–"
                for some in found
            ]
            rows.append([PEERS[peer].title, *cells])
    return markdown(["total ÷ FLOOR · lost", *(workload.title for workload in SCALING)], rows)


def hostile_record(outcome: Outcome) -> Record:
    """Return what the table shows of a run."""
    added_ms = (outcome.total - 1) * outcome.unit_ns / 1e6
    return {"peer": outcome.peer, "workload": outcome.workload, "added_ms": added_ms, "lost": outcome.lost_percent}


def _measure_hostile(peers: Sequence[str], repetition: int) -> Iterator[Record]:
    for workload in HOSTILE:
        for peer in shuffled((name for name in peers if name in SPEAKS_OPENTELEMETRY), repetition):
            yield hostile_record(measure(peer, workload.name))


def _render_hostile(records: Sequence[Record]) -> str:
    by_both = grouped(records, "peer", "workload")
    half = len(HOSTILE) // 2
    rows = []
    for peer in PEERS:
        for small, large in zip(HOSTILE[:half], HOSTILE[half:], strict=True):
            pair = [by_both.get((peer, workload.name), []) for workload in (small, large)]
            if all(pair):
                costs = [[record["added_ms"] for record in some] for some in pair]
                medians = [max(1e-6, statistics.median(some)) for some in costs]
                exponent = math.log(medians[1] / medians[0]) / math.log(4)
                lost = spread([record["lost"] for some in pair for record in some], 0)
                cells = [spread(some, 2) for some in costs]
                rows.append([PEERS[peer].title, WORKLOADS[large.name].title, *cells, f"{exponent:.2f}", lost])
    return markdown(["peer", "spans", "ms/span at a quarter", "ms/span", "exponent", "lost %"], rows)


SCALES: Final = Section(
    "scaling",
    "From 10 to 100,000 spans per trace",
    "Total CPU per span, and what was lost.",
    _measure_scaling,
    _render_scaling,
)
HOSTILES: Final = Section(
    "hostile",
    "Hostile spans",
    "OpenTelemetry's own limits lifted. CPU that the peer adds to one span, at a quarter of the size and at the size. "
    "An exponent of 1 means twice the size costs twice as much, 2 would be quadratic.",
    _measure_hostile,
    _render_hostile,
)
