"""Which trace goes on when headers agree, disagree, or are refused."""

from __future__ import annotations

import pytest
from opentelemetry.context import Context
from opentelemetry.trace import NonRecordingSpan, SpanContext, TraceFlags, get_current_span, set_span_in_context

from otel_sentry.propagation.extraction import implied_sentry_trace, joined, link_context
from otel_sentry.propagation.sentry_trace import SentryTrace
from otel_sentry.propagation.trace import (
    IncomingTrace,
    UnjoinedTrace,
    incoming_trace,
    unjoined_trace,
    with_incoming_trace,
    with_unjoined_trace,
)

SENTRY = SentryTrace(0xA, 0xB, sampled=False)
DSC = {"org_id": "1"}


def w3c(trace_id: int, *, sampled: bool = True, remote: bool = True) -> Context:
    """A context into which `traceparent` has been extracted."""
    flags = TraceFlags(3 if sampled else 2)
    return set_span_in_context(
        NonRecordingSpan(SpanContext(trace_id, 0xC, is_remote=remote, trace_flags=flags)), Context()
    )


def join(
    context: Context,
    *,
    own_org: str | None = None,
    strict: bool = False,
    has_traceparent: bool = True,
    only_backend: bool = False,
    header: SentryTrace = SENTRY,
    dsc: dict[str, str] = DSC,
) -> Context:
    """`joined` with the usual arguments."""
    return joined(
        context,
        header,
        dsc,
        own_org=own_org,
        strict=strict,
        has_traceparent=has_traceparent,
        only_backend=only_backend,
    )


def parent(context: Context) -> tuple[int, int, bool, bool]:
    """Trace id, span id, sampled, remote of the parent of what starts next."""
    here = get_current_span(context).get_span_context()
    return here.trace_id, here.span_id, bool(here.trace_flags & 1), here.is_remote


@pytest.mark.parametrize("sampled", [True, False, None])
def test_sentry_trace_alone_is_sampled_for_opentelemetry(sampled: bool | None) -> None:
    """Whatever Sentry decided, other backends keep their trace; Sentry's decision stays beside it."""
    context = join(Context(), header=SentryTrace(0xA, 0xB, sampled), has_traceparent=False)

    assert parent(context) == (0xA, 0xB, True, True)
    assert incoming_trace(context) == IncomingTrace(0xA, 0xB, sampled, DSC)
    assert unjoined_trace(context) is None


@pytest.mark.parametrize("sampled", [True, False])
def test_one_trace_twice(sampled: bool) -> None:
    """Of one trace `traceparent` rules parent and flag, `sentry-trace` Sentry's decision."""
    context = join(w3c(0xA, sampled=sampled))

    assert parent(context) == (0xA, 0xC, sampled, True)
    assert incoming_trace(context) == IncomingTrace(0xA, 0xB, sampled=False, dsc=DSC)


def test_two_traces_with_other_backends() -> None:
    """Of two traces `traceparent`'s goes on where other backends read it; Sentry's is linked."""
    context = join(w3c(0xD))

    assert parent(context)[:2] == (0xD, 0xC)
    assert incoming_trace(context) is None
    assert unjoined_trace(context) == UnjoinedTrace(0xA, 0xB, sampled=False)


@pytest.mark.parametrize("sampled", [True, False])
def test_two_traces_with_sentry_alone(sampled: bool) -> None:
    """Of two traces Sentry's goes on where nobody else reads spans; the other one is linked."""
    context = join(w3c(0xD, sampled=sampled), only_backend=True)

    assert parent(context) == (0xA, 0xB, True, True)
    assert incoming_trace(context) == IncomingTrace(0xA, 0xB, sampled=False, dsc=DSC)
    assert unjoined_trace(context) == UnjoinedTrace(0xD, 0xC, sampled)


@pytest.mark.parametrize(
    ("context", "has_traceparent"),
    [
        pytest.param(w3c(0xD, remote=False), True, id="a local span"),
        pytest.param(w3c(0xD), False, id="a remote span of an earlier carrier"),
    ],
)
def test_spans_that_are_not_this_callers(context: Context, has_traceparent: bool) -> None:
    """What was in the context before is replaced, and not linked."""
    found = join(context, has_traceparent=has_traceparent)

    assert parent(found)[:2] == (0xA, 0xB)
    assert unjoined_trace(found) is None


@pytest.mark.parametrize(
    ("context", "trace_id"),
    [
        pytest.param(Context(), 0, id="sentry-trace alone: a new trace"),
        pytest.param(w3c(0xA), 0, id="traceparent of the same trace: a new trace too"),
        pytest.param(w3c(0xD), 0xD, id="traceparent of another trace goes on"),
    ],
)
@pytest.mark.parametrize("only_backend", [True, False])
def test_refused(context: Context, trace_id: int, only_backend: bool) -> None:
    """Another organisation's trace is refused and remembered for a link."""
    found = join(context, own_org="2", only_backend=only_backend)

    assert parent(found)[0] == trace_id
    assert incoming_trace(found) is None
    assert unjoined_trace(found) == UnjoinedTrace(0xA, 0xB, sampled=False)


def test_strict_refuses_the_unknown() -> None:
    """With strict continuation a caller without organisation is refused."""
    found = join(Context(), own_org="2", strict=True, dsc={})

    assert incoming_trace(found) is None
    assert unjoined_trace(found) is not None


def test_an_earlier_caller_is_forgotten() -> None:
    """A context that held another caller holds only the new one afterwards."""
    old = with_unjoined_trace(UnjoinedTrace(1, 2, None), Context())
    old = with_incoming_trace(IncomingTrace(3, 4, None, {}), old)

    joined_now = join(old)
    refused_now = join(old, own_org="2")

    assert unjoined_trace(joined_now) is None
    assert incoming_trace(refused_now) is None


@pytest.mark.parametrize(
    ("context", "dsc", "expected"),
    [
        pytest.param(w3c(0xA), {"trace_id": f"{0xA:032x}", "sampled": "false"}, (0xA, 0xC, False), id="dropped"),
        pytest.param(w3c(0xA), {"trace_id": f"{0xA:032x}", "sampled": "true"}, (0xA, 0xC, True), id="kept"),
        pytest.param(w3c(0xA), {"trace_id": f"{0xA:032x}"}, (0xA, 0xC, None), id="deferred"),
        pytest.param(w3c(0xA), {"trace_id": f"{0xD:032x}", "sampled": "true"}, None, id="of another trace"),
        pytest.param(w3c(0xA), {"sampled": "true"}, None, id="of no trace"),
        pytest.param(w3c(0xA, remote=False), {"trace_id": f"{0xA:032x}"}, None, id="of a local span"),
        pytest.param(Context(), {"trace_id": f"{0:032x}"}, None, id="no traceparent"),
    ],
)
def test_a_hop_that_knows_w3c_only(context: Context, dsc: dict[str, str], expected: object) -> None:
    """Baggage of the very trace that `traceparent` names carries the decision over such a hop."""
    assert implied_sentry_trace(context, dsc) == expected


@pytest.mark.parametrize(("sampled", "flag"), [(True, 1), (False, 0), (None, 0)])
def test_links_say_what_the_caller_decided(sampled: bool | None, flag: int) -> None:
    """A link points to the refused span, sampled if that was."""
    found = link_context(UnjoinedTrace(0xA, 0xB, sampled))

    assert (found.trace_id, found.span_id, found.is_remote, found.trace_flags & 1) == (0xA, 0xB, True, flag)
