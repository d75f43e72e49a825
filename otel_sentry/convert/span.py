"""One ended span → span v2: its own fields and attributes, without what its segment and its process add. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import Link, SpanKind, StatusCode

from otel_sentry.convert.attribute_names import wire_attributes
from otel_sentry.convert.op import sentry_op
from otel_sentry.convert.origin import EXPLICIT_ORIGIN, sentry_origin
from otel_sentry.convert.status import wire_status
from otel_sentry.convert.values import attributes as typed_attributes
from otel_sentry.convert.values import text
from otel_sentry.protocol.attributes import INTEGER, STRING, Attribute
from otel_sentry.protocol.items import SpanLink, SpanV2

EXPLICIT_NAME: Final = "sentry.name"
UNKNOWN_NAME: Final = "<unknown>"
STATUS_MESSAGE: Final = "sentry.status.message"

KIND_NAMES: Final[Mapping[SpanKind, str]] = {kind: kind.name.lower() for kind in SpanKind}

DROPPED_COUNTS: Final = {
    "otel.dropped_attributes_count": "dropped_attributes",
    "otel.dropped_events_count": "dropped_events",
    "otel.dropped_links_count": "dropped_links",
}
"""Attribute that tells what the SDK's limits dropped → property of the span. Names as OpenTelemetry's for Zipkin."""


def span_payload(span: ReadableSpan) -> SpanV2:
    """Translate a span; `is_segment` and common attributes are the caller's to add."""
    context, status, attributes = span.context, span.status, span.attributes or {}
    op = sentry_op(attributes, span.kind)
    start, end = span_times(span)
    payload: SpanV2 = {
        "trace_id": f"{context.trace_id:032x}",
        "span_id": f"{context.span_id:016x}",
        "name": span_name(span),
        "status": wire_status(status.status_code, span.kind, attributes),
        "start_timestamp": start,
        "end_timestamp": end,
        "attributes": {
            **wire_attributes(attributes, span.kind),
            **loss_attributes(span),
            **inferred_attributes(span.kind, span.instrumentation_scope, op, attributes.get(EXPLICIT_ORIGIN)),
        },
    }
    if status.status_code is StatusCode.ERROR and status.description:
        payload["attributes"][STATUS_MESSAGE] = {"type": STRING, "value": text(status.description)}
    if span.parent is not None:
        payload["parent_span_id"] = f"{span.parent.span_id:016x}"
    links = span_links(span.links)
    if links:
        payload["links"] = links
    return payload


def span_name(span: ReadableSpan) -> str:
    """`sentry.name` if the application set it, else the span's name, never empty."""
    return text((span.attributes or {}).get(EXPLICIT_NAME) or span.name or UNKNOWN_NAME)


def span_times(span: ReadableSpan) -> tuple[float, float]:
    """Start and end in seconds with microseconds, never end before start; a span without end is as long as nothing."""
    start = span.start_time or span.end_time or 0
    return seconds(start), seconds(max(start, span.end_time or start))


def seconds(nanoseconds: int) -> float:
    """Nanoseconds since 1970 → seconds, cut to microseconds; exact until the year 2255."""
    return nanoseconds // 1000 / 1_000_000


def span_links(links: Sequence[Link]) -> list[SpanLink]:
    """Links of span v2; those without valid ids lead nowhere and are left out."""
    return [_link(link) for link in links if link.context.is_valid]


def inferred_attributes(
    kind: SpanKind, scope: InstrumentationScope | None, op: str | None, explicit_origin: Any
) -> dict[str, Attribute]:
    """What a span's kind, instrumentation scope and op say; the same for many spans."""
    name = scope.name if scope else ""
    values = {
        "sentry.op": op,
        "sentry.origin": sentry_origin(explicit_origin, name, op),
        "sentry.kind": KIND_NAMES[kind],
        "otel.scope.name": name,
        "otel.scope.version": scope.version if scope else None,
    }
    typed: dict[str, Attribute] = {
        name: {"type": STRING, "value": text(value)} for name, value in values.items() if value
    }
    of_scope = typed_attributes(scope.attributes) if scope else {}
    return {**{f"otel.scope.{name}": value for name, value in of_scope.items()}, **typed}


def loss_attributes(span: ReadableSpan) -> dict[str, Attribute]:
    """How many attributes, events and links the SDK's limits dropped, where they did."""
    counts = {name: getattr(span, dropped) for name, dropped in DROPPED_COUNTS.items()}
    return {name: {"type": INTEGER, "value": count} for name, count in counts.items() if count}


def _link(link: Link) -> SpanLink:
    context = link.context
    payload: SpanLink = {
        "trace_id": f"{context.trace_id:032x}",
        "span_id": f"{context.span_id:016x}",
        "sampled": bool(context.trace_flags & 1),
    }
    attributes = typed_attributes(link.attributes)
    if attributes:
        payload["attributes"] = attributes
    return payload
