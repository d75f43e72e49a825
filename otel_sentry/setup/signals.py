"""Pipelines of logs and metrics by OTEL_LOGS_EXPORTER and OTEL_METRICS_EXPORTER, where nobody has set one up.

OpenTelemetry's SDK of a signal is loaded where the signal is asked for: it takes as long as all of ours.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, NamedTuple

from opentelemetry import _logs, metrics

from otel_sentry.masking.own_log import own_logger
from otel_sentry.setup.exporters import LOGS, METRICS, NONE, SENTRY, Signal, exporters_of

if TYPE_CHECKING:
    from opentelemetry.sdk._logs import LoggerProvider
    from opentelemetry.sdk.metrics import MeterProvider
    from opentelemetry.sdk.resources import Resource

    from otel_sentry.settings.settings import Settings
    from otel_sentry.setup.flushing import Flushable

_logger = own_logger(__name__)

Makers = tuple[tuple[str, Callable[..., Any]], ...]
"""Name of an exporter and what makes it."""


class SignalsPlan(NamedTuple):
    """What logs and metrics get; looked up, and refused, before anything is changed.

    Attributes:
        logs: what makes exporters.
        metrics: what makes exporters or readers.
    """

    logs: Makers
    metrics: Makers

    @classmethod
    def of(cls, settings: Settings) -> SignalsPlan:
        """Look up what the settings name; nothing for a signal that somebody has set up.

        Raises:
            InvalidSetting: an exporter is not installed.
        """
        logs = () if is_set(_logs.get_logger_provider()) else settings.logs_exporters or ()
        measures = () if is_set(metrics.get_meter_provider()) else settings.metrics_exporters or ()
        return cls(
            _makers(LOGS, logs, settings.otlp_logs_protocol, settings),
            _makers(METRICS, measures, settings.otlp_metrics_protocol, settings),
        )

    def carried_out(self, resource: Resource, settings: Settings) -> tuple[Flushable, ...]:
        """Make and set the providers that are needed; our exporters go by `settings`.

        Returns:
            Those that feed other backends too.
        """
        made: list[Flushable] = []
        if self.logs:
            made += _unless_ours(self.logs, _set_logger_provider(resource, _made(self.logs, settings)))
        if self.metrics:
            made += _unless_ours(self.metrics, _set_meter_provider(resource, _made(self.metrics, settings)))
        return tuple(made)


def _set_logger_provider(resource: Resource, exporters: Iterable[Any]) -> LoggerProvider:
    from opentelemetry.sdk._logs import LoggerProvider  # noqa: PLC0415 - see the module
    from opentelemetry.sdk._logs.export import BatchLogRecordProcessor  # noqa: PLC0415 - see the module

    provider = LoggerProvider(resource=resource)
    for exporter in exporters:
        provider.add_log_record_processor(BatchLogRecordProcessor(exporter))
    _logs.set_logger_provider(provider)
    return provider


def _set_meter_provider(resource: Resource, exporters_or_readers: Iterable[Any]) -> MeterProvider:
    from opentelemetry.sdk.metrics import MeterProvider  # noqa: PLC0415 - see the module
    from opentelemetry.sdk.metrics.export import (  # noqa: PLC0415 - see the module
        MetricReader,
        PeriodicExportingMetricReader,
    )

    readers = [
        one if isinstance(one, MetricReader) else PeriodicExportingMetricReader(one) for one in exporters_or_readers
    ]
    provider = MeterProvider(resource=resource, metric_readers=readers)
    metrics.set_meter_provider(provider)
    return provider


def _unless_ours(makers: Makers, provider: Flushable) -> tuple[Flushable, ...]:
    return () if all(name == SENTRY for name, _ in makers) else (provider,)


def _makers(signal: Signal, names: tuple[str, ...], protocol: str | None, settings: Settings) -> Makers:
    """What makes the exporters; ours is left out without DSN."""
    wanted = [name for name in names if name != NONE and (name != SENTRY or settings.dsn is not None)]
    return tuple(zip(wanted, exporters_of(signal, wanted, protocol), strict=True))


def _made(makers: Makers, settings: Settings) -> list[Any]:
    """The exporters that can be made."""
    made = (_one(name, maker, settings) for name, maker in makers)
    return [exporter for exporter in made if exporter is not None]


def _one(name: str, maker: Callable[..., Any], settings: Settings) -> Any:
    """An exporter; None for one that cannot be made, which is logged and left out."""
    try:
        return maker(settings=settings) if name == SENTRY else maker()
    except Exception:
        _logger.exception("the exporter %r cannot be made and gets nothing", name)
        return None


def is_set(provider: object) -> bool:
    """Whether a provider is more than OpenTelemetry's stand-in for one that may come."""
    return not type(provider).__name__.lstrip("_").startswith("Proxy")
