"""What waits of a span says what the span says, and only what is simple is pressed."""

from __future__ import annotations

import pytest
from hypothesis import given
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, SpanLimits, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import Link, SpanContext, SpanKind, Status, StatusCode

from otel_sentry.convert.encode import SpanEncoder
from otel_sentry.otel.pressed_span import pressed, unpressed
from tests.convert.strategies import spans

NONE = Resource.get_empty()


def ended(limits: SpanLimits | None = None, **options: object) -> ReadableSpan:
    """A span as the SDK hands it out."""
    exporter = InMemorySpanExporter()
    provider = TracerProvider(resource=NONE, span_limits=limits, shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    attributes = {"a": 1, "b": "text", "c": (1, 2)}
    with provider.get_tracer("app", "1.0").start_as_current_span(
        "work", kind=SpanKind.CLIENT, attributes=attributes, **options
    ) as span:
        span.set_status(Status(StatusCode.ERROR, "odd"))
    (found,) = exporter.get_finished_spans()
    return found


def test_everything_is_there_again() -> None:
    """Whatever a reader asks for."""
    span = ended()
    kept = pressed(span)
    again = unpressed(kept)

    assert type(kept) is tuple
    assert again.to_json() == span.to_json()
    assert dict(again.attributes or {}) == dict(span.attributes or {})
    assert again.instrumentation_scope == span.instrumentation_scope
    assert (again.dropped_attributes, again.dropped_events, again.dropped_links) == (0, 0, 0)
    assert (tuple(again.events), tuple(again.links)) == ((), ())


def test_what_has_more_to_say_stays_as_it_is() -> None:
    """Links, events, losses, and spans of somebody else's making."""

    class Foreign(ReadableSpan):
        pass

    link = Link(SpanContext(1, 2, is_remote=True))
    plain = ReadableSpan("s", SpanContext(1, 3, is_remote=False), resource=NONE)
    foreign = Foreign("s", SpanContext(1, 3, is_remote=False), resource=NONE)
    for span in (ended(links=[link]), ended(SpanLimits(max_attributes=2)), plain, foreign):
        assert pressed(span) is span
        assert unpressed(span) is span


def test_a_span_with_an_event_stays_as_it_is() -> None:
    """Its exception, say."""
    with pytest.raises(ZeroDivisionError):
        failing()
    (span,) = _EXPORTER.get_finished_spans()

    assert pressed(span) is span


_EXPORTER = InMemorySpanExporter()


def failing() -> None:
    provider = TracerProvider(resource=NONE, shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(_EXPORTER))
    with provider.get_tracer("app").start_as_current_span("work"):
        raise ZeroDivisionError


@given(spans())
def test_it_is_encoded_as_if_it_had_not_waited(span: ReadableSpan) -> None:
    """Whatever is on it."""
    encoder = SpanEncoder()

    assert encoder.encode(unpressed(pressed(span))) == encoder.encode(span)
