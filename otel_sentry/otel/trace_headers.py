"""What `sentry-trace` and Sentry's baggage say of a span. Shared by the request and the response propagator.

Imports next to nothing at load, because the propagator needs it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

from otel_sentry.otel.segments import segment_of
from otel_sentry.propagation.carried_verdict import carried_verdict
from otel_sentry.propagation.dsc import continued_dsc, head_dsc
from otel_sentry.propagation.sentry_trace import format_sentry_trace
from otel_sentry.propagation.trace import IncomingTrace, Verdict, incoming_of

if TYPE_CHECKING:
    from opentelemetry.context import Context
    from opentelemetry.trace import Span, SpanContext

    from otel_sentry.otel.propagation_rules import PropagationRules


class TraceHeaders(NamedTuple):
    """Text of `sentry-trace`, and the dynamic sampling context without prefix."""

    sentry_trace: str
    dsc: Mapping[str, str]


def trace_headers(span: Span, context: Context | None, rules: PropagationRules) -> TraceHeaders | None:
    """What to tell whoever `span` calls; None when there is nothing to tell.

    A span whose segment is known has it from there. Where no spans go to Sentry, the caller's headers are handed on as
    they came, so that its other callees stay joined; a trace that begins there stays undecided.
    """
    here = span.get_span_context()
    if not here.is_valid:
        return None
    segment = segment_of(span)
    if segment is not None and rules.sends_spans:
        if segment.ignored and segment.incoming is not None:
            return _handed_on(here, segment.incoming, rules)  # Sentry will not see this span, but the caller's
        return TraceHeaders(format_sentry_trace(here.trace_id, here.span_id, segment.verdict.sampled), segment.dsc())
    incoming = incoming_of(here.trace_id, context)
    if here.is_remote or not rules.sends_spans:
        return _handed_on(here, incoming, rules)
    verdict = carried_verdict(here) or _verdict_without_segment(here, incoming, rules)
    dsc = (
        head_dsc(rules.source, trace_id=here.trace_id, verdict=verdict)
        if incoming is None
        else continued_dsc(incoming, verdict)
    )
    sampled = None if verdict is None else verdict.sampled
    return TraceHeaders(format_sentry_trace(here.trace_id, here.span_id, sampled), dsc)


def _handed_on(here: SpanContext, incoming: IncomingTrace | None, rules: PropagationRules) -> TraceHeaders | None:
    if incoming is not None:
        return TraceHeaders(format_sentry_trace(incoming.trace_id, incoming.span_id, incoming.sampled), incoming.dsc)
    if here.is_remote or not rules.speaks_sentry:
        return None
    dsc = head_dsc(rules.source, trace_id=here.trace_id, verdict=None)
    return TraceHeaders(format_sentry_trace(here.trace_id, here.span_id, None), dsc)


def _verdict_without_segment(
    here: SpanContext, incoming: IncomingTrace | None, rules: PropagationRules
) -> Verdict | None:
    """For spans that our processor did not see: dropped by a sampler, or exported by the exporter alone."""
    from otel_sentry.propagation.decision import decide  # noqa: PLC0415  # keeps `import opentelemetry.propagate` cheap

    decided = decide(trace_id=here.trace_id, incoming=incoming, rate=rules.rate)
    recorded = bool(here.trace_flags & 1)
    if recorded:
        return None if rules.decides_by_function else decided
    if decided.sampled or rules.decides_by_function:
        return Verdict(sampled=False, sample_rate=None, sample_rand=decided.sample_rand)
    return decided
