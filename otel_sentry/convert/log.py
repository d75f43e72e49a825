"""One OpenTelemetry log record → one entry of a log container. Pure. Source: develop docs "logs", protocol page 8.1."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any, Final

from opentelemetry.trace import SpanKind

from otel_sentry.convert.attribute_names import IDENTITY_NAMES, wire_attributes
from otel_sentry.convert.container import EncodedItem, encode_items
from otel_sentry.convert.limits import MAX_ATTRIBUTES_BYTES, MAX_BODY_LENGTH, fit
from otel_sentry.convert.origin import EXPLICIT_ORIGIN, sentry_origin
from otel_sentry.convert.span import scope_attributes, seconds
from otel_sentry.convert.values import attributes as typed_attributes
from otel_sentry.convert.values import plain, text
from otel_sentry.masking.mask import SecretMask
from otel_sentry.protocol.attributes import Attribute
from otel_sentry.protocol.items import LogItem
from otel_sentry.protocol.json_text import dumps

if TYPE_CHECKING:
    from opentelemetry._logs import LogRecord
    from opentelemetry.sdk._logs import ReadableLogRecord

LOG_ORIGIN: Final = "auto.log.otel"

LEVELS: Final = ("trace", "debug", "info", "warn", "error", "fatal")
"""Sentry's levels; each covers four of OpenTelemetry's severity numbers: 1–4 is `trace`, 21–24 `fatal`."""

SEVERITY_TEXT_TO_LEVEL: Final[Mapping[str, str]] = {
    **{level.upper(): level for level in LEVELS},
    "WARNING": "warn",
    "CRITICAL": "fatal",
    "NOTSET": "trace",
}
"""For records without a severity number; any other text is `info`."""

TEMPLATE: Final = "sentry.message.template"
PARAMETER_PREFIX: Final = "sentry.message.parameter."


def log_item(record: ReadableLogRecord, *, trace_id: str) -> LogItem:
    """Translate a record; common attributes are the caller's to add.

    Args:
        record: as a log exporter gets it.
        trace_id: 32 hex digits, for a record outside of any trace.
    """
    log = record.log_record
    number = _severity_number(log)
    item: LogItem = {
        "timestamp": seconds(log.timestamp or log.observed_timestamp or 0),
        "trace_id": f"{log.trace_id:032x}" if log.trace_id else trace_id,
        "level": log_level(number, log.severity_text),
        "body": _body(log),
        "attributes": _own_attributes(record, number),
    }
    if log.trace_id and log.span_id:
        item["span_id"] = f"{log.span_id:016x}"
    if number:
        item["severity_number"] = number
    return item


def encode_log(
    record: ReadableLogRecord,
    *,
    trace_id: str,
    common_names: Collection[str] = (),
    identity_names: Collection[str] = IDENTITY_NAMES,
    mask: SecretMask | None = None,
) -> EncodedItem:
    """A record as JSON that is open at the end of its attributes, as spans are; `container` joins both alike."""
    mask = mask or SecretMask()
    item = mask.log(log_item(record, trace_id=trace_id), TEMPLATE, PARAMETER_PREFIX)
    raw = record.log_record.attributes or {}
    (encoded,) = encode_items([item], item["attributes"], raw, common_names, identity_names, mask)
    return encoded


def log_level(severity_number: int, severity_text: str | None) -> str:
    """Sentry's level for OpenTelemetry's severity; the number rules, 0 means that there is none."""
    if severity_number:
        return LEVELS[(severity_number - 1) // 4]
    return SEVERITY_TEXT_TO_LEVEL.get((severity_text or "").upper(), "info")


def message_attributes(template: Any, arguments: Any) -> dict[str, Any]:
    """What Python's `logging` knows of a message before it is formatted, for whoever makes the record.

    Args:
        template: `logging.LogRecord.msg`.
        arguments: `logging.LogRecord.args`: a tuple, a mapping, or nothing.

    Returns:
        Template and parameters under the names that Sentry groups logs by; nothing when there are no parameters.
    """
    if not arguments or not isinstance(template, str):
        return {}
    named = arguments.items() if isinstance(arguments, Mapping) else enumerate(arguments)
    parameters = {f"{PARAMETER_PREFIX}{text(name)}": plain(value) for name, value in named}
    return {TEMPLATE: template, **parameters}


def _severity_number(log: LogRecord) -> int:
    number = log.severity_number.value if log.severity_number is not None else 0
    return number if 1 <= number <= 4 * len(LEVELS) else 0


def _body(log: LogRecord) -> str:
    body = plain(log.body)
    if body is None:
        body = log.event_name or ""
    if isinstance(body, list):
        body = dumps(body).decode()
    return text(body)[:MAX_BODY_LENGTH]


def _own_attributes(record: ReadableLogRecord, number: int) -> dict[str, Attribute]:
    log, scope = record.log_record, record.instrumentation_scope
    attributes = log.attributes or {}
    inferred = {
        "sentry.origin": sentry_origin(attributes.get(EXPLICIT_ORIGIN) or LOG_ORIGIN, "", None),
        "logger.name": scope.name if scope and scope.name else None,
        "otel.scope.version": scope.version if scope and scope.version else None,
        "event.name": log.event_name or None,
        "sentry.severity_number": number or None,
        "sentry.severity_text": log.severity_text or None,
        "otel.dropped_attributes_count": record.dropped_attributes or None,
    }
    own = fit(wire_attributes(attributes, SpanKind.INTERNAL), MAX_ATTRIBUTES_BYTES)
    return {**scope_attributes(scope), **typed_attributes(inferred), **own}
