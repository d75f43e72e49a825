"""The benchmark of a minute: enough to see whether a change made things worse, not enough to quote."""

from __future__ import annotations

from typing import Final

from tests.benchmarks.machine import QUIET, others_share
from tests.benchmarks.run import measure_once
from tests.benchmarks.sections.costs import record_of, table
from tests.benchmarks.sections.files import FILES
from tests.benchmarks.sections.instrumentation import INSTRUMENTATION
from tests.benchmarks.sections.section import shuffled

PEERS: Final = ("floor", "otel_sentry", "otlp", "streaming")
CASES: Final = (("web", 2), ("paced", 1), ("burst", 1))
"""Workload and how often."""


def run() -> str:
    """Measure, and return the table."""
    records, share = others_share(
        lambda: [
            record_of(measure_once(peer, workload))
            for workload, repetitions in CASES
            for repetition in range(repetitions)
            for peer in shuffled(PEERS, repetition)
        ]
    )
    disturbed = f"\nOther programs took {share:.0%} of the machine meanwhile: take these figures with care.\n"
    added = [f"\n### {one.title}\n\n{one.render(list(one.measure((), 0)))}" for one in (INSTRUMENTATION, FILES)]
    return table(records) + "".join(added) + (disturbed if share > QUIET else "")
