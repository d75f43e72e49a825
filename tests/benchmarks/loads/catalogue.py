"""The workloads by the name that the command line takes, and how long each runs."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from tests.benchmarks.loads.concurrent import TASKS, THREADS, tasks, threads
from tests.benchmarks.loads.failing import failing
from tests.benchmarks.loads.hostile import UNLIMITED, long_text, many_attributes, many_links
from tests.benchmarks.loads.sequential import back_to_back, paced, paced_single_spans, single_spans, traces_of, waking
from tests.benchmarks.loads.web_request import SPANS_PER_REQUEST

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.benchmarks.loads.application import Application


@dataclass(frozen=True)
class Workload:
    """A named load.

    Attributes:
        name: as the command line takes it.
        title: as the table shows it.
        run: serves so many rounds; paced loads take the pace per second as a third argument.
        rounds: length of a measured run.
        warm_up: rounds of `beside` that fill the caches; also one slice of the reference.
        spans_per_round: what one round makes.
        paced: whether the load leaves the machine idle between requests.
        concurrent: whether requests overlap, so that their latency says nothing about one of them.
        issues_per_round: error events that a complete backend would receive.
        beside: workload that FLOOR serves as the reference, when another one costs it the same per span.
        environment: variables set before the peer is set up.
    """

    name: str
    title: str
    run: Callable[..., Application]
    rounds: int
    warm_up: int
    spans_per_round: int
    paced: bool = False
    concurrent: bool = False
    issues_per_round: int = 0
    beside: str = ""
    environment: dict[str, str] = field(default_factory=dict)

    @property
    def reference(self) -> Workload:
        """The load of the reference and of the warm-up."""
        return WORKLOADS[self.beside] if self.beside else self


def _scaling(spans: int, total: int = 20_000) -> Workload:
    traces = max(1, total // spans)
    return Workload(
        f"scale-{spans}", f"{traces:,} traces of {spans:,}", traces_of(spans), traces, 0, spans, beside="web"
    )


def _hostile(name: str, run: Callable[..., Application], rounds: int) -> Workload:
    return Workload(f"hostile-{name}", f"hostile: {name}", run, rounds, max(1, rounds // 10), 1, environment=UNLIMITED)


TABLE: Final = (
    Workload("web", "web requests back to back", back_to_back, 600, 50, SPANS_PER_REQUEST),
    Workload("paced", "web requests, 100/s", paced, 300, 30, SPANS_PER_REQUEST, paced=True),
    Workload("trace", "one trace of 10,000", traces_of(10_000), 1, 0, 10_000, beside="web"),
    Workload("single", "single-span traces", single_spans, 6_000, 500, 1),
    Workload("failing", "failing requests", failing, 300, 25, SPANS_PER_REQUEST, issues_per_round=1),
    Workload("threads", "8 threads", threads, 100, 8, THREADS * SPANS_PER_REQUEST, concurrent=True),
    Workload("tasks", "100 asyncio tasks", tasks, 8, 1, TASKS * SPANS_PER_REQUEST, concurrent=True),
)
"""The rows of the table."""
BURST: Final = Workload("burst", "burst of 20,000 spans", back_to_back, 953, 50, SPANS_PER_REQUEST)
WAKING: Final = Workload("waking", "requests that wait for I/O", waking, 1_500, 50, SPANS_PER_REQUEST)
CEILING: Final = Workload("ceiling", "21-span traces/s", paced, 300, 50, SPANS_PER_REQUEST)
SINGLE_CEILING: Final = Workload("single-ceiling", "single-span traces/s", paced_single_spans, 300, 50, 1)
SCALING: Final = tuple(_scaling(spans) for spans in (10, 100, 1_000, 10_000, 100_000))
HOSTILE: Final = tuple(
    workload
    for size in (1, 4)
    for workload in (
        _hostile(f"text-{250_000 * size}", long_text(250_000 * size), 40),
        _hostile(f"attributes-{2_500 * size}", many_attributes(2_500 * size), 40),
        _hostile(f"links-{250 * size}", many_links(250 * size), 200),
    )
)
"""Each kind in two sizes, the second four times the first: what is linear costs four times as much."""

WORKLOADS: Final = {
    workload.name: workload for workload in (*TABLE, BURST, WAKING, CEILING, SINGLE_CEILING, *SCALING, *HOSTILE)
}
