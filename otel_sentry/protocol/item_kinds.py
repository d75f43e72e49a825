"""Item types of a Sentry envelope: content types, data categories, limits. Source: Relay's `sizes.rs`."""

from __future__ import annotations

from enum import Enum
from typing import Final

SPAN_CONTENT_TYPE: Final = "application/vnd.sentry.items.span.v2+json"
LOG_CONTENT_TYPE: Final = "application/vnd.sentry.items.log+json"
TRACE_METRIC_CONTENT_TYPE: Final = "application/vnd.sentry.items.trace-metric+json"

MAX_SPANS_PER_ENVELOPE: Final = 1000
MAX_LOGS_PER_ENVELOPE: Final = 100
MAX_METRICS_PER_ENVELOPE: Final = 1000
TARGET_ENVELOPE_BYTES: Final = 5_000_000
"""Uncompressed bytes at which a span envelope is closed; Relay refuses containers beyond 12 MiB."""
MAX_EVENT_BYTES: Final = 1 << 20
MAX_SPANS_PER_TRANSACTION: Final = 1000


class Category(str, Enum):
    """Data categories that rate limits and client reports speak of."""

    DEFAULT = "default"
    ERROR = "error"
    TRANSACTION = "transaction"
    SPAN = "span"
    LOG_ITEM = "log_item"
    LOG_BYTE = "log_byte"
    TRACE_METRIC = "trace_metric"
    TRACE_METRIC_BYTE = "trace_metric_byte"
    ATTACHMENT = "attachment"
    SESSION = "session"
    PROFILE = "profile"
    PROFILE_CHUNK = "profile_chunk"
    REPLAY = "replay"
    MONITOR = "monitor"
    FEEDBACK = "feedback"
    SECURITY = "security"
    INTERNAL = "internal"


CATEGORY_OF_ITEM: Final = {
    "event": Category.ERROR,
    "transaction": Category.TRANSACTION,
    "span": Category.SPAN,
    "log": Category.LOG_ITEM,
    "trace_metric": Category.TRACE_METRIC,
    "attachment": Category.ATTACHMENT,
    "session": Category.SESSION,
    "sessions": Category.SESSION,
    "profile": Category.PROFILE,
    "profile_chunk": Category.PROFILE_CHUNK,
    "replay_event": Category.REPLAY,
    "replay_recording": Category.REPLAY,
    "replay_video": Category.REPLAY,
    "check_in": Category.MONITOR,
    "feedback": Category.FEEDBACK,
    "client_report": Category.INTERNAL,
}
"""Item type → category; a type that is not listed counts as `Category.DEFAULT`."""


class LossReason(str, Enum):
    """Reasons that client reports know. Source: develop docs "client reports" 1.20."""

    QUEUE_OVERFLOW = "queue_overflow"
    CACHE_OVERFLOW = "cache_overflow"
    BUFFER_OVERFLOW = "buffer_overflow"
    RATELIMIT_BACKOFF = "ratelimit_backoff"
    NETWORK_ERROR = "network_error"
    SEND_ERROR = "send_error"
    SAMPLE_RATE = "sample_rate"
    BACKPRESSURE = "backpressure"
    BEFORE_SEND = "before_send"
    EVENT_PROCESSOR = "event_processor"
    IGNORED = "ignored"
    INVALID = "invalid"
    INSUFFICIENT_DATA = "insufficient_data"
    INTERNAL_SDK_ERROR = "internal_sdk_error"
    CALLBACK_ERROR = "callback_error"
    NO_PARENT_SPAN = "no_parent_span"
