"""Parcels and envelopes for tests: small, valid, told apart by a number."""

from __future__ import annotations

from typing import Any

from otel_sentry.delivery.outbox import OutgoingEnvelope
from otel_sentry.delivery.parcel import Parcel, parcel_of_outgoing
from otel_sentry.delivery.wire.compression import Compressor
from otel_sentry.protocol import json_text
from otel_sentry.protocol.item_kinds import LOG_CONTENT_TYPE, SPAN_CONTENT_TYPE, Category

DATE = 1_795_324_768.0
PLAIN = Compressor("")


def span(trace: int, number: int, date: float = DATE) -> dict[str, Any]:
    """A span of protocol version 2."""
    return {
        "trace_id": f"{trace:032x}",
        "span_id": f"{number:016x}",
        "name": "work",
        "status": "ok",
        "is_segment": False,
        "start_timestamp": date,
        "end_timestamp": date + 0.001,
        "attributes": {
            "sentry.segment.id": {"type": "string", "value": f"{trace:016x}"},
            "sentry.segment.name": {"type": "string", "value": "job"},
        },
    }


def span_envelope(
    number: int, spans: int = 1, *, key: str = "local", date: float = DATE, **more: Any
) -> OutgoingEnvelope:
    """An envelope of spans, all of trace `number`; their ids start with the trace's number."""
    trace = number + 1
    payload = {"version": 2, "items": [span(trace, trace * 1000 + one, date) for one in range(spans)]}
    return OutgoingEnvelope(
        {"trace": {"trace_id": f"{trace:032x}", "public_key": key, "sample_rate": "1.0", "sampled": "true"}},
        {"type": "span", "item_count": spans, "content_type": SPAN_CONTENT_TYPE},
        json_text.dumps(payload),
        Category.SPAN,
        spans,
        **more,
    )


def log_envelope(number: int, logs: int = 1, date: float = DATE) -> OutgoingEnvelope:
    """An envelope of logs."""
    items = [
        {
            "timestamp": date,
            "trace_id": f"{number + 1:032x}",
            "level": "info",
            "body": f"{number}.{one}",
            "attributes": {},
        }
        for one in range(logs)
    ]
    return OutgoingEnvelope(
        {},
        {"type": "log", "item_count": logs, "content_type": LOG_CONTENT_TYPE},
        json_text.dumps({"version": 2, "items": items}),
        Category.LOG_ITEM,
        logs,
    )


def parcel(
    number: int = 0, spans: int = 1, *, accepted_at: float = 0.0, compressor: Compressor = PLAIN, **more: Any
) -> Parcel:
    """A parcel of spans."""
    made = parcel_of_outgoing(span_envelope(number, spans, **more), compressor, DATE)
    made.accepted_at = accepted_at
    return made


def categorised(category: Category, number: int = 0, accepted_at: float = 0.0) -> Parcel:
    """A parcel of any category, with an empty body."""
    return Parcel(b"%d" % number, "", ((category, 1),), category, DATE, accepted_at=accepted_at)
