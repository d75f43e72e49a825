"""Ids and times that are the same in every run."""

from __future__ import annotations

from otel_sentry.testing import IncrementalIdGenerator, TimeGenerator


def test_ids_count() -> None:
    """Traces and spans each by themselves."""
    ids = IncrementalIdGenerator()

    assert [ids.generate_trace_id(), ids.generate_span_id(), ids.generate_span_id(), ids.generate_trace_id()] == [
        1,
        1,
        2,
        2,
    ]


def test_time_goes_on_by_a_second() -> None:
    """In nanoseconds."""
    clock = TimeGenerator(start=5)

    assert [clock(), clock()] == [5, 1_000_000_005]
