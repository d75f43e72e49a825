"""Histograms become samples: count and sum are kept, and no percentile leaves its bucket."""

from __future__ import annotations

import math
import random
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from opentelemetry.sdk.metrics import Exemplar, MeterProvider
from opentelemetry.sdk.metrics.export import AggregationTemporality, InMemoryMetricReader
from opentelemetry.sdk.metrics.view import (
    ExplicitBucketHistogramAggregation,
    ExponentialBucketHistogramAggregation,
    View,
)

from otel_sentry.convert.samples import MAX_SAMPLES, Point, buckets_of, samples

BOUNDS = (0.0, 5.0, 10.0, 25.0, 50.0, 75.0, 100.0, 250.0, 500.0, 1000.0)


def histogram(measurements: list[float], aggregation: Any = None) -> Point:
    """The data point that OpenTelemetry makes of measurements."""
    from opentelemetry.sdk.metrics import Histogram  # noqa: PLC0415

    reader = InMemoryMetricReader(preferred_temporality={Histogram: AggregationTemporality.DELTA})
    view = View(instrument_name="*", aggregation=aggregation or ExplicitBucketHistogramAggregation(BOUNDS))
    provider = MeterProvider([reader], views=[view], shutdown_on_exit=False)
    instrument = provider.get_meter("app").create_histogram("latency")
    for value in measurements:
        instrument.record(value)
    data: Any = reader.get_metrics_data()
    provider.shutdown()
    (point,) = data.resource_metrics[0].scope_metrics[0].metrics[0].data.data_points
    return point  # type: ignore[no-any-return]


def estimated(point: Point) -> list[float]:
    """All samples, ascending."""
    made = samples(point)
    return sorted([*(exemplar.value for exemplar in made.exemplars), *made.estimates])


def seeded() -> random.Random:
    """The same numbers each time."""
    return random.Random(7)  # noqa: S311  measurements, not secrets


def percentile(values: list[float], share: float) -> float:
    """The nearest-rank percentile."""
    ordered = sorted(values)
    return ordered[max(math.ceil(share * len(ordered)) - 1, 0)]


AGGREGATIONS = [
    pytest.param(ExplicitBucketHistogramAggregation(BOUNDS), id="explicit"),
    pytest.param(ExponentialBucketHistogramAggregation(max_size=160), id="exponential"),
    pytest.param(ExponentialBucketHistogramAggregation(max_size=20), id="exponential, coarse"),
]


def width_at(point: Point, value: float) -> float:
    """Width of the bucket that holds a value, cut to what was measured."""
    return max(
        (
            min(bucket.high, point.max) - max(bucket.low, point.min)
            for bucket in buckets_of(point)
            if bucket.low <= value <= bucket.high
        ),
        default=0.0,
    )


KNOWN = {
    "normal": lambda source: [abs(source.gauss(80, 20)) for _ in range(900)],
    "exponential": lambda source: [source.expovariate(1 / 40) for _ in range(900)],
    "two peaks": lambda source: [source.choice([8, 400]) + source.random() for _ in range(900)],
    "heavy tail": lambda source: [10 * source.paretovariate(1.2) for _ in range(900)],
}


@pytest.mark.parametrize("aggregation", AGGREGATIONS)
@pytest.mark.parametrize("share", [0.5, 0.95, 0.99])
@pytest.mark.parametrize("name", KNOWN)
def test_percentiles_of_known_data(name: str, share: float, aggregation: Any) -> None:
    """p50, p95 and p99 are off by less than the width of their bucket: the bound that the documentation states."""
    measured = KNOWN[name](seeded())
    point = histogram(measured, aggregation)
    true = percentile(measured, share)

    assert abs(percentile(estimated(point), share) - true) <= width_at(point, true) + 1e-9


def test_exponential_buckets_are_within_five_percent() -> None:
    """With the SDK's 160 buckets and latencies over two decades, which is what we advise."""
    measured = KNOWN["normal"](seeded())
    made = estimated(histogram(measured, ExponentialBucketHistogramAggregation()))

    for share in (0.5, 0.95, 0.99):
        assert percentile(made, share) == pytest.approx(percentile(measured, share), rel=0.05)


@pytest.mark.parametrize("aggregation", AGGREGATIONS)
@given(measured=st.lists(st.floats(-2000, 2000, allow_subnormal=False), min_size=1, max_size=40))
def test_count_sum_and_ends_are_kept(measured: list[float], aggregation: Any) -> None:
    """Of any measurements; OpenTelemetry ignores negative ones."""
    kept = [value for value in measured if value >= 0]
    assume(kept and all(value == 0 or value > 1e-9 for value in kept))
    point = histogram(measured, aggregation)
    made = estimated(point)

    assert len(made) == point.count == len(kept)
    assert sum(made) == pytest.approx(sum(kept), rel=1e-6, abs=1e-6)
    assert made[0] == pytest.approx(min(kept))
    assert made[-1] == pytest.approx(max(kept))


def test_one_measurement_is_itself() -> None:
    """Nothing to estimate; two are the ends."""
    assert samples(histogram([42.5])).estimates == [42.5]
    assert estimated(histogram([1.5, 70.0])) == [1.5, 70.0]


def test_no_measurement_gives_no_sample() -> None:
    """An empty data point."""
    point: Any = histogram([1.0])
    empty = type(point)(**{**vars(point), "count": 0, "sum": 0, "bucket_counts": [0] * 11, "exemplars": []})

    assert samples(empty) == ([], [])


def test_many_measurements_are_thinned_evenly() -> None:
    """Shares stay, the ends may go."""
    source = seeded()
    measured = [source.uniform(0, 100) for _ in range(5000)]
    made = estimated(histogram(measured))

    assert len(made) == MAX_SAMPLES
    assert percentile(made, 0.5) == pytest.approx(percentile(measured, 0.5), abs=25)
    assert sum(made) / len(made) == pytest.approx(sum(measured) / len(measured), rel=0.02)


def test_exemplars_are_true_samples() -> None:
    """Each takes the place of an estimate in its bucket; those that fit nowhere are not made up."""
    point: Any = histogram([3.0, 7.0, 7.5, 80.0])
    known = [Exemplar({}, value, 1) for value in (7.25, 3.0, 600.0)]
    made = samples(type(point)(**{**vars(point), "exemplars": known}))

    assert [exemplar.value for exemplar in made.exemplars] == [3.0, 7.25]
    assert len(made.estimates) == 2
    assert sum(made.estimates) + 3.0 + 7.25 == pytest.approx(97.5)


def test_ends_that_were_not_recorded() -> None:
    """An aggregation may leave out min and max; the bounds and the mean stand in for them."""
    point = histogram([3.0, 7.0, 2000.0], ExplicitBucketHistogramAggregation(BOUNDS, record_min_max=False))
    made = estimated(point)

    assert len(made) == 3
    assert made[0] >= 0
    assert made[-1] >= 1000
    low = estimated(histogram([2.0, 3.0], ExplicitBucketHistogramAggregation((10.0,), record_min_max=False)))
    assert sum(low) == pytest.approx(5.0, abs=10)


def test_negative_exponential_buckets() -> None:
    """A data point may have them, though OpenTelemetry's histogram never does."""
    point: Any = histogram([1.0, 2.0, 4.0], ExponentialBucketHistogramAggregation())
    mirrored = type(point)(
        **{
            **vars(point),
            "negative": point.positive,
            "positive": type(point.positive)(0, [0]),
            "sum": -7.0,
            "min": -4.0,
            "max": -1.0,
            "exemplars": [],
        }
    )

    assert estimated(mirrored) == pytest.approx([-4.0, -2.0, -1.0])


def test_exemplars_that_fit_no_measurement_are_left_out() -> None:
    """One below every bucket, and one of a histogram that counted nothing, are no samples."""
    stray = Exemplar({}, 1.0, 0)
    point = replace(histogram([5.0, 6.0, 7.0]), exemplars=[stray])
    one: Any = histogram([5.0])
    empty = replace(one, count=0, sum=0.0, bucket_counts=[0] * len(one.bucket_counts), exemplars=[stray])

    assert samples(point).exemplars == []
    assert len(samples(point).estimates) == 3
    assert samples(empty) == ([], [])


def test_exemplars_equal_to_an_end_fill_the_bucket_beside_it() -> None:
    """The least measurement is a bucket of one; a second exemplar of the same value is still a true sample."""
    known = [Exemplar({}, 5.0, moment) for moment in (1, 2)]
    made = samples(replace(histogram([5.0, 5.0, 6.0, 7.0]), exemplars=known))

    assert made.exemplars == known
    assert len(made.estimates) == 2
    assert sum(made.estimates) == pytest.approx(13.0)


def test_no_more_exemplars_than_measurements_of_a_bucket() -> None:
    """A reservoir may hold more than a thinned bucket stands for; those that stay come from all over the bucket."""
    known = [Exemplar({}, value, 1) for value in (6.5, 7.5, 8.5)]
    made = samples(replace(histogram([6.0, 7.0, 8.0, 9.0]), exemplars=known))

    assert [exemplar.value for exemplar in made.exemplars] == [6.5, 7.5]
    assert len(made.estimates) == 2
