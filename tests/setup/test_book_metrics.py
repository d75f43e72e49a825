"""Delivery's books as OpenTelemetry metrics."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from otel_sentry.local.receiver import Receiver
    from tests.setup.conftest import RunApp

APP = """
import json
import otel_sentry
from opentelemetry import metrics, trace
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader, PeriodicExportingMetricReader

telemetry = otel_sentry.configure()
reader = InMemoryMetricReader()
to_sentry = PeriodicExportingMetricReader(otel_sentry.SentryMetricExporter())
metrics.set_meter_provider(MeterProvider(metric_readers=[reader, to_sentry]))
for _ in range(3):
    trace.get_tracer("app").start_span("kept").end()
telemetry.flush(10)
trace.get_tracer("app").start_span("waiting").end()
found = telemetry.ledger.snapshot().items()
books = {category.value: [one.created, one.delivered, one.pending, one.balanced] for category, one in found}
points = {}
for scope in reader.get_metrics_data().resource_metrics[0].scope_metrics:
    for metric in scope.metrics if scope.scope.name == "otel_sentry.delivery" else ():
        for point in metric.data.data_points:
            points[f"{metric.name} {point.attributes['category']} {point.attributes.get('reason', '')}"] = point.value
to_sentry.force_flush()
print(json.dumps({"books": books, "points": points}))
"""


def test_the_books_are_metrics(run_app: RunApp, receiver: Receiver) -> None:
    """Created, delivered, dropped and pending by category, as the ledger has them; none of it goes to Sentry."""
    ended = run_app(APP, {"SENTRY_DSN": receiver.dsn, "OTEL_BSP_SCHEDULE_DELAY": "60000"})
    told = json.loads(ended.stdout)

    assert told["books"] == {"span": [4, 3, 1, True]}
    assert told["points"] == {
        "otel_sentry.items.created span ": 4,
        "otel_sentry.items.delivered span ": 3,
        "otel_sentry.items.pending span ": 1,
    }
    assert [one["name"] for one in receiver.metrics if one["name"].startswith("otel_sentry.")] == []
