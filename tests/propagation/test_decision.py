"""Laws of the sampling decision."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otel_sentry.propagation.decision import at_rate, decide, dropped, valid_rate
from otel_sentry.propagation.trace import IncomingTrace, Verdict

trace_ids = st.integers(1, 2**128 - 1)
rates = st.none() | st.floats(0, 1)
numbers = st.floats(0, 1, exclude_max=True).map(str) | st.sampled_from(["", "nan", "2", "x", "1e-9"])
contexts = st.fixed_dictionaries({}, optional={"sample_rand": numbers, "sample_rate": numbers | st.just("1.0")})
callers = st.none() | st.builds(
    IncomingTrace, trace_ids, st.integers(1, 2**64 - 1), st.sampled_from([True, False, None]), contexts
)
answers = st.none() | st.floats() | st.booleans() | st.integers() | st.text() | st.decimals() | st.fractions()


@given(trace_ids, callers, rates)
def test_sampled_means_number_below_rate(trace_id: int, caller: IncomingTrace | None, rate: float | None) -> None:
    """`sampled` ⇔ `sample_rand < sample_rate` wherever a rate is known; the number is always in [0, 1)."""
    verdict = decide(trace_id=trace_id, incoming=caller, rate=rate)

    assert 0 <= verdict.sample_rand < 1
    assert verdict.sample_rate is None or verdict.sampled is (verdict.sample_rand < verdict.sample_rate)


@pytest.mark.parametrize("rate", [None, 0.0, 0.3, 0.7, 1.0])
@pytest.mark.parametrize("trace_id", [1, 2**127 + 5, 2**128 - 1])
def test_the_short_way_decides_the_same(trace_id: int, rate: float | None) -> None:
    """For a trace that begins here, on which nothing but the rate decides."""
    assert at_rate(rate, trace_id) == decide(trace_id=trace_id, incoming=None, rate=rate)


@given(trace_ids, callers, rates, answers)
def test_samplers_cannot_break_the_law(
    trace_id: int, caller: IncomingTrace | None, rate: float | None, answer: object
) -> None:
    """Whatever a sampler answers, the verdict is sound."""
    verdict = decide(trace_id=trace_id, incoming=caller, rate=rate, sampler=lambda _: answer)

    assert verdict.sample_rate is not None
    assert verdict.sampled is (verdict.sample_rand < verdict.sample_rate)
    assert not verdict.inherited


@given(trace_ids, callers, rates)
def test_a_callers_decision_rules(trace_id: int, caller: IncomingTrace | None, rate: float | None) -> None:
    """Without a sampler a caller's decision is taken over, and only then does the verdict say so."""
    verdict = decide(trace_id=trace_id, incoming=caller, rate=rate)
    said = None if caller is None else caller.sampled

    assert verdict.inherited is (said is not None)
    assert said is None or verdict.sampled is said


@given(trace_ids, callers, rates)
def test_the_same_question_has_the_same_answer(trace_id: int, caller: IncomingTrace | None, rate: float | None) -> None:
    """Nothing but the arguments decides: head, export and every process agree."""
    assert decide(trace_id=trace_id, incoming=caller, rate=rate) == decide(
        trace_id=trace_id, incoming=caller, rate=rate
    )


@given(trace_ids, st.floats(0, 1), st.floats(0, 1))
def test_a_higher_rate_keeps_what_a_lower_one_keeps(trace_id: int, one: float, other: float) -> None:
    """Services with different rates keep nested sets of traces."""
    low, high = sorted((one, other))

    assert (
        not decide(trace_id=trace_id, incoming=None, rate=low).sampled
        or decide(trace_id=trace_id, incoming=None, rate=high).sampled
    )


@given(trace_ids)
def test_the_ends_of_the_scale(trace_id: int) -> None:
    """Rate 0 keeps nothing; rate 1 and no rate keep everything."""
    assert not decide(trace_id=trace_id, incoming=None, rate=0.0).sampled
    assert decide(trace_id=trace_id, incoming=None, rate=1.0).sampled
    assert decide(trace_id=trace_id, incoming=None, rate=None).sampled


def test_the_rate_is_honest() -> None:
    """About a rate's share of traces is kept."""
    kept = sum(decide(trace_id=1 + 7919 * number, incoming=None, rate=0.2).sampled for number in range(5000))

    assert 900 <= kept <= 1100


def test_a_raising_sampler_drops_the_trace() -> None:
    """An error in the application's function drops the trace and is told, without its text."""

    def sampler(_: Any) -> float:
        raise KeyError("secret")

    verdict = decide(trace_id=1, incoming=None, rate=1.0, sampler=sampler)

    assert (verdict.sampled, verdict.sample_rate) == (False, 0.0)
    assert verdict.failure == "traces_sampler raised KeyError"


def test_a_raising_context_drops_the_trace() -> None:
    """So does an error while its argument is built."""

    def context() -> dict[str, Any]:
        raise ValueError

    verdict = decide(trace_id=1, incoming=None, rate=1.0, sampler=lambda _: 1.0, sampling_context=context)

    assert not verdict.sampled


def test_the_sampler_gets_its_context() -> None:
    """A sampler is given what was built for it, and an empty mapping if nothing was."""
    seen: list[Any] = []
    sampler = seen.append

    decide(trace_id=1, incoming=None, rate=None, sampler=sampler, sampling_context=lambda: {"name": "x"})
    decide(trace_id=1, incoming=None, rate=None, sampler=sampler)

    assert seen == [{"name": "x"}, {}]


def test_contradicting_callers_are_followed_without_their_rate() -> None:
    """A caller that says sampled with rate 0 is believed, its rate is not."""
    caller = IncomingTrace(1, 2, sampled=True, dsc={"sample_rate": "0.0"})

    assert decide(trace_id=1, incoming=caller, rate=0.0) == Verdict(
        sampled=True,
        sample_rate=None,
        sample_rand=decide(trace_id=1, incoming=None, rate=1.0).sample_rand,
        inherited=True,
    )


@pytest.mark.parametrize(
    ("answer", "rate"),
    [
        pytest.param(Decimal("0.25"), 0.25, id="decimal"),
        pytest.param(Fraction(1, 4), 0.25, id="fraction"),
        pytest.param(Decimal("NaN"), None, id="decimal NaN"),
        pytest.param(Decimal("sNaN"), None, id="signalling NaN"),
        pytest.param(float("inf"), None, id="infinity"),
        pytest.param(10**400, None, id="too big for a float"),
        pytest.param(0.5j, None, id="complex"),
        pytest.param("0.5", None, id="text"),
        pytest.param(False, 0.0, id="False"),
    ],
)
def test_rates(answer: object, rate: float | None) -> None:
    """Real numbers from 0 to 1 are rates."""
    assert valid_rate(answer) == rate


def test_a_dropped_trace_keeps_its_number() -> None:
    """Whatever the rate was, it is now 0, so that the law still holds."""
    taken = decide(trace_id=7, incoming=None, rate=1.0)
    verdict = dropped(taken)

    assert (verdict.sampled, verdict.sample_rate) == (False, 0.0)
    assert verdict.sample_rand == taken.sample_rand
