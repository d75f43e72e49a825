"""Whether Sentry keeps a trace. Pure: the same answer in the head sampler, at export and in every process.

Order (protocol page 6.4): `traces_sampler`, else the caller's decision, else the rate.
Always `sampled` ⇔ `sample_rand < sample_rate`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from decimal import Decimal
from functools import partial
from numbers import Real
from typing import Any

from otel_sentry.propagation.sample_numbers import parsed_sample_rand, parsed_sample_rate
from otel_sentry.propagation.sample_rand import derived_sample_rand
from otel_sentry.propagation.trace import IncomingTrace, Verdict

SampleRand = Callable[[], float]
"""Gives the number that decides a trace; deriving it costs more than all the rest."""

SamplingContext = Callable[[], Mapping[str, Any]]
"""Builds what `traces_sampler` is given; called only if there is one."""


def decide(
    *,
    trace_id: int,
    incoming: IncomingTrace | None,
    rate: float | None,
    sampler: Callable[..., Any] | None = None,
    sampling_context: SamplingContext | None = None,
) -> Verdict:
    """Decide for a whole trace.

    Args:
        trace_id: 128-bit id; the number that decides is derived from it unless `incoming` brings one.
        incoming: what the caller said of this very trace; None at the head of a trace.
        rate: share of traces to keep, 0-1; None means all.
        sampler: sentry-sdk's `traces_sampler`; may raise or answer anything, the trace is dropped then.
        sampling_context: builds the sampler's argument.
    """
    sample_rand = partial(_sample_rand, trace_id, incoming)
    if sampler is not None:
        return _sampled_by(sampler, sampling_context, sample_rand)
    if incoming is not None and incoming.sampled is not None:
        return _inherited(incoming, incoming.sampled, sample_rand)
    return _by_rate(1.0 if rate is None else rate, sample_rand)


def at_rate(rate: float | None, trace_id: int) -> Verdict:
    """`decide` for a trace that begins here and that nothing but the rate decides on; in few calls, for each root asks.

    Args:
        rate: share of traces to keep, 0-1; None means all.
        trace_id: 128-bit id.
    """
    sample_rand = partial(_sample_rand, trace_id, None)
    return Verdict(True, 1.0, sample_rand) if rate is None else _by_rate(rate, sample_rand)  # noqa: FBT003  # `sampled`


def dropped(verdict: Verdict) -> Verdict:
    """The same trace, not kept whatever the rate."""
    return Verdict(sampled=False, sample_rate=0.0, sample_rand=lambda: verdict.sample_rand)


def valid_rate(answer: object) -> float | None:
    """A rate from 0 to 1 out of a sampler's answer (`True` is 1, `False` is 0); None when it is none."""
    if not isinstance(answer, (Real, Decimal)):
        return None
    try:
        rate = float(answer)
    except (ValueError, OverflowError):
        return None
    return rate if not math.isnan(rate) and 0.0 <= rate <= 1.0 else None


def _sample_rand(trace_id: int, incoming: IncomingTrace | None) -> float:
    """The caller's number; else one that fits its decision and rate, derived from the trace id."""
    if incoming is not None:
        said = parsed_sample_rand(incoming.dsc.get("sample_rand"))
        if said is not None:
            return said
        rate = parsed_sample_rate(incoming.dsc.get("sample_rate"))
        if rate is not None and incoming.sampled is not None:
            low, high = (0.0, rate) if incoming.sampled else (rate, 1.0)
            fitting = derived_sample_rand(trace_id, low, high)
            if fitting is not None:
                return fitting
    return derived_sample_rand(trace_id) or 0.0


def _by_rate(rate: float, sample_rand: SampleRand) -> Verdict:
    if rate in {0.0, 1.0}:
        return Verdict(rate == 1.0, rate, sample_rand)
    number = sample_rand()
    return Verdict(sampled=number < rate, sample_rate=rate, sample_rand=number)


def _inherited(incoming: IncomingTrace, sampled: bool, sample_rand: SampleRand) -> Verdict:  # noqa: FBT001  # narrowed
    rate = parsed_sample_rate(incoming.dsc.get("sample_rate"))
    if rate is not None and (sample_rand() < rate) is not sampled:
        rate = None
    return Verdict(sampled=sampled, sample_rate=rate, sample_rand=sample_rand, inherited=True)


def _sampled_by(
    sampler: Callable[..., Any], sampling_context: SamplingContext | None, sample_rand: SampleRand
) -> Verdict:
    try:
        answer = sampler(sampling_context() if sampling_context is not None else {})
    except Exception as exc:  # noqa: BLE001  # the application's own function; telemetry never raises into it
        failure = f"traces_sampler raised {type(exc).__name__}"
        return Verdict(sampled=False, sample_rate=0.0, sample_rand=sample_rand, failure=failure)
    rate = valid_rate(answer)
    if rate is None:
        failure = f"traces_sampler gave a {type(answer).__name__} that is no rate from 0 to 1"
        return Verdict(sampled=False, sample_rate=0.0, sample_rand=sample_rand, failure=failure)
    return _by_rate(rate, sample_rand)
