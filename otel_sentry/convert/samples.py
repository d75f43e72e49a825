"""A histogram → samples that Sentry's distributions can be made of: true ones from exemplars, estimates for the rest.

Rule: every sample lies in the bucket of the measurement it stands for, between the histogram's `min` and `max`; count
and sum are the histogram's. So a percentile is off by less than the width of its bucket.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Final, NamedTuple

from opentelemetry.sdk.metrics import Exemplar
from opentelemetry.sdk.metrics.export import ExponentialHistogramDataPoint, HistogramDataPoint

MAX_SAMPLES: Final = 1000
"""Samples made of one data point; a point with more measurements is thinned evenly, and the caller counts the rest."""

Point = HistogramDataPoint | ExponentialHistogramDataPoint


class Bucket(NamedTuple):
    """So many measurements between two bounds."""

    low: float
    high: float
    size: int


class Samples(NamedTuple):
    """Together as many as were measured, at most `MAX_SAMPLES`.

    Attributes:
        exemplars: measurements that are known, with the span they were made in.
        estimates: the others, ascending within each bucket.
    """

    exemplars: list[Exemplar]
    estimates: list[float]


def samples(point: Point) -> Samples:
    """Estimate the measurements of a delta histogram; each exemplar takes the place of one estimate of its bucket."""
    if len(point.exemplars) == point.count <= MAX_SAMPLES:
        return Samples(list(point.exemplars), [])
    exemplars: list[Exemplar] = []
    unknown: list[Bucket] = []
    known = deque(sorted(point.exemplars, key=lambda exemplar: exemplar.value))
    for bucket in _thinned(_between_its_ends(point)):
        inside = _inside(bucket, known)
        exemplars += inside
        unknown.append(bucket._replace(size=bucket.size - len(inside)))
    count = len(exemplars) + sum(bucket.size for bucket in unknown)
    missing = point.sum * count / (point.count or 1) - sum(exemplar.value for exemplar in exemplars)
    return Samples(exemplars, list(_spread(unknown, missing)))


def buckets_of(point: Point) -> list[Bucket]:
    """Buckets that hold something, ascending; the outermost may be open."""
    found = _exponential(point) if isinstance(point, ExponentialHistogramDataPoint) else _explicit(point)
    return [bucket for bucket in found if bucket.size]


def _explicit(point: HistogramDataPoint) -> Iterator[Bucket]:
    bounds = [-math.inf, *point.explicit_bounds, math.inf]
    for (low, high), count in zip(pairwise(bounds), point.bucket_counts, strict=True):
        yield Bucket(low, high, count)


def _exponential(point: ExponentialHistogramDataPoint) -> Iterator[Bucket]:
    base = 2.0 ** (2.0**-point.scale)
    for index, count in reversed(list(enumerate(point.negative.bucket_counts, point.negative.offset))):
        yield Bucket(-(base ** (index + 1)), -(base**index), count)
    yield Bucket(0.0, 0.0, point.zero_count)
    for index, count in enumerate(point.positive.bucket_counts, point.positive.offset):
        yield Bucket(base**index, base ** (index + 1), count)


def _between_its_ends(point: Point) -> list[Bucket]:
    """Buckets cut to the least and the greatest measurement, each of which is a bucket of its own."""
    buckets = buckets_of(point)
    if not buckets:
        return []
    least, greatest = _ends(point, buckets)
    if point.count == 1:
        return [Bucket(point.sum, point.sum, 1)]
    counts = [bucket.size for bucket in buckets]
    counts[0] -= 1
    counts[-1] -= 1
    inner = [
        Bucket(max(bucket.low, least), min(bucket.high, greatest), count)
        for bucket, count in zip(buckets, counts, strict=True)
    ]
    return [Bucket(least, least, 1), *inner, Bucket(greatest, greatest, 1)]


def _ends(point: Point, buckets: Sequence[Bucket]) -> tuple[float, float]:
    """Least and greatest measurement; where the histogram did not record them, finite bounds that may be."""
    if math.isfinite(point.min) and math.isfinite(point.max):
        return point.min, point.max
    low, high, mean = buckets[0].low, buckets[-1].high, point.sum / point.count
    return (
        low if math.isfinite(low) else min(mean, buckets[0].high),
        high if math.isfinite(high) else max(mean, buckets[-1].low),
    )


def _thinned(buckets: Sequence[Bucket]) -> Iterator[Bucket]:
    """The same buckets with at most `MAX_SAMPLES` measurements, their shares kept."""
    total = sum(bucket.size for bucket in buckets)
    kept = min(total, MAX_SAMPLES)
    seen = 0
    for bucket in buckets:
        before, seen = seen, seen + bucket.size
        yield bucket._replace(size=seen * kept // total - before * kept // total)


def _inside(bucket: Bucket, known: deque[Exemplar]) -> list[Exemplar]:
    """Take what lies in a bucket off the front of `known`, ascending; no more than the bucket holds is of use."""
    found: list[Exemplar] = []
    while known and known[0].value <= bucket.high:
        if known[0].value < bucket.low:
            known.popleft()
        elif len(found) == bucket.size and (bucket.high == bucket.low):
            break  # the rest of those at an end belong to the bucket beside it
        else:
            found.append(known.popleft())
    return _evenly(found, bucket.size)


def _evenly(found: list[Exemplar], size: int) -> list[Exemplar]:
    """`size` of them at most, from all over the bucket."""
    if len(found) <= size:
        return found
    return [found[position * len(found) // size] for position in range(size)]


def _spread(buckets: Sequence[Bucket], wanted_sum: float) -> Iterator[float]:
    """Evenly within each bucket, then all moved by one share of the way to a bound, so that the sum is as wanted."""
    lowest = sum(bucket.low * bucket.size for bucket in buckets)
    even = sum((bucket.high - bucket.low) * bucket.size for bucket in buckets) / 2
    bend = min(max((wanted_sum - lowest) / even - 1, -1.0), 1.0) if even else 0.0
    for bucket in buckets:
        for position in range(bucket.size):
            share = (position + 0.5) / bucket.size
            share += (1 - share) * bend if bend > 0 else share * bend
            yield bucket.low + (bucket.high - bucket.low) * share
