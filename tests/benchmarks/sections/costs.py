"""What a span costs, whether it arrives, and how large it is: every peer under every workload."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tests.benchmarks.loads.catalogue import TABLE, WORKLOADS
from tests.benchmarks.peers.catalogue import PEERS
from tests.benchmarks.run import Outcome, measure
from tests.benchmarks.sections.section import Section, grouped, markdown, shuffled, spread

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tests.benchmarks.sections.section import Record

HEADER: Final = ("peer", "app thread ÷ FLOOR", "total ÷ FLOOR", "lost %", "bytes/span", "request p50 µs", "issues")


def record_of(outcome: Outcome) -> Record:
    """Return what the table shows of a run."""
    return {
        "peer": outcome.peer,
        "workload": outcome.workload,
        "unit_ns": outcome.unit_ns,
        "application": outcome.application,
        "total": outcome.total,
        "lost": outcome.lost_percent,
        "bytes": outcome.bytes_per_span,
        "latency": outcome.latency_us,
        "issues": outcome.arrived["issues"],
        "issues_made": outcome.made["issues"],
        "repeated": outcome.arrived["repeated"],
        "connections": outcome.arrived["connections"],
        "others": outcome.others_share,
    }


def _measure(peers: Sequence[str], repetition: int) -> Iterator[Record]:
    for workload in shuffled((workload.name for workload in TABLE), repetition):
        for peer in shuffled(peers, repetition):
            yield record_of(measure(peer, workload))


def row(records: Sequence[Record]) -> list[str]:
    """Return one peer's row of the table of one workload."""
    peer, workload = PEERS[records[0]["peer"]], WORKLOADS[records[0]["workload"]]
    floor = peer.name == "floor"
    issues = f"{min(record['issues'] for record in records)} of {records[0]['issues_made']}"
    return [
        peer.title,
        spread([record["application"] for record in records]),
        spread([record["total"] for record in records]),
        "–" if floor else spread([record["lost"] for record in records], 1),
        "–" if floor else spread([record["bytes"] for record in records], 0),
        "–" if workload.concurrent else spread([record["latency"] for record in records], 0),
        "–" if floor or not workload.issues_per_round else issues,
    ]


def table(records: Sequence[Record]) -> str:
    """Return one table per workload."""
    parts = []
    by_workload = grouped(records, "workload")
    for workload in WORKLOADS.values():
        found = by_workload.get((workload.name,), [])
        by_peer = grouped(found, "peer")
        rows = [row(by_peer[(peer,)]) for peer in PEERS if (peer,) in by_peer]
        if rows:
            parts.append(f"### {workload.title[0].upper()}{workload.title[1:]}\n\n{markdown(HEADER, rows)}")
    return "\n".join(parts)


COSTS: Final = Section(
    "costs",
    "Cost, loss and size",
    "App thread: CPU of the threads that serve requests. Total: CPU of the whole process until all was delivered. Both "
    "per span, divided by what a span costs on FLOOR in the same instants. A peer that loses spans does not pay for "
    "sending them: read total beside lost.",
    _measure,
    table,
)
