"""Shapes of what envelopes carry: span v2, transaction, log, trace metric. Source: develop docs "envelope items"."""

from __future__ import annotations

from typing import Any, Final, TypedDict

from otel_sentry.protocol.attributes import Attribute

CONTAINER_VERSION: Final = 2
"""Version of item containers; from 2 on Relay never infers address or user agent from our own HTTP connection."""

MAX_RELEASE_LENGTH: Final = 200
"""Bytes that sentry-relay 0.10 accepts; the documentation says 250."""
MAX_ENVIRONMENT_LENGTH: Final = 64
"""Bytes."""
MAX_TRANSACTION_NAME_LENGTH: Final = 200
MAX_OP_LENGTH: Final = 128
MAX_ORIGIN_LENGTH: Final = 128


class _SpanLinkIds(TypedDict):
    trace_id: str
    span_id: str


class SpanLink(_SpanLinkIds, total=False):
    """A link to another span. Attributes are typed in span v2, plain values in transactions."""

    sampled: bool
    attributes: dict[str, Any]


class _SpanV2Required(TypedDict):
    trace_id: str
    span_id: str
    name: str
    status: str
    start_timestamp: float
    end_timestamp: float
    attributes: dict[str, Attribute]


class SpanV2(_SpanV2Required, total=False):
    """One entry of a span container: ids in lower-case hex, times in seconds since 1970, status `ok` or `error`."""

    parent_span_id: str
    is_segment: bool
    links: list[SpanLink]


class _TransactionSpanRequired(TypedDict):
    trace_id: str
    span_id: str
    start_timestamp: float
    timestamp: float


class TransactionSpan(_TransactionSpanRequired, total=False):
    """One entry of a transaction's `spans`."""

    parent_span_id: str
    op: str
    description: str
    status: str
    origin: str
    kind: str
    data: dict[str, Any]
    links: list[SpanLink]


class _TransactionRequired(TypedDict):
    type: str
    event_id: str
    start_timestamp: float
    timestamp: float
    transaction: str
    transaction_info: dict[str, str]
    contexts: dict[str, dict[str, Any]]
    spans: list[TransactionSpan]


class Transaction(_TransactionRequired, total=False):
    """A local root with its children in one event."""

    platform: str
    sdk: dict[str, Any]
    release: str
    environment: str
    dist: str
    server_name: str
    user: dict[str, Any]


class _LogRequired(TypedDict):
    timestamp: float
    trace_id: str
    level: str
    body: str
    attributes: dict[str, Attribute]


class LogItem(_LogRequired, total=False):
    """One entry of a log container; `level` is trace, debug, info, warn, error or fatal."""

    span_id: str
    severity_number: int


class _MetricRequired(TypedDict):
    timestamp: float
    trace_id: str
    name: str
    type: str
    value: float
    attributes: dict[str, Attribute]


class MetricItem(_MetricRequired, total=False):
    """One entry of a trace-metric container; `type` is counter, gauge or distribution."""

    span_id: str
    unit: str
