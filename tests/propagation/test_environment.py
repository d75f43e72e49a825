"""Trace headers in environment variables."""

from __future__ import annotations

from otel_sentry.propagation.environment import carrier_from_environment, environment_from_carrier


def test_what_a_parent_writes_a_child_reads() -> None:
    """Reading undoes writing; other headers are not handed on."""
    carrier = {"sentry-trace": "a", "baggage": "b", "traceparent": "c"}
    variables = environment_from_carrier(carrier)

    assert variables == {"SENTRY_TRACE": "a", "SENTRY_BAGGAGE": "b"}
    assert carrier_from_environment(variables) == {"sentry-trace": "a", "baggage": "b"}


def test_nothing_is_written_without_a_trace() -> None:
    """An empty carrier leaves no variables."""
    assert environment_from_carrier({}) == {}
