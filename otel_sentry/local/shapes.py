"""The tables of what Sentry's ingest wants of each payload. Pure data.

Source: reference pages "span v2", "logs", "metrics", "sessions", "check-ins", "client reports", "event payloads" of the
develop docs, and Relay's schema where they say less.
"""

from __future__ import annotations

from typing import Final

from otel_sentry.local.fields import (
    Consequence,
    Field,
    boolean,
    count,
    filled_text,
    flag_text,
    mapping,
    name_up_to,
    number,
    one_of,
    rate_text,
    sequence,
    span_id,
    text,
    text_or_number,
    timestamp,
    trace_id,
    uuid,
)
from otel_sentry.protocol.item_kinds import Category

_TRIM: Final = Consequence.TRIMMED
_release = name_up_to(250, ("latest", "..", "."))
_environment = name_up_to(64, ("None",))

DSC: Final = (
    Field("trace_id", trace_id, required=True),
    Field("public_key", filled_text, required=True),
    Field("sample_rate", rate_text),
    Field("sample_rand", rate_text),
    Field("sampled", flag_text),
    Field("release", text),
    Field("environment", text),
    Field("transaction", text),
    Field("org_id", text),
    Field("replay_id", uuid),
)
LINK: Final = (
    Field("trace_id", trace_id, required=True, consequence=_TRIM),
    Field("span_id", span_id, required=True, consequence=_TRIM),
    Field("sampled", boolean, consequence=_TRIM),
    Field("attributes", mapping, consequence=_TRIM),
)
SPAN: Final = (
    Field("trace_id", trace_id, required=True),
    Field("span_id", span_id, required=True),
    Field("parent_span_id", span_id, consequence=_TRIM),
    Field("name", text, required=True),
    Field("name", filled_text, consequence=_TRIM),
    Field("status", one_of(("ok", "error")), required=True),
    Field("is_segment", boolean, required=True, consequence=_TRIM),
    Field("start_timestamp", timestamp, required=True),
    Field("end_timestamp", timestamp, required=True),
    Field("links", sequence, consequence=_TRIM),
    Field("attributes", mapping, required=True, consequence=_TRIM),
)
LOG: Final = (
    Field("timestamp", timestamp, required=True),
    Field("trace_id", trace_id, required=True),
    Field("span_id", span_id, consequence=_TRIM),
    Field("level", one_of(("trace", "debug", "info", "warn", "error", "fatal")), required=True),
    Field("body", text, required=True),
    Field("severity_number", count, consequence=_TRIM),
    Field("attributes", mapping, consequence=_TRIM),
)
TRACE_METRIC: Final = (
    Field("timestamp", timestamp, required=True),
    Field("trace_id", trace_id, required=True),
    Field("span_id", span_id, consequence=_TRIM),
    Field("name", filled_text, required=True),
    Field("type", one_of(("counter", "gauge", "distribution")), required=True),
    Field("value", number, required=True),
    Field("unit", text, consequence=_TRIM),
    Field("attributes", mapping, consequence=_TRIM),
)
V1_STATUSES: Final = frozenset(
    (
        *("ok", "cancelled", "unknown", "unknown_error", "invalid_argument", "deadline_exceeded", "not_found"),
        *(
            "already_exists",
            "permission_denied",
            "resource_exhausted",
            "failed_precondition",
            "aborted",
            "out_of_range",
        ),
        *("unimplemented", "internal_error", "unavailable", "data_loss", "unauthenticated", "success", "failure"),
    )
)
TRACE_CONTEXT: Final = (
    Field("trace_id", trace_id, required=True),
    Field("span_id", span_id, required=True),
    Field("parent_span_id", span_id, consequence=_TRIM),
    Field("op", text, consequence=_TRIM),
    Field("status", one_of(V1_STATUSES), consequence=_TRIM),
    Field("origin", text, consequence=_TRIM),
    Field("data", mapping, consequence=_TRIM),
    Field("links", sequence, consequence=_TRIM),
)
V1_SPAN: Final = (
    Field("trace_id", trace_id, required=True),
    Field("span_id", span_id, required=True),
    Field("parent_span_id", span_id, consequence=_TRIM),
    Field("start_timestamp", timestamp, required=True),
    Field("timestamp", timestamp, required=True),
    Field("op", text, consequence=_TRIM),
    Field("description", text, consequence=_TRIM),
    Field("status", one_of(V1_STATUSES), consequence=_TRIM),
    Field("origin", text, consequence=_TRIM),
    Field("data", mapping, consequence=_TRIM),
    Field("tags", mapping, consequence=_TRIM),
    Field("links", sequence, consequence=_TRIM),
)
_COMMON_EVENT: Final = (
    Field("event_id", uuid, required=True),
    Field("platform", text, consequence=_TRIM),
    Field("release", _release, consequence=_TRIM),
    Field("environment", _environment, consequence=_TRIM),
    Field("server_name", text, consequence=_TRIM),
    Field("dist", text, consequence=_TRIM),
    Field("transaction", text, consequence=_TRIM),
    Field("extra", mapping, consequence=_TRIM),
    Field("user", mapping, consequence=_TRIM),
    Field("request", mapping, consequence=_TRIM),
    Field("modules", mapping, consequence=_TRIM),
    Field("sdk", mapping, consequence=_TRIM),
    Field("contexts", mapping, consequence=_TRIM),
)
EVENT: Final = (
    *_COMMON_EVENT,
    Field("timestamp", timestamp, consequence=_TRIM),
    Field("level", one_of(("fatal", "error", "warning", "info", "debug", "log", "critical")), consequence=_TRIM),
    Field("logger", text, consequence=_TRIM),
    Field("fingerprint", sequence, consequence=_TRIM),
)
TRANSACTION: Final = (
    *_COMMON_EVENT,
    Field("start_timestamp", timestamp, required=True),
    Field("timestamp", timestamp, required=True),
    Field("spans", sequence),
    Field("measurements", mapping, consequence=_TRIM),
    Field("transaction_info", mapping, consequence=_TRIM),
)
EXCEPTION: Final = (
    Field("type", text, consequence=_TRIM),
    Field("value", text_or_number, consequence=_TRIM),
    Field("module", text, consequence=_TRIM),
    Field("mechanism", mapping, consequence=_TRIM),
    Field("stacktrace", mapping, consequence=_TRIM),
)
FRAME: Final = (
    Field("filename", text, consequence=_TRIM),
    Field("abs_path", text, consequence=_TRIM),
    Field("function", text, consequence=_TRIM),
    Field("module", text, consequence=_TRIM),
    Field("lineno", count, consequence=_TRIM),
    Field("context_line", text, consequence=_TRIM),
    Field("pre_context", sequence, consequence=_TRIM),
    Field("post_context", sequence, consequence=_TRIM),
    Field("vars", mapping, consequence=_TRIM),
    Field("in_app", boolean, consequence=_TRIM),
)
USER: Final = (
    Field("id", text_or_number, consequence=_TRIM),
    Field("username", text_or_number, consequence=_TRIM),
    Field("email", text, consequence=_TRIM),
    Field("ip_address", text, consequence=_TRIM),
)
SESSION: Final = (
    Field("sid", uuid, required=True),
    Field("did", text),
    Field("init", boolean),
    Field("started", timestamp, required=True),
    Field("timestamp", timestamp),
    Field("status", one_of(("ok", "exited", "crashed", "abnormal", "errored", "unhandled")), consequence=_TRIM),
    Field("errors", count),
    Field("duration", number),
    Field("attrs", mapping, required=True),
)
SESSIONS: Final = (Field("attrs", mapping, required=True), Field("aggregates", sequence, required=True))
SESSION_ATTRIBUTES: Final = (Field("release", filled_text, required=True), Field("environment", text))
SESSION_AGGREGATE: Final = (
    Field("started", timestamp, required=True),
    Field("did", text),
    *(Field(name, count) for name in ("exited", "errored", "crashed", "abnormal", "unhandled")),
)
CHECK_IN: Final = (
    Field("check_in_id", uuid, required=True),
    Field("monitor_slug", filled_text, required=True),
    Field("status", one_of(("in_progress", "ok", "error")), required=True),
    Field("duration", number),
    Field("release", text, consequence=_TRIM),
    Field("environment", _environment),
    Field("monitor_config", mapping),
    Field("contexts", mapping),
)
MONITOR_CONFIG: Final = (
    Field("schedule", mapping, required=True),
    *(Field(name, count) for name in ("checkin_margin", "max_runtime")),
    *(Field(name, count) for name in ("failure_issue_threshold", "recovery_threshold")),
    Field("timezone", text),
    Field("owner", text),
)
CLIENT_REPORT: Final = (Field("timestamp", timestamp), Field("discarded_events", sequence, required=True))
DISCARDED: Final = (
    Field("reason", filled_text, required=True),
    Field("category", one_of(frozenset(category.value for category in Category)), required=True, consequence=_TRIM),
    Field("quantity", count, required=True),
)
REPLAY_EVENT: Final = (
    Field("replay_id", uuid, required=True),
    Field("segment_id", count, required=True),
    Field("timestamp", timestamp, required=True),
    Field("replay_start_timestamp", timestamp),
    Field("trace_ids", sequence),
    Field("error_ids", sequence),
    Field("urls", sequence),
)
PROFILE: Final = (Field("version", filled_text, required=True), Field("platform", filled_text, required=True))
PROFILE_CHUNK: Final = (
    *PROFILE,
    Field("chunk_id", uuid, required=True),
    Field("profiler_id", uuid, required=True),
    Field("client_sdk", mapping, required=True),
)
FEEDBACK_CONTEXT: Final = (
    Field("message", filled_text, required=True),
    Field("contact_email", text),
    Field("name", text),
)
