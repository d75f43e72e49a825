"""Which trace a caller's headers continue, in OpenTelemetry's Context. Pure.

Rules (docs: "Sampling and propagation"):
1. Another organisation's trace is refused: a new trace begins, linked to it.
2. `traceparent` and `sentry-trace` of one trace: ids, parent and flag are `traceparent`'s, Sentry's decision is the
   other's.
3. Of two traces: `traceparent` wins, unless Sentry is the only backend; the other one is linked.
4. Sentry's baggage beside a `traceparent` of the same trace speaks for a missing `sentry-trace`: a hop that knows
   W3C only has handed both on.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from opentelemetry.trace import (
    INVALID_SPAN,
    NonRecordingSpan,
    SpanContext,
    TraceFlags,
    get_current_span,
    set_span_in_context,
)

from otel_sentry.propagation.continuation import continues
from otel_sentry.propagation.sentry_trace import SentryTrace
from otel_sentry.propagation.trace import (
    IncomingTrace,
    UnjoinedTrace,
    with_incoming_trace,
    with_unjoined_trace,
    without_caller,
)

if TYPE_CHECKING:
    from opentelemetry.context import Context

_DECISIONS = {"true": True, "false": False}


def joined(
    context: Context,
    header: SentryTrace,
    dsc: Mapping[str, str],
    *,
    own_org: str | None,
    strict: bool,
    has_traceparent: bool,
    only_backend: bool,
) -> Context:
    """A copy of `context` in which the caller's trace goes on, or is remembered as refused.

    Args:
        context: may hold the remote span that an earlier propagator read from `traceparent`.
        header: what `sentry-trace` said.
        dsc: Sentry's baggage members, without prefix.
        own_org: organisation that this process reports to.
        strict: see `continues`.
        has_traceparent: the carrier has a `traceparent`, so that a remote span in `context` is this caller's.
        only_backend: nobody but Sentry reads this process's spans.
    """
    context = without_caller(context)
    other = get_current_span(context).get_span_context()
    w3c = other if has_traceparent and other.is_valid and other.is_remote else None
    differs = w3c is not None and w3c.trace_id != header.trace_id
    if not continues(dsc.get("org_id"), own_org, strict=strict):
        context = with_unjoined_trace(UnjoinedTrace(*header), context)
        return context if differs else set_span_in_context(INVALID_SPAN, context)
    if differs and not only_backend:
        return with_unjoined_trace(UnjoinedTrace(*header), context)
    incoming = IncomingTrace(header.trace_id, header.span_id, header.sampled, dsc)
    context = with_incoming_trace(incoming, context)
    if w3c is not None and not differs:
        return context
    if w3c is not None:
        context = with_unjoined_trace(UnjoinedTrace(w3c.trace_id, w3c.span_id, bool(w3c.trace_flags & 1)), context)
    return set_span_in_context(NonRecordingSpan(_remote(header)), context)


def implied_sentry_trace(context: Context, dsc: Mapping[str, str]) -> SentryTrace | None:
    """What `sentry-trace` would have said, where `traceparent` and Sentry's baggage arrived without it.

    Args:
        context: holds the remote span that an earlier propagator read from this carrier's `traceparent`.
        dsc: Sentry's baggage members, without prefix.

    Returns:
        None where the baggage is another trace's: by itself it means nothing.
    """
    w3c = get_current_span(context).get_span_context()
    if not w3c.is_valid or not w3c.is_remote or dsc.get("trace_id") != f"{w3c.trace_id:032x}":
        return None
    return SentryTrace(w3c.trace_id, w3c.span_id, _DECISIONS.get(dsc.get("sampled", "")))


def link_context(unjoined: UnjoinedTrace) -> SpanContext:
    """What the link to a trace that was not continued points to."""
    flags = TraceFlags(TraceFlags.SAMPLED if unjoined.sampled else TraceFlags.DEFAULT)
    return SpanContext(unjoined.trace_id, unjoined.span_id, is_remote=True, trace_flags=flags)


def _remote(header: SentryTrace) -> SpanContext:
    """Sampled for OpenTelemetry whatever Sentry decided: other backends keep their traces."""
    return SpanContext(header.trace_id, header.span_id, is_remote=True, trace_flags=TraceFlags(TraceFlags.SAMPLED))
