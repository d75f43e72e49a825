"""`SentryLogExporter`: the entry point `sentry` of OTEL_LOGS_EXPORTER. Log records become Sentry's logs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final

from opentelemetry.sdk._logs.export import LogRecordExporter, LogRecordExportResult

from otel_sentry.convert.container import CommonPart
from otel_sentry.convert.log import encode_log
from otel_sentry.convert.values import attributes as typed_attributes
from otel_sentry.identity.user import NOBODY
from otel_sentry.masking.own_log import own_logger
from otel_sentry.otel.bound_segment import bound_to, identity_in
from otel_sentry.otel.item_hooks import edited_log
from otel_sentry.otel.log_place import LogPlace, place_of
from otel_sentry.otel.segments import segment_of
from otel_sentry.otel.settings_at_hand import settings_at_hand
from otel_sentry.otel.signal_pipeline import Kind, SignalPipeline
from otel_sentry.protocol.item_kinds import LOG_CONTENT_TYPE, MAX_LOGS_PER_ENVELOPE, Category, LossReason

if TYPE_CHECKING:
    from opentelemetry.sdk._logs import ReadableLogRecord
    from opentelemetry.sdk.resources import Resource

    from otel_sentry.delivery.outbox import Outbox
    from otel_sentry.identity.user import Identity
    from otel_sentry.settings.settings import Settings

_logger = own_logger(__name__)

LOGS: Final = Kind(
    type="log",
    content_type=LOG_CONTENT_TYPE,
    most=MAX_LOGS_PER_ENVELOPE,
    items=Category.LOG_ITEM,
    bytes=Category.LOG_BYTE,
    hook="before_send_log",
    edit=edited_log,
)


class SentryLogExporter(LogRecordExporter):
    """Sends log records to Sentry.

    OpenTelemetry calls this class without arguments (environment) or with a YAML mapping as keywords. It never raises.
    A setting that cannot be used is logged as one error line; without DSN nothing is sent.

    Args:
        settings: frozen settings; made from the environment and `keywords` if None.
        outbox: where envelopes go; the sentry-sdk client that is active, or one of our own, if None.
        keywords: settings by name (`dsn=`, `environment=`, …).
    """

    def __init__(self, *, settings: Settings | None = None, outbox: Outbox | None = None, **keywords: Any) -> None:
        found = settings or settings_at_hand("otel_sentry sends no logs to Sentry", keywords)
        self._pipeline = SignalPipeline(found, outbox, LOGS) if found is not None else None
        self._failed = False

    @property
    def settings(self) -> Settings | None:
        """In effect; None when those given cannot be used."""
        return self._pipeline.settings if self._pipeline is not None else None

    def adopt(self, settings: Settings, outbox: Outbox) -> None:
        """Go by other settings from here on: `configure()` has joined the provider that this exporter is on."""
        if self._pipeline is not None:
            self._pipeline.adopt(settings, outbox)

    def export(self, batch: Sequence[ReadableLogRecord]) -> LogRecordExportResult:
        """Hand records to delivery; called by a stock log processor, one call at a time."""
        pipeline = self._pipeline
        if pipeline is None or pipeline.settings.dsn is None or not batch:
            return LogRecordExportResult.SUCCESS
        try:
            pipeline.send(self._encoded(batch, pipeline))
        except Exception as error:  # noqa: BLE001 - an exporter that raises takes others down
            self._not_sent(error, len(batch))
            return LogRecordExportResult.FAILURE
        return LogRecordExportResult.SUCCESS

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        """Deliver what was exported.

        Args:
            timeout_millis: hard limit, milliseconds.
        """
        return self._pipeline is None or self._pipeline.flush(timeout_millis / 1000)

    def shutdown(self) -> None:
        """Deliver what is left within `OTEL_SENTRY_SHUTDOWN_TIMEOUT`."""
        if self._pipeline is not None:
            self._pipeline.flush(self._pipeline.settings.shutdown_timeout_seconds)

    def _encoded(self, batch: Sequence[ReadableLogRecord], pipeline: SignalPipeline) -> Iterator[bytes]:
        """Records as JSON; one that cannot be translated does not stop the others."""
        surroundings = _Surroundings(pipeline)
        for record in batch:
            item = self._item(record, pipeline, surroundings)
            if item is not None:
                yield item

    def _item(self, record: ReadableLogRecord, pipeline: SignalPipeline, surroundings: _Surroundings) -> bytes | None:
        try:
            encoded = encode_log(
                record,
                trace_id=pipeline.trace_id,
                common_names=pipeline.common_names(record.resource),
                identity_names=pipeline.identity_names,
                mask=pipeline.mask,
            )
            return encoded.head + surroundings.of(place_of(record.log_record), record.resource).tail(encoded)
        except Exception as error:  # noqa: BLE001 - see `_encoded`
            self._not_sent(error, 1)
            return None

    def _not_sent(self, error: Exception, quantity: int) -> None:
        if not self._failed:
            self._failed = True
            _logger.error("otel_sentry could not send a log and counts it as lost: %r", error, exc_info=error)
        if self._pipeline is not None:
            self._pipeline.lost(LossReason.INTERNAL_SDK_ERROR, quantity)


class _Surroundings:
    """What the records of one batch share with others of the same place."""

    def __init__(self, pipeline: SignalPipeline) -> None:
        self._pipeline = pipeline
        self._known: dict[tuple[int, Identity, str | None], CommonPart] = {}

    def of(self, place: LogPlace, resource: Resource) -> CommonPart:
        """Service, user and replay of what is logged at a place."""
        identity, replay_id = self._whose(place)
        key = (id(resource), identity, replay_id)
        found = self._known.get(key)
        if found is None:
            found = self._known[key] = self._common_part(resource, identity, replay_id)
        return found

    def _whose(self, place: LogPlace) -> tuple[Identity, str | None]:
        """The user of a block, else of the local root; without one, what the span itself says."""
        own, span = place
        segment = segment_of(span)
        if segment is None:
            said = self._pipeline.identity_of(getattr(span, "attributes", None) or {}) or NOBODY
            return (said if own is None else said.merged(own) if own else own), None
        bound = bound_to(segment, own)
        return identity_in(bound, self._pipeline.identity_of(segment.attributes)), segment.replay_id

    def _common_part(self, resource: Resource, identity: Identity, replay_id: str | None) -> CommonPart:
        named = {**self._pipeline.user(identity), **({"sentry.replay_id": replay_id} if replay_id else {})}
        common = {**self._pipeline.service(resource), **typed_attributes(named)}
        return CommonPart(common, self._pipeline.user_of(identity))
