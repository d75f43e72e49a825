"""The number in [0, 1) that decides a trace, the same in every process. Pure: derived from the trace id, not drawn.

Source: protocol page 6.4. The derivation is sentry-python's, so that a process which runs it takes the same numbers.
"""

from __future__ import annotations

from random import Random
from typing import Final

_STEPS: Final = 1_000_000
"""Six decimals."""


def derived_sample_rand(trace_id: int, low: float = 0.0, high: float = 1.0) -> float | None:
    """A number in [low, high) with six decimals that depends on the arguments alone.

    Returns:
        None when no number of six decimals lies in the interval.
    """
    first, end = int(low * _STEPS), int(high * _STEPS)
    # Seeded with the trace id this is a hash, not chance.
    generator = Random(f"{trace_id:032x}")  # noqa: S311
    steps = generator.randrange(first, end) if first < end else first
    if steps / _STEPS < low:
        steps += 1  # `low` lies between two steps, or int() cut a binary fraction
    return steps / _STEPS if low <= steps / _STEPS < high else None
