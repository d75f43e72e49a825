"""Dynamic sampling contexts: frozen, lawful, and readable by Relay."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otel_sentry.propagation.decision import decide
from otel_sentry.propagation.dsc import DscSource, continued_dsc, envelope_dsc, head_dsc, replay_id_of, with_replay
from otel_sentry.propagation.trace import IncomingTrace, Verdict

TRACE = 0x771A43A4192642F0B136D5159A501700
KEY = "49d0f7386ad645858ae85020e393bef3"

trace_ids = st.integers(1, 2**128 - 1)
numbers = st.floats(0, 1, exclude_max=True).map(str) | st.sampled_from(["", "nan", "2", "x"])
contexts = st.fixed_dictionaries(
    {}, optional={"sample_rand": numbers, "sample_rate": numbers, "sampled": st.sampled_from(["true", "false", "?"])}
)
callers = st.builds(IncomingTrace, trace_ids, st.integers(1, 2**64 - 1), st.sampled_from([True, False, None]), contexts)


def lawful(dsc: dict[str, str], sampled: bool) -> bool:
    """Whether what a context says of the decision agrees with itself and with `sentry-trace`."""
    flag = dsc.get("sampled", "true" if sampled else "false")
    if flag != ("true" if sampled else "false"):
        return False
    return "sample_rate" not in dsc or (float(dsc["sample_rand"]) < float(dsc["sample_rate"])) is sampled


@given(callers, st.none() | st.floats(0, 1))
def test_every_continued_context_is_lawful(caller: IncomingTrace, rate: float | None) -> None:
    """`sampled` ⇔ `sample_rand < sample_rate`, and both agree with `sentry-trace`, whatever came in."""
    verdict = decide(trace_id=caller.trace_id, incoming=caller, rate=rate)

    assert lawful(dict(continued_dsc(caller, verdict)), verdict.sampled)


@given(trace_ids, st.none() | st.floats(0, 1))
def test_every_head_context_is_lawful(trace_id: int, rate: float | None) -> None:
    """The same at the head of a trace."""
    verdict = decide(trace_id=trace_id, incoming=None, rate=rate)

    assert lawful(head_dsc(DscSource(), trace_id=trace_id, verdict=verdict), verdict.sampled)


@given(callers, st.none() | st.floats(0, 1), st.none() | st.floats(0, 1))
def test_the_next_hop_agrees(caller: IncomingTrace, rate: float | None, next_rate: float | None) -> None:
    """What goes out is taken over by the next process as it is, at any rate of its own."""
    verdict = decide(trace_id=caller.trace_id, incoming=caller, rate=rate)
    sent = continued_dsc(caller, verdict)
    arrived = IncomingTrace(caller.trace_id, 7, verdict.sampled, sent)
    next_verdict = decide(trace_id=caller.trace_id, incoming=arrived, rate=next_rate)

    assert next_verdict.sampled is verdict.sampled
    assert continued_dsc(arrived, next_verdict) == sent


def test_a_failed_sampler_says_rate_zero() -> None:
    """The context of a trace that a broken sampler dropped is lawful."""
    verdict = decide(trace_id=TRACE, incoming=None, rate=1.0, sampler=lambda _: "?")

    assert head_dsc(DscSource(), trace_id=TRACE, verdict=verdict)["sample_rate"] == "0.0"


def test_unknown_rates_are_not_told() -> None:
    """A decision whose rate nobody knows is told without one."""
    verdict = Verdict(sampled=False, sample_rate=None, sample_rand=0.25)

    assert head_dsc(DscSource(), trace_id=TRACE, verdict=verdict) == {
        "trace_id": f"{TRACE:032x}",
        "sampled": "false",
        "sample_rand": "0.250000",
    }


@pytest.mark.parametrize(
    ("dsc", "header"),
    [
        pytest.param({}, {"public_key": KEY}, id="empty"),
        pytest.param({"trace_id": "1" * 32}, {"public_key": KEY}, id="another trace's id"),
        pytest.param({"public_key": "f" * 32}, {"public_key": "f" * 32}, id="the caller's project"),
        pytest.param({"public_key": "x"}, {"public_key": KEY}, id="a key that Relay cannot read"),
        pytest.param({"public_key": ""}, {"public_key": KEY}, id="an empty key"),
        pytest.param({"sample_rate": "1e-5"}, {"public_key": KEY, "sample_rate": "1e-5"}, id="small rate"),
        pytest.param({"sample_rate": "nan"}, {"public_key": KEY}, id="rate NaN"),
        pytest.param({"sample_rate": "-1"}, {"public_key": KEY}, id="negative rate"),
        pytest.param({"sample_rate": ".5"}, {"public_key": KEY}, id="rate that is no JSON number"),
        pytest.param({"replay_id": "a" * 32}, {"public_key": KEY, "replay_id": "a" * 32}, id="replay"),
        pytest.param({"replay_id": "x"}, {"public_key": KEY}, id="replay that is none"),
        pytest.param({"user": "x"}, {"public_key": KEY}, id="user that is no object"),
        pytest.param(
            {"transaction": "é\ud800"}, {"public_key": KEY, "transaction": "é\ufffd"}, id="half of a surrogate pair"
        ),
        pytest.param(
            {"segment_name": "a"}, {"public_key": KEY, "segment_name": "a"}, id="the newer name of transaction"
        ),
        pytest.param(
            {"segment_name": "a", "transaction": "b"}, {"public_key": KEY, "transaction": "b"}, id="both names at once"
        ),
        pytest.param(
            {"sampled": "?", "x": "y"}, {"public_key": KEY, "sampled": "?", "x": "y"}, id="what Relay ignores"
        ),
    ],
)
def test_envelope_header(dsc: dict[str, str], header: dict[str, str]) -> None:
    """An envelope's header has what Relay insists on and nothing that it would refuse."""
    assert envelope_dsc(dsc, trace_id=TRACE, public_key=KEY) == {"trace_id": f"{TRACE:032x}", **header}


def test_short_keys_of_local_receivers_are_kept() -> None:
    """Where our own key is no real one, the caller's need not be."""
    assert envelope_dsc({"public_key": "a"}, trace_id=TRACE, public_key="b")["public_key"] == "a"


@pytest.mark.parametrize(
    ("dsc", "replay_id", "expected"),
    [
        pytest.param({"a": "b"}, "r", {"a": "b", "replay_id": "r"}, id="begun later"),
        pytest.param({"replay_id": "q"}, "r", {"replay_id": "q"}, id="known"),
        pytest.param({"a": "b"}, None, {"a": "b"}, id="none"),
    ],
)
def test_a_replay_joins_a_context(dsc: dict[str, str], replay_id: str | None, expected: dict[str, str]) -> None:
    """What is known stays."""
    assert with_replay(dsc, replay_id) == expected


@pytest.mark.parametrize(
    ("dsc", "replay"),
    [
        pytest.param({"replay_id": "0" * 31 + "a"}, "0" * 31 + "a", id="known"),
        pytest.param({"replay_id": "../../etc"}, None, id="malformed"),
        pytest.param({}, None, id="none"),
    ],
)
def test_replay_id(dsc: dict[str, str], replay: str | None) -> None:
    """Only an id is taken for one."""
    assert replay_id_of(dsc) == replay
