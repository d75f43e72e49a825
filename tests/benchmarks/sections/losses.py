"""Whether bursts arrive: several times the table's loads, and answers that take their time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tests.benchmarks.loads.catalogue import WORKLOADS
from tests.benchmarks.peers.catalogue import PEERS
from tests.benchmarks.run import measure
from tests.benchmarks.sections.section import Section, grouped, markdown, shuffled, spread

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tests.benchmarks.sections.section import Record

CASES: Final = (
    ("burst", 1, 0.0),
    ("burst", 1, 0.05),
    ("web", 5, 0.0),
    ("threads", 5, 0.0),
    ("tasks", 5, 0.0),
    ("single", 5, 0.0),
    ("trace", 5, 0.0),
)
"""Workload, times its own length, seconds until an answer."""


def _measure(peers: Sequence[str], repetition: int) -> Iterator[Record]:
    for workload, times, delay in CASES:
        for peer in shuffled(peers, repetition):
            if peer != "floor":
                rounds = WORKLOADS[workload].rounds * times
                outcome = measure(peer, workload, delay=delay, rounds=rounds, reference=False)
                case = f"{outcome.made['spans']:,} spans, {WORKLOADS[workload].title}, {delay * 1000:.0f} ms"
                yield {"peer": peer, "case": case, "lost": outcome.lost_percent}


def _render(records: Sequence[Record]) -> str:
    cases = [str(case) for (case,) in grouped(records, "case")]
    by_both = grouped(records, "peer", "case")
    rows = [
        [
            PEERS[peer].title,
            *(
                spread([record["lost"] for record in by_both[peer, case]], 1) if (peer, case) in by_both else "–"
                for case in cases
            ),
        ]
        for peer in PEERS
        if any((peer, case) in by_both for case in cases)
    ]
    return markdown(["lost %", *cases], rows)


LOSSES: Final = Section(
    "losses",
    "What arrives of a burst",
    "Spans that never arrived, in percent, everything at its defaults. The last part of each heading is how long the "
    "receiver takes to answer.",
    _measure,
    _render,
)
