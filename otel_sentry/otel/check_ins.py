"""`CheckInProcessor`: a span with `sentry.monitor.slug` is a run of a cron monitor. A thin shell; keeps no state."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from opentelemetry.sdk.trace import SpanProcessor
from opentelemetry.trace import StatusCode

from otel_sentry.convert.check_in import SLUG, check_in_payload, monitor_slug
from otel_sentry.convert.sdk_fields import attribute_dict
from otel_sentry.delivery.outbox import OutgoingEnvelope
from otel_sentry.masking.own_log import own_logger
from otel_sentry.otel.private_outbox import private
from otel_sentry.protocol.item_kinds import Category
from otel_sentry.protocol.json_text import dumps

if TYPE_CHECKING:
    from opentelemetry.context import Context
    from opentelemetry.sdk.trace import ReadableSpan, Span

    from otel_sentry.delivery.outbox import Outbox
    from otel_sentry.settings.settings import Settings

_logger = own_logger(__name__)

_ITEM_HEADERS: Final = {"type": "check_in", "content_type": "application/json"}


class CheckInProcessor(SpanProcessor):
    """Sends a check-in when a run begins and one when it ends, whether Sentry keeps the trace or not.

    Args:
        settings: for release, environment and privacy.
        outbox: where check-ins go.
    """

    def __init__(self, settings: Settings, outbox: Outbox) -> None:
        self._settings = settings
        self._outbox = private(outbox, settings)

    def adopt(self, settings: Settings) -> None:
        """Go by other settings from here on."""
        self._settings = settings

    def on_start(self, span: Span, parent_context: Context | None = None) -> None:  # noqa: ARG002 - OpenTelemetry's
        """Say that a run has begun; called on the application's thread."""
        if SLUG in attribute_dict(span):
            self._send(span, "in_progress")

    def on_end(self, span: ReadableSpan) -> None:
        """Say how a run went; called on the application's thread."""
        if SLUG in attribute_dict(span):
            self._send(span, "error" if span.status.status_code is StatusCode.ERROR else "ok")

    def _send(self, span: ReadableSpan, status: str) -> None:
        try:
            attributes = attribute_dict(span)
            slug = monitor_slug(attributes)
            context, start, end = span.get_span_context(), span.start_time, span.end_time
            if slug is None or context is None:
                return
            payload = check_in_payload(
                slug,
                attributes,
                trace_id=context.trace_id,
                span_id=context.span_id,
                status=status,
                duration_ns=None if start is None or end is None else end - start,
                release=self._settings.release,
                environment=self._settings.environment,
            )
            envelope = OutgoingEnvelope({}, dict(_ITEM_HEADERS), dumps(payload), Category.MONITOR, precious=True)
            self._outbox.send(envelope)
        except Exception:  # no exception of ours may reach the application
            _logger.debug("otel_sentry could not send a check-in", exc_info=True)
