"""`Server-Timing`: what a browser reads of the backend's trace."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest
from opentelemetry import baggage as otel_baggage
from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.trace import set_span_in_context

from otel_sentry.otel.response_propagator import SentryResponsePropagator, server_timing
from otel_sentry.otel.segments import segment_of
from otel_sentry.otel.span_processor import SentrySpanProcessor
from otel_sentry.propagation.baggage import parse_baggage
from otel_sentry.propagation.sentry_trace import parse_sentry_trace
from otel_sentry.settings.settings import Settings

if TYPE_CHECKING:
    from otel_sentry.local.receiver import Receiver

ENTRY = re.compile(r'([\w-]+);desc="([^"]*)"')
"""As a browser takes `Server-Timing` apart."""


@pytest.fixture
def tracer(receiver: Receiver) -> Iterator[trace.Tracer]:
    """A tracer whose spans our processor sees."""
    provider = TracerProvider()
    provider.add_span_processor(SentrySpanProcessor(dsn=receiver.dsn))
    yield provider.get_tracer("test")
    provider.shutdown()


def written(context: Context, **keywords: Any) -> dict[str, str]:
    """What is added to a response."""
    carrier = {"Server-Timing": "db;dur=1"}
    SentryResponsePropagator(settings=Settings.from_env({}, **keywords)).inject(carrier, context)
    return dict(ENTRY.findall(carrier["Server-Timing"])) | {"all": carrier["Server-Timing"]}


def test_the_page_joins_the_trace(tracer: trace.Tracer, receiver: Receiver) -> None:
    """The browser finds the server span and Sentry's context, beside what was there; nobody else's baggage."""
    with tracer.start_as_current_span("GET /") as span:
        context = otel_baggage.set_baggage("tenant", "a", set_span_in_context(span, Context()))
        found = written(context, dsn=receiver.dsn)
    here, segment = span.get_span_context(), segment_of(span)
    assert segment is not None

    assert parse_sentry_trace(found["sentry-trace"]) == (here.trace_id, here.span_id, True)
    assert parse_baggage(found["baggage"]).sentry == segment.dsc()
    assert parse_baggage(found["baggage"]).foreign == {}
    assert found["all"].startswith("db;dur=1, ")


@pytest.mark.parametrize(
    "keywords",
    [
        pytest.param({}, id="no DSN"),
        pytest.param({"dsn": "https://k@h/1", "traces_exporters": ["otlp"]}, id="Sentry not chosen"),
    ],
)
def test_nothing_without_sentry(tracer: trace.Tracer, keywords: dict[str, Any]) -> None:
    """Where nothing goes to Sentry, responses stay as they are."""
    with tracer.start_as_current_span("GET /") as span:
        assert written(set_span_in_context(span), **keywords)["all"] == "db;dur=1"


def test_nothing_without_span() -> None:
    """A response outside any span has no trace to tell."""
    assert written(Context(), dsn="https://k@h/1")["all"] == "db;dur=1"


def test_bad_settings_are_no_header(caplog: pytest.LogCaptureFixture) -> None:
    """What cannot be configured is one error line and writes nothing."""
    carrier: dict[str, str] = {}
    SentryResponsePropagator(dsn="nonsense").inject(carrier)

    assert carrier == {}
    assert len(caplog.records) == 1


def test_an_empty_context_is_one_entry() -> None:
    """A trace frozen without baggage has no baggage entry; quotes cannot leave theirs."""
    assert server_timing("a-b-1", {}) == 'sentry-trace;desc="a-b-1"'
    assert server_timing("a-b-1", {"release": '"\r\n'}) == (
        'sentry-trace;desc="a-b-1", baggage;desc="sentry-release=%22%0D%0A"'
    )


def test_setters_that_raise_do_no_harm(tracer: trace.Tracer, receiver: Receiver) -> None:
    """A response that takes no more headers is answered all the same."""
    asked: list[str] = []

    class Sealed:
        def set(self, carrier: object, key: str, value: str) -> None:
            asked.append(key)
            raise RuntimeError

    with tracer.start_as_current_span("GET /"):
        SentryResponsePropagator(settings=Settings.from_env({}, dsn=receiver.dsn)).inject({}, setter=Sealed())

    assert asked
