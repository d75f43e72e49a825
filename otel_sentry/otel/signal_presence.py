"""Our exporters on providers of logs and metrics. Reads the SDK's private lists, because there are no public ones."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from otel_sentry.otel.log_exporter import SentryLogExporter
from otel_sentry.otel.metric_exporter import SentryMetricExporter

if TYPE_CHECKING:
    from opentelemetry.sdk._logs import LogRecordProcessor

_PROCESSORS = "_log_record_processors"


def log_exporters(provider: object) -> Iterator[tuple[Any, SentryLogExporter]]:
    """Processors of a logger provider with our exporter under them."""
    for processor in getattr(getattr(provider, "_multi_log_record_processor", None), _PROCESSORS, ()):
        exporter = getattr(getattr(processor, "_batch_processor", processor), "_exporter", None)
        if isinstance(exporter, SentryLogExporter):
            yield processor, exporter


def metric_exporters(provider: object) -> Iterator[tuple[Any, SentryMetricExporter]]:
    """Readers of a meter provider with our exporter under them."""
    configured = getattr(getattr(provider, "_sdk_config", None), "metric_readers", ())
    for reader in getattr(provider, "_metric_readers", None) or configured:
        exporter = getattr(reader, "_exporter", None)
        if isinstance(exporter, SentryMetricExporter):
            yield reader, exporter


def put_first(provider: object, processor: LogRecordProcessor) -> None:
    """Have a processor see records before all others of a logger provider, as far as it lets us."""
    several = getattr(provider, "_multi_log_record_processor", None)
    present = getattr(several, _PROCESSORS, None)
    if isinstance(present, tuple):
        setattr(several, _PROCESSORS, (processor, *present))
