"""How much of the machine other programs took while something was measured, as Linux tells it."""

from __future__ import annotations

import os
import resource
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")

QUIET: Final = 0.08
"""Share of the machine that others may take during a measurement."""
ATTEMPTS: Final = "BENCHMARK_ATTEMPTS"
"""Variable that says how often a disturbed measurement is repeated; 1 where the machine is never quiet."""
PATIENCE_SECONDS: Final = 10.0
_STAT: Final = Path("/proc/stat")
_IDLE: Final = slice(3, 5)
_GUEST: Final = 8
"""Fields of the first line: idle and waiting; guests' time, which is counted in user time already."""


def others_share(measure: Callable[[], T]) -> tuple[T, float]:
    """Call `measure`, and say which share of the machine programs other than this and its children took meanwhile."""
    started, busy, own = time.monotonic(), _busy_seconds(), _own_seconds()
    result = measure()
    seconds = time.monotonic() - started
    others = (_busy_seconds() - busy) - (_own_seconds() - own)
    return result, max(0.0, others / seconds / (os.cpu_count() or 1))


def undisturbed(measure: Callable[[], T]) -> tuple[T, float]:
    """Measure until it was quiet meanwhile, thrice at most; return the least disturbed result and others' share."""
    attempts = int(os.environ.get(ATTEMPTS, "3"))
    best: tuple[T, float] | None = None
    for _ in range(attempts):
        if attempts > 1:
            _wait_for_quiet()
        found = others_share(measure)
        if best is None or found[1] < best[1]:
            best = found
        if best[1] <= QUIET:
            break
    if best is None:
        message = "at least one attempt"
        raise ValueError(message)
    return best


def _wait_for_quiet() -> None:
    until = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < until and others_share(lambda: time.sleep(0.5))[1] > QUIET:
        pass


def _busy_seconds() -> float:
    if not _STAT.exists():  # not Linux: nothing is known of others
        return _own_seconds()
    ticks = [int(field) for field in _STAT.read_text().split("\n", 1)[0].split()[1:]]
    return (sum(ticks[:_GUEST]) - sum(ticks[_IDLE])) / os.sysconf("SC_CLK_TCK")


def _own_seconds() -> float:
    usages = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)
