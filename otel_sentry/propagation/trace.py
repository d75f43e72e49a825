"""What a trace carries through this process besides OpenTelemetry's own context. Pure; imports almost nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple, cast

from opentelemetry.context import Context, create_key, get_current, get_value, set_value

_INCOMING_KEY = create_key("otel_sentry.incoming_trace")
_UNJOINED_KEY = create_key("otel_sentry.unjoined_trace")
KEYS_OF_CALLERS = frozenset({_INCOMING_KEY, _UNJOINED_KEY})
"""A context with none of these knows of no caller; one look for both, because each root asks."""


class IncomingTrace(NamedTuple):
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


class Verdict:
    """Whether Sentry keeps a trace. `sampled` ⇔ `sample_rand < sample_rate` wherever a rate is known.

    A value: nothing of it changes once it is made.

    Attributes:
        sampled: the decision.
        sample_rate: rate it was taken with, 0-1; None when whoever decided did not say a rate that fits the decision.
        inherited: the caller decided, so that its dynamic sampling context stays as it came.
        failure: why `traces_sampler` could not be followed; the trace is dropped then.
    """

    __slots__ = ("_sample_rand", "failure", "inherited", "sample_rate", "sampled")

    def __init__(
        self,
        sampled: bool,  # noqa: FBT001  # the value itself
        sample_rate: float | None,
        sample_rand: float | Callable[[], float],
        *,
        inherited: bool = False,
        failure: str | None = None,
    ) -> None:
        self.sampled = sampled
        self.sample_rate = sample_rate
        self.inherited = inherited
        self.failure = failure
        self._sample_rand = sample_rand

    @property
    def sample_rand(self) -> float:
        """Number in [0, 1) with six decimals; worked out when it is first asked for, because many traces need none."""
        number = self._sample_rand
        if callable(number):
            number = self._sample_rand = number()
        return number

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Verdict) and self._content() == other._content()

    def __hash__(self) -> int:
        return hash(self._content())

    def __repr__(self) -> str:
        parts = zip(("sampled", "sample_rate", "sample_rand", "inherited", "failure"), self._content(), strict=True)
        return f"Verdict({', '.join(f'{name}={value!r}' for name, value in parts)})"

    def _content(self) -> tuple[object, ...]:
        return self.sampled, self.sample_rate, self.sample_rand, self.inherited, self.failure


class UnjoinedTrace(NamedTuple):
    """A caller's trace that this process does not continue; the new local root gets a link to it instead.

    Attributes:
        trace_id: 128-bit id, never 0.
        span_id: 64-bit id of the caller's span, never 0.
        sampled: the caller's decision; None if it did not say.
    """

    trace_id: int
    span_id: int
    sampled: bool | None


def incoming_trace(context: Context | None) -> IncomingTrace | None:
    """The trace that was extracted into `context` (the current one if None)."""
    found = get_current() if context is None else context  # `get_value` without its call: each root asks
    return cast("IncomingTrace | None", found.get(_INCOMING_KEY))


def incoming_of(trace_id: int, context: Context | None) -> IncomingTrace | None:
    """What the caller said of the trace `trace_id`; None when `context` carries another trace's or none."""
    incoming = incoming_trace(context)
    return incoming if incoming is not None and incoming.trace_id == trace_id else None


def with_incoming_trace(incoming: IncomingTrace, context: Context | None) -> Context:
    """A copy of `context` that carries `incoming`."""
    return set_value(_INCOMING_KEY, incoming, context)


def unjoined_trace(context: Context | None) -> UnjoinedTrace | None:
    """The trace that a local root started in `context` must link to, because it was not continued."""
    found = get_current() if context is None else context
    return cast("UnjoinedTrace | None", found.get(_UNJOINED_KEY))


def with_unjoined_trace(unjoined: UnjoinedTrace, context: Context | None) -> Context:
    """A copy of `context` in which a local root links to `unjoined`."""
    return set_value(_UNJOINED_KEY, unjoined, context)


def without_caller(context: Context) -> Context:
    """A copy of `context` that knows of no caller: what an earlier extraction left is void."""
    for key in (_INCOMING_KEY, _UNJOINED_KEY):
        if get_value(key, context) is not None:
            context = set_value(key, None, context)
    return context
