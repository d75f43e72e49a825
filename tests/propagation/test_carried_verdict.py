"""The verdict that rides on a trace state."""

from __future__ import annotations

import copy
import pickle

from opentelemetry.trace import SpanContext, TraceState

from otel_sentry.propagation.carried_verdict import VerdictTraceState, carried_verdict
from otel_sentry.propagation.trace import Verdict

VERDICT = Verdict(sampled=True, sample_rate=0.5, sample_rand=0.25)


def test_it_travels_with_the_span_context() -> None:
    """A span context hands the verdict on; a plain one has none."""
    carrying = SpanContext(1, 2, is_remote=False, trace_state=VerdictTraceState(None, VERDICT))

    assert carried_verdict(carrying) == VERDICT
    assert carried_verdict(SpanContext(1, 2, is_remote=False)) is None


def test_headers_do_not_show_it() -> None:
    """What other vendors put into the trace state is all that is sent."""
    assert VerdictTraceState(TraceState([("vendor", "x")]), VERDICT).to_header() == "vendor=x"
    assert not VerdictTraceState(None, VERDICT)


def test_it_survives_copies() -> None:
    """Span contexts are pickled and copied by multiprocessing and tests."""
    carrying = SpanContext(1, 2, is_remote=False, trace_state=VerdictTraceState(None, VERDICT))

    assert carried_verdict(pickle.loads(pickle.dumps(carrying))) == VERDICT  # noqa: S301  # made one line above
    assert carried_verdict(copy.deepcopy(carrying)) == VERDICT
