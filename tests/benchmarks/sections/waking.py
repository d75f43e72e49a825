"""What the application's users feel: how late a request wakes from I/O while spans are exported at full speed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tests.benchmarks.loads.catalogue import WAKING
from tests.benchmarks.peers.catalogue import PEERS
from tests.benchmarks.run import measure
from tests.benchmarks.sections.section import Section, grouped, markdown, shuffled, spread

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tests.benchmarks.sections.section import Record


def _measure(peers: Sequence[str], repetition: int) -> Iterator[Record]:
    for peer in shuffled(peers, repetition):
        made = measure(peer, WAKING.name, reference=False).made
        yield {"peer": peer, "p50": made["latency_p50_us"], "p99": made["latency_p99_us"]}


def _render(records: Sequence[Record]) -> str:
    by_peer = grouped(records, "peer")
    rows = [
        [
            PEERS[peer].title,
            spread([record["p50"] for record in by_peer[(peer,)]], 0),
            spread([record["p99"] for record in by_peer[(peer,)]], 0),
        ]
        for peer in PEERS
        if (peer,) in by_peer
    ]
    return markdown(["peer", "late p50 µs", "late p99 µs"], rows)


WAKINGS: Final = Section(
    "waking",
    "How late a request wakes from I/O",
    "One thread waits 2 ms as for I/O, then serves a web request, without pause: some hundred requests a second, all "
    "exported as they come. Lateness is what the wait took beyond 2 ms.",
    _measure,
    _render,
)
