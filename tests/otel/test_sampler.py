"""The head sampler: the same traces as at export, and never an exception."""

from __future__ import annotations

import logging
from importlib.metadata import entry_points
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.sampling import ALWAYS_ON, Decision, ParentBased, Sampler
from opentelemetry.trace import NonRecordingSpan, SpanContext, SpanKind, TraceFlags, TraceState, set_span_in_context

from otel_sentry.otel.propagator import SentryPropagator
from otel_sentry.otel.sampler import SentrySampler, sampler_from_argument
from otel_sentry.propagation.carried_verdict import carried_verdict
from otel_sentry.propagation.decision import decide
from otel_sentry.propagation.trace import IncomingTrace, with_incoming_trace
from otel_sentry.settings.settings import Settings

DSN = "https://public@o12.ingest.sentry.io/1"
TRACE = 0x771A43A4192642F0B136D5159A501700

trace_ids = st.integers(1, 2**128 - 1)
flags = st.sampled_from([True, False, None])
rands = st.floats(0, 1, exclude_max=True)


def sampler(**keywords: Any) -> SentrySampler:
    """Ours, where nothing needs unsampled spans."""
    return SentrySampler(**{"dsn": DSN, "unsampled_errors": False, **keywords})


def remote(trace_id: int, *, sampled: bool = True, state: TraceState | None = None) -> Context:
    """A context with a caller's span."""
    parent = SpanContext(trace_id, 0xB, is_remote=True, trace_flags=TraceFlags(3 if sampled else 2), trace_state=state)
    return set_span_in_context(NonRecordingSpan(parent), Context())


@given(trace_ids, flags, rands, st.floats(0, 1), st.booleans())
def test_head_and_export_keep_the_same_traces(
    trace_id: int, flag: bool | None, rand: float, rate: float, has_caller: bool
) -> None:
    """What `decide` says at export is what the head sampler does, whatever a W3C flag says."""
    caller = IncomingTrace(trace_id, 0xB, flag, {"sample_rand": str(rand)}) if has_caller else None
    context = remote(trace_id, sampled=bool(flag))
    if caller is not None:
        context = with_incoming_trace(caller, context)
    at_head = sampler(traces_sample_rate=rate).should_sample(context, trace_id, "GET /")
    at_export = decide(trace_id=trace_id, incoming=caller, rate=rate)

    assert at_head.decision.is_sampled() is at_export.sampled
    assert at_head.decision.is_recording() is at_export.sampled


def test_children_follow_their_root() -> None:
    """A whole trace is kept or dropped, and each span carries the verdict."""
    for rate, recorded in ((1.0, True), (0.0, False)):
        tracer = TracerProvider(sampler=sampler(traces_sample_rate=rate)).get_tracer("test")
        with tracer.start_as_current_span("root") as root, tracer.start_as_current_span("child") as child:
            assert root.is_recording() is child.is_recording() is recorded
            verdict = carried_verdict(child.get_span_context())

        assert verdict is not None
        assert (verdict.sampled, verdict.sample_rate) == (recorded, rate)


@pytest.mark.parametrize(
    "needs",
    [
        pytest.param({"unsampled_errors": True}, id="issues of unsampled traces"),
        pytest.param({"trace_propagation_targets": ["example.com"]}, id="propagation targets"),
        pytest.param({"keep": ["errors"]}, id="keep rules"),
    ],
)
def test_unsampled_spans_that_are_needed_are_recorded(needs: dict[str, Any]) -> None:
    """RECORD_ONLY where something of ours reads the span; children too."""
    tracer = TracerProvider(sampler=sampler(traces_sample_rate=0.0, **needs)).get_tracer("test")
    with tracer.start_as_current_span("root") as root, tracer.start_as_current_span("child") as child:
        for span in (root, child):
            assert span.is_recording()
            assert not span.get_span_context().trace_flags & 1


def test_without_a_dsn_nobody_needs_them() -> None:
    """No Sentry, no reason to record what is not sampled."""
    one = SentrySampler(dsn=None, traces_sample_rate=0.0, keep=["errors"])

    assert one.should_sample(None, TRACE, "x").decision is Decision.DROP


def test_the_trace_state_of_others_is_kept() -> None:
    """What other vendors wrote goes on, beside the verdict."""
    state = TraceState([("vendor", "x")])
    found = sampler().should_sample(remote(TRACE, state=state), TRACE, "x").trace_state

    assert found is not None
    assert found.to_header() == "vendor=x"


def test_attributes_stay_with_recorded_spans() -> None:
    """The SDK takes a span's attributes from the sampler."""
    assert dict(sampler().should_sample(None, TRACE, "x", SpanKind.SERVER, {"a": 1}).attributes) == {"a": 1}
    assert not sampler(traces_sample_rate=0.0).should_sample(None, TRACE, "x", None, {"a": 1}).attributes


def test_a_function_is_told_what_sentry_sdk_tells_it() -> None:
    """`traces_sampler` gets name, attributes and the caller's decision, once per trace of this process."""
    seen: list[Any] = []

    def rate_of(context: dict[str, Any]) -> float:
        seen.append(context)
        return 1.0

    tracer = TracerProvider(sampler=sampler(traces_sampler=rate_of)).get_tracer("test")
    caller = SentryPropagator(dsn=DSN).extract({"sentry-trace": f"{TRACE:032x}-{0xB:016x}-0"})
    with (
        tracer.start_as_current_span("GET /", caller, attributes={"http.route": "/"}),
        tracer.start_as_current_span("child"),
    ):
        pass

    assert len(seen) == 1
    assert seen[0]["parent_sampled"] is False
    assert seen[0]["transaction_context"]["name"] == "GET /"
    assert seen[0]["transaction_context"]["data"] == {"http.route": "/"}
    assert seen[0]["transaction_context"]["parent_span_id"] == f"{0xB:016x}"


def test_the_next_hop_hears_the_heads_rate() -> None:
    """A dropped trace is told with the rate and number that dropped it."""
    tracer = TracerProvider(sampler=sampler(traces_sampler=lambda _: 0.0)).get_tracer("test")
    carrier: dict[str, str] = {}
    with tracer.start_as_current_span("root"):
        SentryPropagator(dsn=DSN, traces_sampler=lambda _: 0.0).inject(carrier)

    assert carrier["sentry-trace"].endswith("-0")
    assert "sentry-sample_rate=0.0" in carrier["baggage"]


def test_dropped_spans_are_counted() -> None:
    """Whoever keeps the books hears of every span that is not recorded, and of no other."""
    dropped: list[int] = []
    one = SentrySampler(
        dsn=DSN, unsampled_errors=False, traces_sample_rate=0.0, count_dropped=lambda: dropped.append(1)
    )
    tracer = TracerProvider(sampler=one).get_tracer("test")
    with tracer.start_as_current_span("root"), tracer.start_as_current_span("child"):
        pass
    one.adopt(Settings.from_env({}, dsn=DSN, traces_sample_rate=0.0))
    with tracer.start_as_current_span("recorded only"):
        pass

    assert len(dropped) == 2


def test_adopted_settings_rule() -> None:
    """`configure()` hands over its settings; a rate in OTEL_TRACES_SAMPLER_ARG stays."""
    plain, with_argument = sampler_from_argument(""), sampler_from_argument("0.5")
    for one in (plain, with_argument):
        assert isinstance(one, SentrySampler)
        one.adopt(Settings.from_env({}, dsn=DSN, traces_sample_rate=0.25), count_dropped=lambda: None)

    assert plain.get_description() == "SentrySampler{rate=0.25}"
    assert with_argument.get_description() == "SentrySampler{rate=0.5}"


@pytest.mark.parametrize(
    ("argument", "environment", "description"),
    [
        pytest.param(None, {}, "SentrySampler{rate=1.0}", id="nothing said"),
        pytest.param("", {"SENTRY_TRACES_SAMPLE_RATE": "0.25"}, "SentrySampler{rate=0.25}", id="the environment"),
        pytest.param(" 0.5 ", {"SENTRY_TRACES_SAMPLE_RATE": "0.25"}, "SentrySampler{rate=0.5}", id="the argument"),
    ],
)
def test_entry_point(
    monkeypatch: pytest.MonkeyPatch, argument: str | None, environment: dict[str, str], description: str
) -> None:
    """OTEL_TRACES_SAMPLER=sentry goes by its argument, else by the settings."""
    for name, value in environment.items():
        monkeypatch.setenv(name, value)

    assert sampler_from_argument(argument).get_description() == description


@pytest.mark.parametrize("argument", ["2", "NaN", "half", "-1"])
def test_a_bad_argument_is_one_error_line(caplog: pytest.LogCaptureFixture, argument: str) -> None:
    """A rate that is none does not raise: OpenTelemetry's default samples instead."""
    with caplog.at_level(logging.ERROR):
        one = sampler_from_argument(argument)

    assert len(caplog.records) == 1
    assert one.should_sample(None, TRACE, "x").decision is Decision.RECORD_AND_SAMPLE
    assert one.should_sample(remote(TRACE, sampled=False), TRACE, "x").decision is Decision.DROP
    assert "cannot be used" in one.get_description()


def test_both_groups_name_it() -> None:
    """Environment and declarative configuration find it, and what they find is a sampler."""
    (factory,) = entry_points(group="opentelemetry_traces_sampler", name="sentry")
    (found,) = entry_points(group="opentelemetry_sampler", name="sentry")

    assert isinstance(factory.load()(None), Sampler)
    assert isinstance(found.load()(), Sampler)


def test_it_works_inside_a_parent_based_one() -> None:
    """YAML likes to wrap samplers; the verdict still rides along."""
    tracer = TracerProvider(sampler=ParentBased(sampler(), remote_parent_sampled=ALWAYS_ON)).get_tracer("test")
    with tracer.start_as_current_span("root") as span:
        assert carried_verdict(span.get_span_context()) is not None


def test_descriptions() -> None:
    """The log says what decides."""
    assert sampler(traces_sampler=lambda _: 1).get_description() == "SentrySampler{traces_sampler}"
    assert trace.get_current_span(None) is not None
