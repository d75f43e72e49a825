"""Each header has one writer, whatever the composite."""

from __future__ import annotations

from opentelemetry.baggage.propagation import W3CBaggagePropagator
from opentelemetry.propagators.composite import CompositePropagator
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from sentry_sdk.integrations.opentelemetry.propagator import SentryPropagator as NativePropagator

from otel_sentry.otel.propagator import SentryPropagator
from otel_sentry.otel.propagator_composition import composed, names_sentry


def test_ours_takes_the_place_of_others() -> None:
    """Baggage, sentry-sdk's and earlier ones of ours go; the rest stays in its order, ours comes last."""
    w3c, ours = TraceContextTextMapPropagator(), SentryPropagator()
    nested = CompositePropagator([W3CBaggagePropagator(), CompositePropagator([w3c])])

    assert composed([SentryPropagator(), NativePropagator(), nested], ours) == [w3c, ours]


def test_one_writer_per_header() -> None:
    """No two propagators of the composite write the same header."""
    result = composed([TraceContextTextMapPropagator(), W3CBaggagePropagator()], SentryPropagator())
    fields = [field for one in result for field in one.fields]

    assert sorted(fields) == ["baggage", "sentry-trace", "traceparent", "tracestate"]


def test_names_sentry() -> None:
    """Ours is found inside composites; sentry-sdk's is not ours."""
    assert names_sentry([CompositePropagator([SentryPropagator()])])
    assert not names_sentry([NativePropagator(), W3CBaggagePropagator()])
