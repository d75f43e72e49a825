"""One ended span → span v2: its own fields and attributes, without what its segment and its process add. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import Link, SpanKind, StatusCode

from otel_sentry.convert.attribute_names import wire_attributes
from otel_sentry.convert.limits import MAX_ATTRIBUTES_BYTES, MAX_NAME_LENGTH, fit, fit_links
from otel_sentry.convert.op import sentry_op
from otel_sentry.convert.origin import EXPLICIT_ORIGIN, sentry_origin
from otel_sentry.convert.sdk_fields import attribute_dict
from otel_sentry.convert.status import wire_status
from otel_sentry.convert.values import attributes as typed_attributes
from otel_sentry.convert.values import text
from otel_sentry.protocol.attributes import INTEGER, STRING, Attribute
from otel_sentry.protocol.items import SpanLink, SpanV2

EXPLICIT_NAME: Final = "sentry.name"
UNKNOWN_NAME: Final = "<unknown>"
STATUS_MESSAGE: Final = "sentry.status.message"

KIND_NAMES: Final[Mapping[SpanKind, str]] = {kind: kind.name.lower() for kind in SpanKind}


def span_payload(span: ReadableSpan) -> SpanV2:
    """Translate a span; `is_segment` and common attributes are the caller's to add."""
    context, status, attributes = span.context, span.status, span.attributes or {}
    op = sentry_op(attributes, span.kind)
    start, end = span_times(span)
    links = span_links(span.links)
    payload: SpanV2 = {
        "trace_id": f"{context.trace_id:032x}",
        "span_id": f"{context.span_id:016x}",
        "name": span_name(span),
        "status": wire_status(status.status_code, span.kind, attributes),
        "start_timestamp": start,
        "end_timestamp": end,
        "attributes": own_attributes(span, op, lost_links=len(span.links) - len(links)),
    }
    if span.parent is not None:
        payload["parent_span_id"] = f"{span.parent.span_id:016x}"
    if links:
        payload["links"] = links
    return payload


def own_attributes(span: ReadableSpan, op: str | None, *, lost_links: int) -> dict[str, Attribute]:
    """What a span's own attributes, status message, kind and scope say, and what was dropped of it."""
    attributes, status = span.attributes or {}, span.status
    own = {**wire_attributes(attributes, span.kind), **loss_attributes(span, lost_links=lost_links)}
    if status.status_code is StatusCode.ERROR and status.description:
        own[STATUS_MESSAGE] = {"type": STRING, "value": text(status.description)}
    inferred = inferred_attributes(span.kind, span.instrumentation_scope, op, attributes.get(EXPLICIT_ORIGIN))
    return {**fit(own, MAX_ATTRIBUTES_BYTES), **inferred}


def span_name(span: ReadableSpan) -> str:
    """`sentry.name` if the application set it, else the span's name, never empty."""
    name = text(attribute_dict(span).get(EXPLICIT_NAME) or span.name or UNKNOWN_NAME)
    return name[:MAX_NAME_LENGTH]


def span_times(span: ReadableSpan) -> tuple[float, float]:
    """Start and end in seconds with microseconds, never end before start; a span without end is as long as nothing."""
    start = span.start_time or span.end_time or 0
    return seconds(start), seconds(max(start, span.end_time or start))


def seconds(nanoseconds: int) -> float:
    """Nanoseconds since 1970 → seconds, cut to microseconds; exact until the year 2242."""
    return nanoseconds // 1000 / 1_000_000


def span_links(links: Sequence[Link]) -> list[SpanLink]:
    """Links of span v2, as many as fit; those without valid ids lead nowhere and are left out."""
    return fit_links([_link(link) for link in links if link.context.is_valid])


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
    return {**scope_attributes(scope), **typed}


def scope_attributes(scope: InstrumentationScope | None) -> dict[str, Attribute]:
    """Attributes that an instrumentation scope has besides name and version."""
    own = typed_attributes(scope.attributes) if scope else {}
    return {f"otel.scope.{name}": value for name, value in own.items()}


def loss_attributes(span: ReadableSpan, *, lost_links: int) -> dict[str, Attribute]:
    """How many attributes, events and links are missing, where some are: dropped by the SDK, or links by us."""
    counts = {
        "otel.dropped_attributes_count": span.dropped_attributes,
        "otel.dropped_events_count": span.dropped_events,
        "otel.dropped_links_count": span.dropped_links + lost_links,
    }
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
