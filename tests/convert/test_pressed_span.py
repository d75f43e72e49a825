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
from otel_sentry.convert.pressed_span import SEGMENT, SPAN_ID, pressed, unpressed
from tests.convert.strategies import spans
from tests.spans import span

NONE = Resource.get_empty()


def ended(limits: SpanLimits | None = None, **options: object) -> ReadableSpan:
    """A child of a local parent, as the SDK hands it out."""
    exporter = InMemorySpanExporter()
    provider = TracerProvider(resource=NONE, span_limits=limits, shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    tracer = provider.get_tracer("app", "1.0")
    attributes = {"a": 1, "b": "text", "c": (1, 2)}
    with (
        tracer.start_as_current_span("root"),
        tracer.start_as_current_span("work", kind=SpanKind.CLIENT, attributes=attributes, **options) as span,
    ):
        span.set_status(Status(StatusCode.ERROR, "odd"))
    return exporter.get_finished_spans()[0]


def test_everything_is_there_again() -> None:
    """Whatever a reader asks for."""
    span, segment = ended(), object()
    kept = pressed(span, segment)

    assert kept is not None
    assert kept[SEGMENT] is segment
    assert kept[SPAN_ID] == span.context.span_id
    again = unpressed(kept)
    assert again.to_json() == span.to_json()
    assert dict(again.attributes or {}) == dict(span.attributes or {})
    assert again.instrumentation_scope == span.instrumentation_scope
    assert (again.dropped_attributes, again.dropped_events, again.dropped_links) == (0, 0, 0)
    assert (tuple(again.events), tuple(again.links)) == ((), ())


def test_what_has_more_to_say_stays_as_it_is() -> None:
    """Links, losses, a parent elsewhere or none, and spans of somebody else's making."""

    class Foreign(ReadableSpan):
        pass

    here, elsewhere = (SpanContext(1, 2, is_remote=remote) for remote in (False, True))
    own = SpanContext(1, 3, is_remote=False)
    others = [
        ended(links=[Link(elsewhere)]),
        ended(SpanLimits(max_attributes=2)),
        ReadableSpan("no containers of the SDK", own, here, resource=NONE),
        ReadableSpan("no context", None, here, resource=NONE),
        Foreign("foreign", own, here, resource=NONE),
        span("a root"),
        span("a root with a caller", parent=2, remote_parent=True),
    ]
    for one in others:
        assert pressed(one, object()) is None
        assert unpressed(one) is one
    assert pressed(ended(), None) is None  # its segment is still to be found, by all that it says


def test_a_span_with_an_event_stays_as_it_is() -> None:
    """Its exception, say."""
    with pytest.raises(ZeroDivisionError):
        failing()
    (span, _) = _EXPORTER.get_finished_spans()

    assert pressed(span, object()) is None


_EXPORTER = InMemorySpanExporter()


def failing() -> None:
    provider = TracerProvider(resource=NONE, shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(_EXPORTER))
    tracer = provider.get_tracer("app")
    with tracer.start_as_current_span("root"), tracer.start_as_current_span("work"):
        raise ZeroDivisionError


@given(spans(simple_children=True))
def test_it_is_encoded_as_if_it_had_not_waited(source: ReadableSpan) -> None:
    """Whatever is on it."""
    kept = pressed(source, object())
    encoder = SpanEncoder()

    assert kept is not None
    assert encoder.encode(kept) == encoder.encode(source) == encoder.encode(unpressed(kept))
