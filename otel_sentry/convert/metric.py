"""OpenTelemetry's metric data → entries of a trace-metric container. Pure. Source: develop docs "metrics".

Counters are increments, so sums must be deltas; histograms become samples (`samples`), for Sentry has no histograms.
"""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any, Final, NamedTuple, cast

from opentelemetry.sdk.metrics import Exemplar
from opentelemetry.sdk.metrics.export import (
    AggregationTemporality,
    ExponentialHistogramDataPoint,
    Gauge,
    HistogramDataPoint,
    Metric,
    NumberDataPoint,
    ScopeMetrics,
)

from otel_sentry.convert.attribute_names import IDENTITY_NAMES
from otel_sentry.convert.container import EncodedItem, encode_items
from otel_sentry.convert.limits import MAX_ATTRIBUTES_BYTES, fit
from otel_sentry.convert.samples import samples
from otel_sentry.convert.span import scope_attributes, seconds
from otel_sentry.convert.values import attributes as typed_attributes
from otel_sentry.convert.values import text
from otel_sentry.masking.mask import SecretMask
from otel_sentry.protocol.attributes import MAX_INTEGER, MIN_INTEGER, Attribute
from otel_sentry.protocol.items import MetricItem

METRIC_ORIGIN: Final = "auto.metric.otel"
COUNTER: Final = "counter"
GAUGE: Final = "gauge"
DISTRIBUTION: Final = "distribution"

UNITS: Final[Mapping[str, str]] = {
    "ns": "nanosecond",
    "us": "microsecond",
    "ms": "millisecond",
    "s": "second",
    "min": "minute",
    "h": "hour",
    "d": "day",
    "wk": "week",
    "bit": "bit",
    "By": "byte",
    "kBy": "kilobyte",
    "KiBy": "kibibyte",
    "MBy": "megabyte",
    "MiBy": "mebibyte",
    "GBy": "gigabyte",
    "GiBy": "gibibyte",
    "TBy": "terabyte",
    "TiBy": "tebibyte",
    "PBy": "petabyte",
    "PiBy": "pebibyte",
    "EBy": "exabyte",
    "EiBy": "exbibyte",
    "%": "percent",
}
"""OpenTelemetry's units (UCUM) → Sentry's; `1` is none, others are sent as they are, without braces."""

MAX_UNIT_LENGTH: Final = 15

_FORBIDDEN_IN_NAMES: Final = re.compile(r"[^A-Za-z0-9_.]")


class Reading(NamedTuple):
    """One value of a data point, as Sentry counts."""

    type: str
    value: float
    exemplar: Exemplar | None = None
    suffix: str = ""


class PointItems(NamedTuple):
    """What became of one data point.

    Attributes:
        items: entries without their attributes, which all of them share.
        own: those attributes.
        raw: the data point's own, as the application set them.
        lost: values that could not be carried: not finite, or more than the samples of one data point.
    """

    items: list[MetricItem]
    own: dict[str, Attribute]
    raw: Mapping[str, Any]
    lost: int


def metric_items(scope_metrics: ScopeMetrics, *, trace_id: str) -> list[MetricItem]:
    """Translate the metrics of one instrumentation scope; common attributes are the caller's to add.

    Args:
        scope_metrics: with delta sums and histograms. A running total cannot be told as increments: a cumulative sum
            becomes a gauge, a cumulative histogram the gauges `<name>.count` and `<name>.sum`.
        trace_id: 32 hex digits, for values without exemplar.
    """
    points = point_items(scope_metrics, trace_id=trace_id)
    return [cast("MetricItem", {**item, "attributes": point.own}) for point in points for item in point.items]


def encode_metrics(
    scope_metrics: ScopeMetrics,
    *,
    trace_id: str,
    common_names: Collection[str] = (),
    identity_names: Collection[str] = IDENTITY_NAMES,
    mask: SecretMask | None = None,
) -> tuple[list[EncodedItem], int]:
    """The same as JSON that is open at the end of its attributes, and how many values were lost."""
    encoded: list[EncodedItem] = []
    mask = mask or SecretMask()
    lost = 0
    for point in point_items(scope_metrics, trace_id=trace_id):
        lost += point.lost
        encoded += encode_items(point.items, point.own, point.raw, common_names, identity_names, mask)
    return encoded, lost


def point_items(scope_metrics: ScopeMetrics, *, trace_id: str) -> Iterator[PointItems]:
    """Each data point of a scope."""
    of_scope = _scope(scope_metrics)
    for metric in scope_metrics.metrics:
        for point in metric.data.data_points:
            readings = list(_readings(metric, point))
            items = [_item(metric, point, reading, trace_id) for reading in readings if _is_number(reading.value)]
            own = {**of_scope, **fit(typed_attributes(point.attributes), MAX_ATTRIBUTES_BYTES)}
            lost = len(readings) - len(items) + _thinned_out(metric, point, readings)
            yield PointItems(items, own, point.attributes or {}, lost)


def sentry_unit(unit: str | None) -> str | None:
    """Sentry's unit for OpenTelemetry's; None for `1` and for what is too long."""
    known = UNITS.get(unit or "")
    own = text(unit or "").strip("{}")
    return known or (own if 0 < len(own) <= MAX_UNIT_LENGTH and own.isascii() and own != "1" else None)


def _readings(metric: Metric, point: Any) -> Iterator[Reading]:
    exemplar = point.exemplars[-1] if point.exemplars else None
    if isinstance(point, NumberDataPoint):
        is_increment = not isinstance(metric.data, Gauge) and _is_delta(metric)
        yield Reading(COUNTER if is_increment else GAUGE, point.value, exemplar)
    elif _is_delta(metric):
        known, estimates = samples(point)
        yield from (Reading(DISTRIBUTION, exemplar.value, exemplar) for exemplar in known)
        yield from (Reading(DISTRIBUTION, value) for value in estimates)
    else:
        yield Reading(GAUGE, point.count, exemplar, ".count")
        yield Reading(GAUGE, point.sum, exemplar, ".sum")


def _thinned_out(metric: Metric, point: Any, readings: list[Reading]) -> int:
    is_histogram = isinstance(point, (HistogramDataPoint, ExponentialHistogramDataPoint))
    return point.count - len(readings) if is_histogram and _is_delta(metric) else 0


def _is_delta(metric: Metric) -> bool:
    return getattr(metric.data, "aggregation_temporality", None) == AggregationTemporality.DELTA


def _item(metric: Metric, point: Any, reading: Reading, trace_id: str) -> MetricItem:
    linked = reading.exemplar if reading.exemplar is not None and reading.exemplar.trace_id else None
    value = reading.value
    is_integer = isinstance(value, int) and MIN_INTEGER <= value <= MAX_INTEGER
    item = {
        "timestamp": seconds(point.time_unix_nano),
        "trace_id": f"{linked.trace_id:032x}" if linked else trace_id,
        "name": _FORBIDDEN_IN_NAMES.sub("_", metric.name + reading.suffix),
        "type": reading.type,
        "value": int(value) if is_integer else float(value),
    }
    unit = None if reading.suffix == ".count" else sentry_unit(metric.unit)
    if linked and linked.span_id:
        item["span_id"] = f"{linked.span_id:016x}"
    if unit:
        item["unit"] = unit
    return cast("MetricItem", item)


def _is_number(value: float) -> bool:
    """Whether JSON can carry it; an integer may be too great even for a float."""
    try:
        return math.isfinite(float(value))
    except OverflowError:
        return False


def _scope(scope_metrics: ScopeMetrics) -> dict[str, Attribute]:
    scope = scope_metrics.scope
    named = {
        "sentry.origin": METRIC_ORIGIN,
        "otel.scope.name": scope.name or None,
        "otel.scope.version": scope.version or None,
    }
    return {**scope_attributes(scope), **typed_attributes(named)}
