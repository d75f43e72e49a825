"""What a trace carries through this process besides OpenTelemetry's own context. Pure; imports almost nothing (see the propagator)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

from opentelemetry.context import Context, create_key, get_value, set_value

_INCOMING_KEY = create_key("otel_sentry.incoming_trace")


@dataclass(frozen=True, slots=True)
class IncomingTrace:
    """What `sentry-trace` and the `sentry-` members of `baggage` said.

    Attributes:
        trace_id: 128-bit id, never 0.
        span_id: 64-bit id of the caller's span, never 0.
        sampled: the caller's decision; None when it was deferred.
        dsc: dynamic sampling context without prefix, frozen; empty when `sentry-trace` came without Sentry baggage.
    """

    trace_id: int
    span_id: int
    sampled: bool | None
    dsc: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether Sentry keeps a trace. `sampled` ⇔ `sample_rand < sample_rate` wherever a rate is known.

    Attributes:
        sampled: the decision.
        sample_rate: rate it was taken with, 0–1; None when a caller decided and did not say its rate.
        sample_rand: number in [0, 1) with six decimals.
    """

    sampled: bool
    sample_rate: float | None
    sample_rand: float


def incoming_trace(context: Context | None) -> IncomingTrace | None:
    """The trace that was extracted into `context` (the current one if None)."""
    return cast("IncomingTrace | None", get_value(_INCOMING_KEY, context))


def with_incoming_trace(incoming: IncomingTrace, context: Context | None) -> Context:
    """A copy of `context` that carries `incoming`."""
    return set_value(_INCOMING_KEY, incoming, context)
