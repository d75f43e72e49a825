"""One verdict and one dynamic sampling context for all local roots of a trace in a process."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from otel_sentry.otel.propagator import SentryPropagator
from otel_sentry.otel.segments import segment_of
from otel_sentry.otel.trace_memory import TraceMemory
from otel_sentry.propagation.trace import IncomingTrace, Verdict

if TYPE_CHECKING:
    from collections.abc import Callable

KEPT = Verdict(sampled=True, sample_rate=0.5, sample_rand=0.1)
DROPPED = Verdict(sampled=False, sample_rate=0.5, sample_rand=0.9)
TRACE, CALLER, PROXY = "771a43a4192642f0b136d5159a501700", "1234567890abcdef", "fedcba0987654321"


def test_local_roots_of_one_trace_share_a_context(pipe: Callable[..., Any]) -> None:
    """Two requests with the same `traceparent` and nothing else: the first one's name is the trace's."""
    one = pipe()
    caller = TraceContextTextMapPropagator().extract({"traceparent": f"00-{TRACE}-{CALLER}-01"})
    contexts = []
    for name in ("first", "second"):
        with one.tracer.start_as_current_span(name, caller) as root:
            segment = segment_of(root)
            assert segment is not None
            contexts.append(segment.dsc())
    one.arrived()

    assert contexts[0] == contexts[1]
    assert contexts[0]["transaction"] == "first"
    headers = [received.headers["trace"] for received in one.receiver.envelopes if "trace" in received.headers]
    assert headers
    assert [header for header in headers if header != contexts[0]] == []


def test_local_roots_of_one_trace_share_a_verdict(pipe: Callable[..., Any]) -> None:
    """A function that would change its mind is not asked again."""
    answers = iter([1.0, 0.0])
    one = pipe(traces_sampler=lambda _: next(answers))
    caller = TraceContextTextMapPropagator().extract({"traceparent": f"00-{TRACE}-{CALLER}-01"})
    for name in ("first", "second"):
        one.tracer.start_span(name, caller).end()

    assert set(one.arrived()) == {"first", "second"}


def test_a_callers_decision_is_worth_more() -> None:
    """What a header says of this very request rules, whatever was told before."""
    memory = TraceMemory()
    memory.remember(1, KEPT)

    assert memory.verdict(1, None) is KEPT
    assert memory.verdict(1, IncomingTrace(1, 1, None, {})) is KEPT
    assert memory.verdict(1, IncomingTrace(1, 1, sampled=False, dsc={})) is None


def test_a_context_of_another_decision_is_not_shared() -> None:
    """`sampled` in a context is always that of the spans it goes with; an empty one gives way."""
    memory = TraceMemory()

    assert memory.share(1, KEPT, {}) == {}
    assert memory.share(1, KEPT, {"a": "1"}) == {"a": "1"}
    assert memory.share(1, KEPT, {"a": "2"}) == {"a": "1"}
    assert memory.share(1, DROPPED, {"a": "3"}) == {"a": "3"}


def test_the_oldest_traces_are_forgotten() -> None:
    """Memory is bounded; a verdict that is known stays what it was."""
    memory = TraceMemory(max_traces=2)
    for trace_id in (1, 2, 3):
        memory.remember(trace_id, KEPT)
    memory.remember(3, DROPPED)

    assert [memory.verdict(trace_id, None) for trace_id in (1, 2, 3)] == [None, KEPT, KEPT]


def test_behind_a_proxy_without_sentry_the_parent_is_the_callers_span(pipe: Callable[..., Any]) -> None:
    """`traceparent` names a span that Sentry never sees; `sentry-trace` names the one before it. Others see both."""
    one = pipe()
    headers = {"traceparent": f"00-{TRACE}-{PROXY}-01", "sentry-trace": f"{TRACE}-{CALLER}-1"}
    context = TraceContextTextMapPropagator().extract(headers)
    context = SentryPropagator(dsn=one.receiver.dsn).extract(headers, context)
    with one.tracer.start_as_current_span("root", context) as root:
        one.tracer.start_span("child").end()
    arrived = one.arrived()

    assert arrived["root"]["parent_span_id"] == CALLER
    assert arrived["child"]["parent_span_id"] == arrived["root"]["span_id"]
    assert f"{root.parent.span_id:016x}" == PROXY
