"""A span under another parent, for Sentry alone: other backends hold the same object, so it is copied."""

from __future__ import annotations

from copy import copy
from typing import TYPE_CHECKING

from opentelemetry.trace import SpanContext

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import ReadableSpan

    from otel_sentry.otel.segments import Segment


def under(span: ReadableSpan, parent: SpanContext | None) -> ReadableSpan:
    """A copy of an ended span whose parent is `parent`."""
    copied = copy(span)
    copied._parent = parent  # noqa: SLF001 - ReadableSpan has no other way to say it
    return copied


def root_as_sentry_knows_it(root: ReadableSpan, segment: Segment) -> ReadableSpan:
    """A continued local root under the span that `sentry-trace` named, where `traceparent` named another.

    Then a hop without Sentry (a proxy, a mesh) has put a span of its own between: Sentry never sees that one, and
    `sentry-trace` still names the nearest ancestor that it does see.
    """
    incoming, parent = segment.incoming, root.parent
    if incoming is None or parent is None or parent.span_id == incoming.span_id:
        return root
    return under(root, SpanContext(parent.trace_id, incoming.span_id, is_remote=True, trace_flags=parent.trace_flags))
