"""Our exporters of logs and metrics on the global providers, whoever put them there, and what feeds them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from opentelemetry import _logs, metrics

from otel_sentry.masking.own_log import own_logger
from otel_sentry.setup.signals import is_set

if TYPE_CHECKING:
    from otel_sentry.otel.log_exporter import SentryLogExporter
    from otel_sentry.otel.log_processor import IssueOf
    from otel_sentry.otel.metric_exporter import SentryMetricExporter

_logger = own_logger(__name__)


class Feed(NamedTuple):
    """One way on which logs or metrics reach Sentry.

    Attributes:
        holder: log processor or metric reader.
        exporter: ours, under it.
    """

    holder: Any
    exporter: SentryLogExporter | SentryMetricExporter

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        """Have everything exported and delivered; never raises.

        Args:
            timeout_millis: limit, milliseconds.
        """
        try:
            return self.holder.force_flush(timeout_millis) is not False and self.exporter.force_flush(timeout_millis)
        except Exception:  # such as a collection that takes too long
            _logger.exception("otel_sentry could not flush %r", self.holder)
            return False


def join_signals(issue_of: IssueOf | None) -> tuple[Feed, ...]:
    """Find our exporters; let log records be seen where they are emitted."""
    provider, meter_provider = _logs.get_logger_provider(), metrics.get_meter_provider()
    if not is_set(provider) and not is_set(meter_provider):
        return ()
    # Loads OpenTelemetry's SDK of both signals, which most processes do without.
    from otel_sentry.otel.log_processor import SentryLogProcessor  # noqa: PLC0415
    from otel_sentry.otel.signal_presence import log_exporters, metric_exporters, put_first  # noqa: PLC0415

    logs = tuple(Feed(*found) for found in log_exporters(provider))
    if logs:
        put_first(provider, SentryLogProcessor(issue_of))
    return (*logs, *(Feed(*found) for found in metric_exporters(meter_provider)))
