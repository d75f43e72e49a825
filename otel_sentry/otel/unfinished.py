"""An open span as it is told of when its process must leave: ended now, marked, never seen again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.trace import Status, StatusCode

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import Span

UNFINISHED: Final = "otel_sentry.unfinished"
"""Attribute of a span that was sent although it had not ended; its end is the moment of sending."""
CANCELLED: Final = "cancelled"
"""Status description of such a span; in the transaction format it is the status itself."""


def unfinished(span: Span, now_ns: int) -> ReadableSpan:
    """A copy of an open span that ends at `now_ns`, nanoseconds since 1970."""
    status = span.status
    return ReadableSpan(
        name=span.name,
        context=span.get_span_context(),
        parent=span.parent,
        resource=span.resource,
        attributes={**(span.attributes or {}), UNFINISHED: True},
        events=span.events,
        links=span.links,
        kind=span.kind,
        status=status if status.status_code is StatusCode.ERROR else Status(StatusCode.ERROR, CANCELLED),
        start_time=span.start_time,
        end_time=max(now_ns, span.start_time or now_ns),
        instrumentation_scope=span.instrumentation_scope,
    )
