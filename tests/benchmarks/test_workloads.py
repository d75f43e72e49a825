"""The loads make as many spans as they say: every lost percentage rests on it."""

from __future__ import annotations

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from tests.benchmarks.dialects import OpenTelemetryDialect
from tests.benchmarks.loads.catalogue import WORKLOADS, Workload
from tests.benchmarks.loads.web_request import WEB_REQUEST

SMALL = [workload for workload in WORKLOADS.values() if workload.spans_per_round <= 10_000]


@pytest.mark.parametrize("workload", SMALL, ids=[workload.name for workload in SMALL])
def test_a_round_makes_the_spans_it_says(workload: Workload) -> None:
    """Two rounds make twice `spans_per_round`; large traces are asked for one."""
    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    rounds = 1 if workload.spans_per_round > 1_000 else 2

    workload.run(OpenTelemetryDialect(provider.get_tracer("test")), rounds)

    assert rounds * workload.spans_per_round == len(exporter.get_finished_spans())


def test_a_web_request_is_what_the_page_says() -> None:
    """21 spans, 6 to 8 attributes each."""
    shapes = list(WEB_REQUEST.walk())

    assert len(shapes) == 21
    assert {6, 7, 8} >= {len(shape.attributes[0]) + len(shape.late) for shape in shapes}
