"""`SentryMetricExporter`: the entry point `sentry` of OTEL_METRICS_EXPORTER. Metrics become Sentry's trace metrics."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

from opentelemetry.sdk.metrics import Counter, Histogram, ObservableCounter, ObservableUpDownCounter, UpDownCounter
from opentelemetry.sdk.metrics.export import AggregationTemporality, MetricExporter, MetricExportResult

from otel_sentry.convert.container import CommonPart
from otel_sentry.convert.metric import encode_metrics
from otel_sentry.delivery.outbox import BOOKS_SCOPE
from otel_sentry.masking.own_log import own_logger
from otel_sentry.otel.item_hooks import edited_metric
from otel_sentry.otel.metric_portions import MAX_ITEMS_PER_EXPORT, portions, values_in, within_series
from otel_sentry.otel.settings_at_hand import settings_at_hand
from otel_sentry.otel.signal_pipeline import Kind, SignalPipeline
from otel_sentry.otel.true_samples import SampledHistogram
from otel_sentry.protocol.item_kinds import MAX_METRICS_PER_ENVELOPE, TRACE_METRIC_CONTENT_TYPE, Category, LossReason

if TYPE_CHECKING:
    from opentelemetry.sdk.metrics.export import MetricsData, ResourceMetrics, ScopeMetrics

    from otel_sentry.delivery.outbox import Outbox
    from otel_sentry.settings.settings import Settings

_logger = own_logger(__name__)

METRICS: Final = Kind(
    type="trace_metric",
    content_type=TRACE_METRIC_CONTENT_TYPE,
    most=MAX_METRICS_PER_ENVELOPE,
    items=Category.TRACE_METRIC,
    bytes=Category.TRACE_METRIC_BYTE,
    hook="before_send_metric",
    edit=edited_metric,
)

TEMPORALITY: Final[dict[type, AggregationTemporality]] = {
    Counter: AggregationTemporality.DELTA,
    ObservableCounter: AggregationTemporality.DELTA,
    Histogram: AggregationTemporality.DELTA,
    UpDownCounter: AggregationTemporality.CUMULATIVE,
    ObservableUpDownCounter: AggregationTemporality.CUMULATIVE,
}
"""Sentry adds counters up, and shows what goes up and down as it stands."""


class SentryMetricExporter(MetricExporter):
    """Sends metrics to Sentry.

    OpenTelemetry calls this class without arguments (environment) or with a YAML mapping as keywords. It never raises.
    A setting that cannot be used is logged as one error line; without DSN nothing is sent. Its reader remembers what
    histograms measure (`SampledHistogram`), so that Sentry's distributions are true.

    Args:
        settings: frozen settings; made from the environment and `keywords` if None.
        outbox: where envelopes go; the sentry-sdk client that is active, or one of our own, if None.
        keywords: settings by name (`dsn=`, `environment=`, …).
    """

    def __init__(self, *, settings: Settings | None = None, outbox: Outbox | None = None, **keywords: Any) -> None:
        found = settings or settings_at_hand("otel_sentry sends no metrics to Sentry", keywords)
        self._pipeline = SignalPipeline(found, outbox, METRICS) if found is not None else None
        remembers = {Histogram: SampledHistogram()} if found is not None and found.dsn is not None else None
        super().__init__(preferred_temporality=TEMPORALITY, preferred_aggregation=remembers)  # type: ignore[arg-type]  # dict is invariant
        self._failed = False

    @property
    def settings(self) -> Settings | None:
        """In effect; None when those given cannot be used."""
        return self._pipeline.settings if self._pipeline is not None else None

    def adopt(self, settings: Settings, outbox: Outbox) -> None:
        """Go by other settings from here on: `configure()` has joined the provider that this exporter is on."""
        if self._pipeline is not None:
            self._pipeline.adopt(settings, outbox)

    def export(self, metrics_data: MetricsData, timeout_millis: float = 10_000, **_: Any) -> MetricExportResult:
        """Hand what a reader has collected to delivery; one call at a time.

        Args:
            metrics_data: with deltas.
            timeout_millis: not needed, for nothing here waits.
        """
        del timeout_millis
        pipeline = self._pipeline
        if pipeline is None or pipeline.settings.dsn is None:
            return MetricExportResult.SUCCESS
        try:
            for resource_metrics in metrics_data.resource_metrics:
                pipeline.send(self._encoded(resource_metrics, pipeline))
        except Exception as error:  # noqa: BLE001 - an exporter that raises takes others down
            self._not_sent(error, 1)
            return MetricExportResult.FAILURE
        return MetricExportResult.SUCCESS

    def force_flush(self, timeout_millis: float = 10_000) -> bool:
        """Deliver what was exported.

        Args:
            timeout_millis: hard limit, milliseconds.
        """
        return self._pipeline is None or self._pipeline.flush(timeout_millis / 1000)

    def shutdown(self, timeout_millis: float = 30_000, **_: Any) -> None:
        """Deliver what is left within `OTEL_SENTRY_SHUTDOWN_TIMEOUT`.

        Args:
            timeout_millis: a shorter limit, milliseconds.
        """
        if self._pipeline is not None:
            self._pipeline.flush(min(timeout_millis / 1000, self._pipeline.settings.shutdown_timeout_seconds))

    def _encoded(self, resource_metrics: ResourceMetrics, pipeline: SignalPipeline) -> Iterator[bytes]:
        """Values as JSON; what is too much for one export is counted."""
        resource = resource_metrics.resource
        common = CommonPart(pipeline.service(resource), pipeline.user_of())
        names = pipeline.common_names(resource)
        sent = 0
        for scope_metrics in resource_metrics.scope_metrics:
            if scope_metrics.scope.name == BOOKS_SCOPE:
                continue
            bounded, surplus = within_series(scope_metrics)
            pipeline.lost(LossReason.BUFFER_OVERFLOW, surplus)
            for portion in portions(bounded):
                if sent >= MAX_ITEMS_PER_EXPORT:
                    pipeline.lost(LossReason.BUFFER_OVERFLOW, values_in(portion))
                    continue
                for item in self._portion(portion, pipeline, names, common):
                    sent += 1
                    yield item

    def _portion(
        self, portion: ScopeMetrics, pipeline: SignalPipeline, names: Any, common: CommonPart
    ) -> Iterator[bytes]:
        try:
            encoded, lost = encode_metrics(
                portion,
                trace_id=pipeline.trace_id,
                common_names=names,
                identity_names=pipeline.identity_names,
                mask=pipeline.mask,
            )
            items = [one.head + common.tail(one) for one in encoded]
        except Exception as error:  # noqa: BLE001 - one odd metric must not stop the others
            self._not_sent(error, values_in(portion))
            return
        pipeline.lost(LossReason.BUFFER_OVERFLOW, lost)
        yield from items

    def _not_sent(self, error: Exception, quantity: int) -> None:
        if not self._failed:
            self._failed = True
            _logger.error("otel_sentry could not send a metric and counts it as lost: %r", error, exc_info=error)
        if self._pipeline is not None:
            self._pipeline.lost(LossReason.INTERNAL_SDK_ERROR, quantity)
