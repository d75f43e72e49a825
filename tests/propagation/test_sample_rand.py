"""The number that decides a trace."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from sentry_sdk.tracing_utils import _generate_sample_rand

from otel_sentry.propagation.sample_numbers import sample_rand_text
from otel_sentry.propagation.sample_rand import derived_sample_rand

trace_ids = st.integers(1, 2**128 - 1)
rates = st.floats(0, 1)


@given(trace_ids)
def test_it_is_sentry_pythons(trace_id: int) -> None:
    """A process that runs sentry-sdk derives the same number."""
    assert derived_sample_rand(trace_id) == _generate_sample_rand(f"{trace_id:032x}")


@given(trace_ids, st.integers(0, 999_999), st.integers(1, 1_000_000))
def test_it_is_sentry_pythons_in_intervals(trace_id: int, low: int, high: int) -> None:
    """The same in the interval that a caller's decision and rate leave, unless sentry-sdk's own leaves the interval."""
    interval = (min(low, high - 1) / 1e6, high / 1e6)
    peer = _generate_sample_rand(f"{trace_id:032x}", interval=interval)

    assert derived_sample_rand(trace_id, *interval) == max(peer, interval[0])


@given(trace_ids, rates, rates)
def test_it_lies_in_the_interval(trace_id: int, one: float, other: float) -> None:
    """The number lies in the interval and has six decimals, or there is none."""
    low, high = sorted((one, other))
    number = derived_sample_rand(trace_id, low, high)

    assert number is None or low <= number < high
    assert number is None or float(sample_rand_text(number)) == number == round(number, 6)


@given(trace_ids, rates)
def test_only_hair_thin_intervals_have_none(trace_id: int, rate: float) -> None:
    """A rate that leaves a millionth leaves a number."""
    assert (derived_sample_rand(trace_id, 0.0, rate) is None) is (rate == 0)
    assert derived_sample_rand(trace_id, rate, 1.0) is not None or rate > 0.999999


def test_a_bound_between_two_steps() -> None:
    """The step below the lower bound is out, the next one in, whatever the trace id."""
    assert {derived_sample_rand(trace_id, 0.0000015, 0.0000025) for trace_id in range(1, 50)} == {0.000002}
