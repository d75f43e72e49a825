"""What a span that waits for the network takes in memory."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, Final

from tests.benchmarks.peers.catalogue import PEERS
from tests.benchmarks.process import Process
from tests.benchmarks.sections.section import Section, grouped, markdown, shuffled, spread

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tests.benchmarks.sections.section import Record


def _weigh(peer: str) -> tuple[int, dict[str, Any]]:
    """Return the bytes that a peer holds while nothing is answered, and the sink's count once all was."""
    with ExitStack() as stack:
        sink = stack.enter_context(Process("sink"))
        url = f"http://127.0.0.1:{sink.hear()['port']}"
        holder = stack.enter_context(Process("holder", peer, url))
        holder.hear()
        sink.ask("reset")
        sink.ask("hold")
        held = int(holder.ask("go")["held_bytes"])
        sink.ask("release")
        holder.ask("deliver")
        return held, sink.ask("count")


def _measure(peers: Sequence[str], repetition: int) -> Iterator[Record]:
    for peer in shuffled(peers, repetition):
        if peer != "floor":
            held, arrived = _weigh(peer)
            yield {"peer": peer, "waited": arrived["spans"], "bytes": held / max(1, arrived["spans"])}


def _render(records: Sequence[Record]) -> str:
    by_peer = grouped(records, "peer")
    rows = [
        [
            PEERS[peer].title,
            spread([record["bytes"] for record in by_peer[(peer,)]], 0),
            spread([record["waited"] for record in by_peer[(peer,)]], 0),
        ]
        for peer in PEERS
        if (peer,) in by_peer
    ]
    return markdown(["peer", "bytes/span held", "spans that were kept"], rows)


MEMORY: Final = Section(
    "memory",
    "Memory while the network hangs",
    "12,600 spans at 100 requests a second towards a receiver that takes requests and answers none; Python's account "
    "of memory seven seconds later, divided by the spans that arrive once it answers. A peer that threw most of them "
    "away holds little, but not per span.",
    _measure,
    _render,
)
