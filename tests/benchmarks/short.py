"""The measurement of about a quarter of an hour: every figure that must be reached, beside those it is compared with.

Most important first; what the time does not suffice for is left out, and the table says so.
"""

from __future__ import annotations

import os
import time
from functools import partial
from typing import TYPE_CHECKING, Final

from tests.benchmarks.loads.catalogue import CEILING, HOSTILE, SCALING, SINGLE_CEILING
from tests.benchmarks.machine import ATTEMPTS
from tests.benchmarks.peers.catalogue import PEERS
from tests.benchmarks.run import measure_once
from tests.benchmarks.sections.catalogue import SECTIONS
from tests.benchmarks.sections.ceilings import ceiling_record
from tests.benchmarks.sections.costs import record_of
from tests.benchmarks.sections.scaling import hostile_record

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.benchmarks.sections.section import Record

OURS: Final = "otel_sentry"
PRECISION: Final = 1.15
"""Of ceilings; the long measurement searches twice as closely."""
FIRST_COSTS: Final = (
    *((OURS, workload) for workload in ("paced", "web", "single", "trace", "failing", "threads", "tasks")),
    ("otel_sentry-wallet", "paced"),
    ("otlp-gzip", "web"),
    ("streaming", "web"),
)
REPEATED: Final = (
    (OURS, "paced"),
    (OURS, "web"),
    ("otel_sentry-wallet", "paced"),
    ("otlp-gzip", "web"),
    (OURS, "trace"),
    (OURS, "failing"),
    ("streaming", "web"),
    ("otlp-gzip", "paced"),
)
"""What is measured four times more for the median, because its bound is near."""


def records(minutes: float) -> Iterator[Record]:
    """Measure, for so long at most (the last measurement is finished), and yield each record as it comes."""
    os.environ[ATTEMPTS] = "1"
    ends = time.monotonic() + minutes * 60
    for step in _steps():
        if time.monotonic() > ends:
            return
        yield from step()


def _steps() -> Iterator[Callable[[], Iterator[Record]]]:
    for peer, workload in FIRST_COSTS:
        yield partial(_cost, peer, workload)
    yield partial(_section, "memory", OURS)
    yield partial(_section, "waking", "floor", OURS, "otlp")
    for workload, delay in ((SINGLE_CEILING, 0.05), (CEILING, 0.0), (CEILING, 0.05)):
        for peer in (OURS, "otlp"):
            if workload is CEILING or peer == OURS:
                yield partial(_ceiling, peer, workload.name, delay)
    yield partial(_section, "startup", OURS)
    for scaled in (SCALING[2], SCALING[4]):
        yield partial(_cost, OURS, scaled.name, "scaling")
    for peer, name in 4 * REPEATED:
        yield partial(_cost, peer, name)
    for peer in PEERS:
        if peer not in {OURS, "otel_sentry-wallet"}:
            yield partial(_cost, peer, "paced")
    yield partial(_section, "losses", OURS)
    for hostile in HOSTILE:
        yield partial(_hostile, hostile.name)


def _cost(peer: str, workload: str, section: str = "costs") -> Iterator[Record]:
    yield {"section": section, **record_of(measure_once(peer, workload))}


def _ceiling(peer: str, workload: str, delay: float) -> Iterator[Record]:
    yield {"section": "ceilings", **ceiling_record(peer, workload, delay, PRECISION)}


def _hostile(workload: str) -> Iterator[Record]:
    yield {"section": "hostile", **hostile_record(measure_once(OURS, workload))}


def _section(name: str, *peers: str) -> Iterator[Record]:
    for record in SECTIONS[name].measure(peers, 0):
        yield {"section": name, **record}
