"""How many traces a second one process delivers for good: nothing lost, nothing piling up."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tests.benchmarks.loads.catalogue import CEILING, SINGLE_CEILING, WORKLOADS
from tests.benchmarks.peers.catalogue import PEERS
from tests.benchmarks.run import measure
from tests.benchmarks.sections.section import Section, grouped, markdown, shuffled, spread

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tests.benchmarks.sections.section import Record

LOAD_SECONDS: Final = 4.0
DELIVERY_SECONDS: Final = 1.1
"""What may be left when the load ends: one schedule delay's worth. More means that it was piling up."""
LATE: Final = 1.05
"""Times its length that the load may take; beyond, the application itself cannot keep the pace."""
PRECISION: Final = 1.08
"""Ratio of the rate that failed to the one that held, at which the search ends."""
FIRST_SPANS_PER_SECOND: Final = 4000.0
CASES: Final = ((CEILING, 0.0), (CEILING, 0.05), (SINGLE_CEILING, 0.05))


def holds(peer: str, workload: str, delay: float, rounds_per_second: float) -> bool:
    """Say whether a peer keeps up with a rate."""
    rounds = max(1, int(LOAD_SECONDS * rounds_per_second))
    outcome = measure(peer, workload, delay=delay, rounds=rounds, pace=rounds_per_second, reference=False)
    return bool(
        outcome.arrived["spans"] >= outcome.made["spans"]
        and outcome.made["load_seconds"] <= LOAD_SECONDS * LATE
        and outcome.made["delivery_seconds"] <= DELIVERY_SECONDS
    )


def ceiling(peer: str, workload: str, delay: float, precision: float = PRECISION) -> float:
    """Return the highest rate in spans per second that holds, by doubling or halving and then by bisection."""
    per_round = WORKLOADS[workload].spans_per_round
    held, failed = 0.0, 0.0
    rate = FIRST_SPANS_PER_SECOND / per_round if per_round > 1 else FIRST_SPANS_PER_SECOND / 10
    while not (held and failed and failed / held <= precision) and rate > 1.0:
        if holds(peer, workload, delay, rate):
            held = rate
        else:
            failed = rate
        rate = (held * failed) ** 0.5 if held and failed else held * 2 if held else failed / 2
    return held * per_round


def ceiling_record(peer: str, workload: str, delay: float, precision: float = PRECISION) -> Record:
    """Return what the table shows of a search."""
    case = f"{WORKLOADS[workload].title}, {delay * 1000:.0f} ms"
    return {"peer": peer, "case": case, "spans_per_second": ceiling(peer, workload, delay, precision)}


def _measure(peers: Sequence[str], repetition: int) -> Iterator[Record]:
    for workload, delay in CASES:
        for peer in shuffled(peers, repetition):
            if peer != "floor":
                yield ceiling_record(peer, workload.name, delay)


def _render(records: Sequence[Record]) -> str:
    cases = [str(case) for (case,) in grouped(records, "case")]
    by_both = grouped(records, "peer", "case")
    rows = [
        [
            PEERS[peer].title,
            *(
                spread([record["spans_per_second"] for record in by_both[peer, case]], 0)
                if (peer, case) in by_both
                else "–"
                for case in cases
            ),
        ]
        for peer in PEERS
        if any((peer, case) in by_both for case in cases)
    ]
    return markdown(["spans/s", *cases], rows)


CEILINGS: Final = Section(
    "ceilings",
    "How many spans a second",
    "The highest rate that one process holds for four seconds on one application thread, nothing lost, nothing piling "
    "up; found to within 8 %. It depends on the machine more than any other figure here: compare within a column.",
    _measure,
    _render,
)
