"""How much of a collection goes to Sentry at once: so many series of a metric, so many values, in small portions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from opentelemetry.sdk.metrics.export import Metric, ScopeMetrics

MAX_SERIES_PER_METRIC: Final = 2000
"""Attribute sets of one metric in one export; OpenTelemetry's specification has the same limit per reader, the Python
SDK none."""
MAX_ITEMS_PER_EXPORT: Final = 50_000
"""Values of one export; a histogram counts each of its samples."""
_POINTS_AT_ONCE: Final = 20


def within_series(scope_metrics: ScopeMetrics) -> tuple[ScopeMetrics, int]:
    """A scope's metrics with at most `MAX_SERIES_PER_METRIC` data points each, and how many values that leaves out."""
    surplus = 0
    for metric in scope_metrics.metrics:
        surplus += sum(_values(point) for point in metric.data.data_points[MAX_SERIES_PER_METRIC:])
    if not surplus:
        return scope_metrics, 0
    cut = [_with_points(metric, metric.data.data_points[:MAX_SERIES_PER_METRIC]) for metric in scope_metrics.metrics]
    return replace(scope_metrics, metrics=cut), surplus


def portions(scope_metrics: ScopeMetrics) -> Iterator[ScopeMetrics]:
    """The same in portions of a few data points of one metric, so that never all of it is in memory as JSON."""
    for metric in scope_metrics.metrics:
        points = metric.data.data_points
        for start in range(0, len(points), _POINTS_AT_ONCE):
            yield replace(scope_metrics, metrics=[_with_points(metric, points[start : start + _POINTS_AT_ONCE])])


def values_in(scope_metrics: ScopeMetrics) -> int:
    """How many values that is."""
    return sum(_values(point) for metric in scope_metrics.metrics for point in metric.data.data_points)


def _values(point: Any) -> int:
    """A histogram's measurements; one of anything else."""
    return int(getattr(point, "count", 1))


def _with_points(metric: Metric, points: Any) -> Metric:
    data: Any = metric.data
    return replace(metric, data=replace(data, data_points=points))
