"""What a Context carries of the caller."""

from __future__ import annotations

from opentelemetry.context import Context

from otel_sentry.propagation.trace import (
    IncomingTrace,
    UnjoinedTrace,
    Verdict,
    incoming_of,
    incoming_trace,
    unjoined_trace,
    with_incoming_trace,
    with_unjoined_trace,
    without_caller,
)

CALLER = IncomingTrace(0xA, 0xB, sampled=True, dsc={})


def test_the_caller_is_found_in_its_context_only() -> None:
    """A caller is in the context it was put into."""
    context = with_incoming_trace(CALLER, Context())

    assert incoming_trace(context) is CALLER
    assert incoming_trace(Context()) is None


def test_a_caller_speaks_of_its_own_trace() -> None:
    """A root that was started anew inside a request has no caller."""
    context = with_incoming_trace(CALLER, Context())

    assert incoming_of(0xA, context) is CALLER
    assert incoming_of(0xC, context) is None
    assert incoming_of(0xA, Context()) is None


def test_callers_can_be_forgotten() -> None:
    """Nothing of a caller is left; a context without one is not copied."""
    empty = Context()
    context = with_unjoined_trace(UnjoinedTrace(1, 2, None), with_incoming_trace(CALLER, empty))
    context = without_caller(context)

    assert incoming_trace(context) is None
    assert unjoined_trace(context) is None
    assert without_caller(empty) is empty


def test_a_verdict_is_a_value() -> None:
    """Verdicts compare, hash and print by content, whether their number was given or worked out."""
    given = Verdict(sampled=True, sample_rate=1.0, sample_rand=0.5)
    asked: list[int] = []

    def number() -> float:
        asked.append(1)
        return 0.5

    lazy = Verdict(sampled=True, sample_rate=1.0, sample_rand=number)

    assert asked == []
    assert lazy == given
    assert hash(lazy) == hash(given)
    assert lazy != Verdict(sampled=False, sample_rate=1.0, sample_rand=0.5)
    assert lazy != "a verdict"
    assert repr(lazy) == "Verdict(sampled=True, sample_rate=1.0, sample_rand=0.5, inherited=False, failure=None)"
    assert asked == [1]
