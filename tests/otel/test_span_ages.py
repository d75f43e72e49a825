"""The age of a span is right whatever the wall clock does."""

from __future__ import annotations

import pytest
from opentelemetry.sdk.trace import Span, TracerProvider

from otel_sentry.otel.span_ages import SpanAges

DAY = 86_400
DATE = 1_800_000_000


def opened_at(second: float) -> Span:
    span = TracerProvider(shutdown_on_exit=False).get_tracer("t").start_span("s", start_time=int(second * 1e9))
    assert isinstance(span, Span)
    return span


@pytest.mark.parametrize("jump", [0, DAY, -DAY], ids=["steady", "forward", "back"])
def test_a_clock_that_jumps_makes_no_span_older(jump: int) -> None:
    """A span seen before the jump, and one that begins after it, are as old as they are."""
    ages = SpanAges(100.0)
    old = opened_at(DATE + 5)
    first = dict(ages.of([old], int((DATE + 10) * 1e9), 110.0))
    young = opened_at(DATE + jump + 18)
    second = dict(ages.of([old, young], int((DATE + jump + 20) * 1e9), 120.0))

    assert first == {old: 5.0}
    assert second == {old: 15.0, young: 2.0}


@pytest.mark.parametrize(("said", "expected"), [(-DAY, 10.0), (DAY, 0.0)], ids=["long ago", "in the future"])
def test_a_start_that_the_application_made_up_is_not_believed(said: int, expected: float) -> None:
    """A span cannot have begun before the last look, nor after this one."""
    ages = SpanAges(100.0)
    span = opened_at(DATE + said)

    assert dict(ages.of([span], DATE * 10**9, 110.0)) == {span: expected}


def test_spans_that_are_gone_are_forgotten() -> None:
    """Nothing is held that nobody else holds."""
    ages = SpanAges(100.0)
    assert len(list(ages.of([opened_at(DATE)], DATE * 10**9, 101.0))) == 1

    assert len(ages._began) == 0
