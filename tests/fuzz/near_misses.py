"""Inputs that are almost right: what was valid, with pieces cut out, doubled, replaced and put in."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

from hypothesis import strategies as st

if TYPE_CHECKING:
    from collections.abc import Sequence

SEEDS = st.integers(0, 2**64)
"""Hypothesis draws a seed, chance does the rest: drawing every edit would cost ten times the parsers."""


def near_misses(samples: Sequence[bytes]) -> st.SearchStrategy[bytes]:
    """One of the samples after a few edits, or now and then nothing but noise."""
    return SEEDS.map(lambda seed: near_miss(samples, Random(seed)))  # noqa: S311  repeatable on purpose


def near_miss(samples: Sequence[bytes], chance: Random) -> bytes:
    """At up to five places, some bytes give way to others: noise, or a piece of any sample."""
    data = chance.choice(samples) if chance.random() < 0.95 else chance.randbytes(chance.randint(0, 100))
    for _ in range(chance.randint(0, 5)):
        at, length = chance.randint(0, len(data)), chance.choice((0, 0, 1, 1, 2, 12, 100))
        other = chance.choice(samples)
        cut = chance.randint(0, len(other))
        instead = chance.choice((b"", chance.randbytes(chance.randint(1, 6)), other[cut : cut + chance.randint(1, 30)]))
        data = data[:at] + instead + data[at + length :]
    return data


def texts(samples: Sequence[str]) -> st.SearchStrategy[str]:
    """The same for headers, which are latin-1 on the wire."""
    return near_misses([sample.encode() for sample in samples]).map(lambda data: data.decode("latin-1"))
