"""Inputs that are almost right: what was valid, with pieces cut out, doubled, replaced and put in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import strategies as st

if TYPE_CHECKING:
    from collections.abc import Sequence

EDITS = st.lists(st.tuples(st.integers(0, 400), st.integers(0, 12), st.binary(max_size=6)), max_size=5)


def near_misses(samples: Sequence[bytes]) -> st.SearchStrategy[bytes]:
    """One of the samples after a few edits: at a place, so many bytes give way to others."""
    return st.builds(edited, st.sampled_from(samples), EDITS)


def edited(data: bytes, edits: list[tuple[int, int, bytes]]) -> bytes:
    """The sample with each edit applied in turn."""
    for place, length, instead in edits:
        at = place % (len(data) + 1)
        data = data[:at] + instead + data[at + length :]
    return data


def texts(samples: Sequence[str]) -> st.SearchStrategy[str]:
    """The same for headers, which are latin-1 on the wire."""
    return near_misses([sample.encode() for sample in samples]).map(lambda data: data.decode("latin-1")) | st.text()
