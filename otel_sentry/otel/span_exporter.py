"""`SentrySpanExporter`: the entry point `sentry`. Alone it sends every span in the right segment.

Beside `SentrySpanProcessor` on the same provider it passes everything through: the processor has sent it.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from opentelemetry import trace
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult

from otel_sentry.delivery.late_lock import LateLock
from otel_sentry.errors import InvalidSetting
from otel_sentry.masking.own_log import own_logger
from otel_sentry.otel.pipeline import Pipeline
from otel_sentry.otel.presence import has_sentry_span_processor
from otel_sentry.otel.segment_assembly import SegmentAssembly
from otel_sentry.otel.sentry_outbox import outbox_of
from otel_sentry.protocol.item_kinds import Category, LossReason
from otel_sentry.settings.settings import Settings

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import ReadableSpan

    from otel_sentry.delivery.outbox import Outbox
    from otel_sentry.otel.segments import Segment

_logger = own_logger(__name__)


class SentrySpanExporter(SpanExporter):
    """Sends ended spans to Sentry.

    OpenTelemetry calls this class without arguments (environment) or with a YAML mapping as keywords. It never raises:
    an exporter that raises would take the other backends' provider down. A setting that cannot be used is logged as one
    error line, and spans are then counted as lost.

    Args:
        settings: frozen settings; made from the environment and `keywords` if None.
        outbox: where envelopes go; the sentry-sdk client that is active, or one of our own, if None.
        clock: monotonic seconds.
        keywords: settings by name (`dsn=`, `environment=`, `traces_sample_rate=`, …).
    """

    def __init__(
        self,
        *,
        settings: Settings | None = None,
        outbox: Outbox | None = None,
        clock: Callable[[], float] = time.monotonic,
        **keywords: Any,
    ) -> None:
        self.settings = settings if settings is not None else _settings_or_none(keywords)
        self._clock = clock
        self._lock = LateLock()
        self._superseded = False
        self._pipeline = Pipeline(self.settings, outbox_of(self.settings, outbox)) if self.settings else None
        if self._pipeline is not None:
            consumer = self._pipeline.consumer()
            hold = self._pipeline.hold_before(consumer)
            self._takes_unsampled = hold is not None and hold.takes_unsampled
            self._batches = hold or consumer
            self._assembly = SegmentAssembly(self._pipeline.segment_of_ended, self._emit)

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Hand ended spans to delivery; called by a stock span processor."""
        if self._pipeline is None or self._pipeline.settings.dsn is None or self._passes_through():
            return SpanExportResult.SUCCESS
        try:
            with self._lock:
                now = self._clock()
                for span in spans:
                    self._assembly.add(span, now)
                self._assembly.release(now)
                self._batches.flush(now, everything=True)
        except Exception:
            _logger.exception("otel_sentry could not export %d spans and counts them as lost", len(spans))
            self._pipeline.outbox.lost(LossReason.INTERNAL_SDK_ERROR, Category.SPAN, len(spans))
            return SpanExportResult.FAILURE
        return SpanExportResult.SUCCESS

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        """Deliver what was exported, also spans whose local root has not ended.

        Args:
            timeout_millis: hard limit, milliseconds.
        """
        if self._pipeline is None or self._pipeline.settings.dsn is None or self._superseded:
            return True
        with self._lock:
            self._assembly.release(self._clock(), everything=True)
            self._batches.flush(math.inf, everything=True)  # nothing here waits for a root that is still open
        return self._pipeline.flush(timeout_millis / 1000)

    def shutdown(self) -> None:
        """Deliver what is left within `OTEL_SENTRY_SHUTDOWN_TIMEOUT`."""
        if self.settings is not None:
            self.force_flush(int(self.settings.shutdown_timeout_seconds * 1000))

    def stand_down(self) -> None:
        """Pass everything through from now on: `SentrySpanProcessor` is on the provider."""
        self._superseded = True

    def _passes_through(self) -> bool:
        if not self._superseded and has_sentry_span_processor(trace.get_tracer_provider()):
            self._superseded = True
        return self._superseded

    def _emit(self, span: ReadableSpan, segment: Segment) -> None:
        if segment.verdict.sampled or self._takes_unsampled:
            self._batches.add(span, segment)
        elif self._pipeline is not None:
            self._pipeline.outbox.lost(LossReason.SAMPLE_RATE, Category.SPAN, 1)


def _settings_or_none(keywords: dict[str, Any]) -> Settings | None:
    try:
        settings = Settings.from_env(**keywords)
    except InvalidSetting as error:
        _logger.error("otel_sentry sends nothing to Sentry: %s", error)  # noqa: TRY400 - one line, no traceback
        return None
    if settings.dsn is None:
        _logger.info("otel_sentry sends nothing to Sentry: SENTRY_DSN is not set")
    return settings
