"""The number in [0, 1) that decides a trace, the same in every process. Pure: derived from the trace id, not drawn.

Source: protocol page 6.4. The derivation is sentry-python's, so that a process which runs it takes the same numbers.
"""

from __future__ import annotations

from collections import deque
from random import Random
from typing import Final

_STEPS: Final = 1_000_000
"""Six decimals."""


_IDLE: Final[deque[Random]] = deque()
"""Generators that nobody uses: a new one seeds itself twice, and to seed is nearly all it costs."""


def derived_sample_rand(trace_id: int, low: float = 0.0, high: float = 1.0) -> float | None:
    """A number in [low, high) with six decimals that depends on the arguments alone.

    Returns:
        None when no number of six decimals lies in the interval.
    """
    first, end = int(low * _STEPS), int(high * _STEPS)
    steps = _drawn(trace_id, first, end) if first < end else first
    if steps / _STEPS < low:
        steps += 1  # `low` lies between two steps, or int() cut a binary fraction
    return steps / _STEPS if low <= steps / _STEPS < high else None


def _drawn(trace_id: int, first: int, end: int) -> int:
    """An integer in [first, end). Seeded with the trace id this is a hash, not chance."""
    try:
        generator = _IDLE.pop()
    except IndexError:
        generator = Random()  # noqa: S311  see above
    generator.seed(f"{trace_id:032x}")
    drawn = generator.randrange(first, end)
    _IDLE.append(generator)
    return drawn
