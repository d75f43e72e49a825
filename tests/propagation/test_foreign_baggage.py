"""Other people's baggage in OpenTelemetry's Context."""

from __future__ import annotations

from opentelemetry import baggage as otel
from opentelemetry.context import Context

from otel_sentry.propagation.baggage import Member
from otel_sentry.propagation.foreign_baggage import members_in, with_members, without_sentry_members


def test_members_are_opentelemetry_baggage() -> None:
    """The API sees plain values; what goes out again has its properties."""
    context = with_members([Member("a", "1", "p=2"), Member("b", "3")], Context())

    assert dict(otel.get_all(context)) == {"a": "1", "b": "3"}
    assert members_in(context) == [Member("a", "1", "p=2"), Member("b", "3")]


def test_a_changed_value_has_no_properties() -> None:
    """Properties described the old value."""
    context = otel.set_baggage("a", "2", with_members([Member("a", "1", "p=2")], Context()))

    assert members_in(context) == [Member("a", "2")]


def test_members_of_two_extractions_are_kept() -> None:
    """A second extraction adds to the first."""
    context = with_members([Member("a", "1", "p")], Context())
    context = with_members([Member("b", "2", "q")], context)

    assert members_in(context) == [Member("a", "1", "p"), Member("b", "2", "q")]


def test_sentrys_members_are_taken_out() -> None:
    """What another propagator left of Sentry's goes, the rest stays."""
    context = otel.set_baggage("sentry-trace_id", "1", otel.set_baggage("a", "2", Context()))

    assert dict(otel.get_all(without_sentry_members(context))) == {"a": "2"}


def test_values_of_any_type_become_text() -> None:
    """The API takes any object; a header has text."""
    assert members_in(otel.set_baggage("a", 1, Context())) == [Member("a", "1")]


def test_no_baggage() -> None:
    """Nothing is no members, and an unchanged context."""
    context = Context()

    assert members_in(context) == []
    assert with_members([], context) is context
    assert without_sentry_members(context) is context
