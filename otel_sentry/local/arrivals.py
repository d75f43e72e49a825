"""What one envelope brought, as a flat list of things that can be shown. Pure; checks nothing, tolerates everything."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any, Final

from otel_sentry.protocol import json_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from otel_sentry.protocol.envelope import Envelope, EnvelopeItem


class Kind(str, Enum):
    """What an arrival is."""

    SPAN = "span"
    TRANSACTION = "transaction"
    ISSUE = "issue"
    LOG = "log"
    METRIC = "metric"
    SESSION = "session"
    CHECK_IN = "check_in"
    CLIENT_REPORT = "client_report"
    REPLAY = "replay"
    FEEDBACK = "feedback"
    PROFILE = "profile"
    OTHER = "other"


KIND_OF_ITEM: Final = {
    "span": Kind.SPAN,
    "transaction": Kind.TRANSACTION,
    "event": Kind.ISSUE,
    "log": Kind.LOG,
    "trace_metric": Kind.METRIC,
    "session": Kind.SESSION,
    "sessions": Kind.SESSION,
    "check_in": Kind.CHECK_IN,
    "client_report": Kind.CLIENT_REPORT,
    "replay_event": Kind.REPLAY,
    "feedback": Kind.FEEDBACK,
    "profile": Kind.PROFILE,
    "profile_chunk": Kind.PROFILE,
}
"""Item type → kind; what is not listed (attachments, recordings, the unknown) is `Kind.OTHER`."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """One thing that arrived, such as a span, an issue or a log line.

    `payload` is the wire's own JSON object; for `Kind.OTHER` it says only type, headers and size.
    """

    kind: Kind
    payload: dict[str, Any]
    trace_id: str | None = None


def arrivals_of(envelope: Envelope) -> list[Arrival]:
    """Flatten an envelope: containers become their items; a transaction is followed by its spans in span v2 shape."""
    return [arrival for item in envelope.items for arrival in _of_item(item)]


def attribute_values(item: dict[str, Any]) -> dict[str, Any]:
    """A copy of a span, log or metric whose attributes are plain values instead of `{"type", "value"}`."""
    attributes = item.get("attributes")
    if not isinstance(attributes, dict):
        return dict(item)
    plain = {key: typed.get("value") if isinstance(typed, dict) else typed for key, typed in attributes.items()}
    return {**item, "attributes": plain}


def _of_item(item: EnvelopeItem) -> Iterator[Arrival]:
    kind = KIND_OF_ITEM.get(item.type, Kind.OTHER)
    payload = None if kind is Kind.OTHER else _json_object(item.payload)
    if payload is None:
        described = {"type": item.type, "headers": item.headers, "bytes": len(item.payload)}
        yield Arrival(Kind.OTHER, described)
    elif isinstance(payload.get("items"), list) and kind in (Kind.SPAN, Kind.LOG, Kind.METRIC):
        yield from (
            Arrival(kind, part, _text(part.get("trace_id"))) for part in payload["items"] if isinstance(part, dict)
        )
    else:
        yield Arrival(kind, payload, _trace_id(payload))
        if kind is Kind.TRANSACTION:
            yield from (Arrival(Kind.SPAN, span, _text(span.get("trace_id"))) for span in transaction_spans(payload))


def transaction_spans(transaction: dict[str, Any]) -> list[dict[str, Any]]:
    """The root and the children of a transaction in span v2 shape, as Sentry itself shows them."""
    context = _trace_context(transaction)
    root = {**context, "description": transaction.get("transaction")}
    root["start_timestamp"] = transaction.get("start_timestamp")
    root["timestamp"] = transaction.get("timestamp")
    segment = {"sentry.segment.id": context.get("span_id"), "sentry.segment.name": transaction.get("transaction")}
    user = transaction.get("user")
    if isinstance(user, dict):
        segment |= {"user.id": user.get("id"), "user.name": user.get("username"), "user.email": user.get("email")}
    children = transaction.get("spans")
    spans = [span for span in children if isinstance(span, dict)] if isinstance(children, list) else []
    return [_span_v2(span, segment, is_segment=span is root) for span in (root, *spans)]


def _span_v2(span: dict[str, Any], segment: dict[str, Any], *, is_segment: bool) -> dict[str, Any]:
    data = span.get("data")
    values = {**(data if isinstance(data, dict) else {}), **segment}
    values |= {f"sentry.{key}": span.get(key) for key in ("op", "origin") if span.get(key)}
    shown = {
        "trace_id": span.get("trace_id"),
        "span_id": span.get("span_id"),
        "parent_span_id": span.get("parent_span_id"),
        "name": values.get("sentry.name") or span.get("description") or span.get("op") or "<unknown>",
        "status": "ok" if span.get("status") in (None, "ok", "unknown") else "error",
        "is_segment": is_segment,
        "start_timestamp": span.get("start_timestamp"),
        "end_timestamp": span.get("timestamp"),
        "links": span.get("links"),
        "attributes": {key: _typed(value) for key, value in values.items() if value is not None},
    }
    return {key: value for key, value in shown.items() if value is not None}


_TYPE_NAMES: Final = ((bool, "boolean"), (int, "integer"), (float, "double"), (list, "array"))


def _typed(value: Any) -> dict[str, Any]:
    for python_type, name in _TYPE_NAMES:
        if isinstance(value, python_type):
            return {"type": name, "value": value}
    return {"type": "string", "value": value if isinstance(value, str) else json_text.dumps(value).decode()}


def _json_object(payload: bytes) -> dict[str, Any] | None:
    try:
        value = json_text.loads(payload)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None


def _trace_context(event: dict[str, Any]) -> dict[str, Any]:
    contexts = event.get("contexts")
    trace = contexts.get("trace") if isinstance(contexts, dict) else None
    return trace if isinstance(trace, dict) else {}


def _trace_id(payload: dict[str, Any]) -> str | None:
    listed = payload.get("trace_ids")
    first = listed[0] if isinstance(listed, list) and listed else None
    return _text(_trace_context(payload).get("trace_id") or payload.get("trace_id") or first)


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None
