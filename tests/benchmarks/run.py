"""One measurement: sink, peer and FLOOR as three processes, the peer and FLOOR taking turns on the machine.

While one of the two runs, the other is stopped by the kernel with all its threads, and the sink stops with the peer:
both meet the same clock speed and neighbours, neither slows the other down. Paced load leaves the machine idle most of
the time, so there both simply run at once.
"""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import Any, Final

from tests.benchmarks.loads.catalogue import WORKLOADS
from tests.benchmarks.machine import undisturbed
from tests.benchmarks.process import Process

PEER_SLICE_SECONDS: Final = 0.10
REFERENCE_SLICE_SECONDS: Final = 0.05


@dataclass(frozen=True)
class Outcome:
    """What one run of a peer gave.

    Attributes:
        peer: the peer's name.
        workload: the workload's name.
        unit_ns: CPU of one span on FLOOR in the same instants, nanoseconds; 0 when it was not measured.
        made: what the candidate reports: spans and issues made, CPU, wall time.
        arrived: what the sink counted.
        others_share: share of the machine that other programs took meanwhile.
    """

    peer: str
    workload: str
    unit_ns: float
    made: dict[str, Any]
    arrived: dict[str, Any]
    others_share: float = 0.0

    @property
    def application(self) -> float:
        """CPU of the application's threads per span, in units."""
        return float(self.made["application_cpu_ns"] / self.made["spans"] / self.unit_ns)

    @property
    def total(self) -> float:
        """CPU of the whole process per span until everything was delivered, in units."""
        return float(self.made["process_cpu_ns"] / self.made["spans"] / self.unit_ns)

    @property
    def lost_percent(self) -> float:
        """Share of the spans that never arrived."""
        return float(100.0 * (1 - self.arrived["spans"] / self.made["spans"]))

    @property
    def bytes_per_span(self) -> float:
        """Bytes of request bodies per span that arrived."""
        return float(self.arrived["body_bytes"] / max(1, self.arrived["spans"]))

    @property
    def latency_us(self) -> float:
        """Median wall time of a request, microseconds."""
        return float(self.made["latency_p50_us"])


def measure(
    peer: str, workload: str, *, delay: float = 0.0, rounds: int = 0, pace: float = 0.0, reference: bool = True
) -> Outcome:
    """Run a peer, again when other programs disturbed it; arguments and errors as of `measure_once`."""
    outcome, share = undisturbed(
        lambda: measure_once(peer, workload, delay=delay, rounds=rounds, pace=pace, reference=reference)
    )
    return replace(outcome, others_share=share)


def measure_once(
    peer: str, workload: str, *, delay: float = 0.0, rounds: int = 0, pace: float = 0.0, reference: bool = True
) -> Outcome:
    """Run a peer once.

    Args:
        peer: name in the catalogue.
        workload: name of the workload.
        delay: seconds that the sink waits before it answers.
        rounds: length of the run; 0 for the workload's own.
        pace: rounds per second, for paced workloads; 0 for the workload's own.
        reference: whether FLOOR is measured beside it.

    Raises:
        Silent: a process died or hung.
    """
    with ExitStack() as stack:
        sink = stack.enter_context(Process("sink", "--delay", str(delay)))
        url = f"http://127.0.0.1:{sink.hear()['port']}"
        floor = stack.enter_context(Process("reference", workload)) if reference else None
        if floor is not None:
            floor.hear()
            floor.pause()
        length = ("--rounds", str(rounds), "--pace", str(pace))
        candidate = stack.enter_context(Process("candidate", peer, workload, url, *length))
        candidate.hear()
        sink.ask("reset")
        candidate.tell("go")
        unit_ns = _reference_beside(candidate, sink, floor, paced=WORKLOADS[workload].paced) if floor else 0.0
        made = candidate.hear()
        return Outcome(peer, workload, unit_ns, made, sink.ask("count"))


def _reference_beside(candidate: Process, sink: Process, floor: Process, *, paced: bool) -> float:
    if paced:
        floor.resume()
        candidate.has_spoken(600.0)
    else:
        _take_turns(candidate, sink, floor)
    floor.resume()
    floor.end()
    return float(floor.hear()["unit_ns"])


def _take_turns(candidate: Process, sink: Process, floor: Process) -> None:
    while not candidate.has_spoken(PEER_SLICE_SECONDS):
        candidate.pause()
        sink.pause()
        floor.resume()
        candidate.has_spoken(REFERENCE_SLICE_SECONDS)
        floor.pause()
        sink.resume()
        candidate.resume()
