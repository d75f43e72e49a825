"""What a part of the benchmark is, and the numbers that all parts share: medians with their spread."""

from __future__ import annotations

import random
import statistics
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence

    Record = dict[str, Any]
    """One measurement, as it is saved: everything that rendering needs."""


@dataclass(frozen=True)
class Section:
    """One part.

    Attributes:
        name: as the command line takes it.
        title: its heading.
        introduction: what the reader must know to read the table.
        measure: yields records; told which peers, and which repetition it is.
        render: the records of all repetitions as Markdown.
    """

    name: str
    title: str
    introduction: str
    measure: Callable[[Sequence[str], int], Iterator[Record]]
    render: Callable[[Sequence[Record]], str]


def shuffled(names: Iterable[str], repetition: int) -> list[str]:
    """Return the names in an order of the repetition's own, so that no peer is always first."""
    order = list(names)
    random.Random(repetition).shuffle(order)  # noqa: S311 - an order, not a secret
    return order


def grouped(records: Iterable[Record], *keys: str) -> dict[tuple[Hashable, ...], list[Record]]:
    """Return records by the values of some fields, in the order in which these values first came."""
    groups: dict[tuple[Hashable, ...], list[Record]] = defaultdict(list)
    for record in records:
        groups[tuple(record[key] for key in keys)].append(record)
    return dict(groups)


def spread(values: Sequence[float], digits: int = 2) -> str:
    """Return the median, with the smallest and largest behind it where they differ."""
    median, low, high = statistics.median(values), min(values), max(values)
    texts = [f"{value:,.{digits}f}" for value in (median, low, high)]
    return texts[0] if texts[1] == texts[2] else f"{texts[0]} ({texts[1]}–{texts[2]})"


def markdown(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a Markdown table, first column to the left, the others to the right."""
    lines = [header, ["---", *("--:" for _ in header[1:])], *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines) + "\n"
