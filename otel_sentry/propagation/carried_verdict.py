"""How the head sampler's verdict reaches the span it was taken for, and spans that record nothing.

OpenTelemetry hands a sampler's `TraceState` on to the span context by reference, and to children; a subclass of it can
therefore carry the verdict without a table that grows. In headers it looks like the plain one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from opentelemetry.trace import TraceState

if TYPE_CHECKING:
    from opentelemetry.trace import SpanContext

    from otel_sentry.propagation.trace import Verdict


class VerdictTraceState(TraceState):
    """A trace state with the verdict on its trace."""

    def __init__(self, parent: TraceState | None, verdict: Verdict) -> None:
        super().__init__(None if parent is None else list(parent.items()))
        self.verdict = verdict


def carried_verdict(span_context: SpanContext) -> Verdict | None:
    """The verdict that `SentrySampler` took for this span's trace; None if it did not."""
    state = span_context.trace_state
    return state.verdict if isinstance(state, VerdictTraceState) else None
