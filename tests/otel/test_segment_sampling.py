"""What propagator and head sampler leave for the segment of a local root, with real spans."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from opentelemetry.sdk.trace import TracerProvider

from otel_sentry.otel.propagator import SentryPropagator
from otel_sentry.otel.sampler import SentrySampler
from otel_sentry.otel.segments import segment_of
from otel_sentry.otel.span_processor import SentrySpanProcessor

DSN = "https://public@o12.ingest.sentry.io/1"
TRACE = "771a43a4192642f0b136d5159a501700"
SPAN = "1234567890abcdef"


class Nowhere:
    """An outbox without a door."""

    def send(self, envelope: object) -> None:
        """Forget it."""

    def send_all(self, envelopes: Any) -> None:
        for envelope in envelopes:
            self.send(envelope)

    def lost(self, reason: object, category: object, quantity: int) -> None:
        """Forget it too."""

    def flush(self, timeout: float) -> bool:
        return True

    def close(self, timeout: float) -> bool:
        return True


@pytest.fixture
def providers() -> Iterator[list[TracerProvider]]:
    """Providers that are shut down at the end."""
    made: list[TracerProvider] = []
    yield made
    for one in made:
        one.shutdown()


def provider(made: list[TracerProvider], sampler: Any = None, **settings: Any) -> TracerProvider:
    """A provider with our processor."""
    one = TracerProvider(sampler=sampler)
    one.add_span_processor(SentrySpanProcessor(dsn=DSN, outbox=Nowhere(), **settings))
    made.append(one)
    return one


def test_a_function_is_asked_once(providers: list[TracerProvider]) -> None:
    """The head sampler's verdict is the segment's; the function is not asked again."""
    answers = iter([1.0, 0.0])
    settings: dict[str, Any] = {"traces_sampler": lambda _: next(answers)}
    sampler = SentrySampler(dsn=DSN, **settings)
    with provider(providers, sampler, **settings).get_tracer("test").start_as_current_span("root") as span:
        segment = segment_of(span)

    assert segment is not None
    assert segment.verdict.sampled is True
    assert next(answers) == 0.0


def test_a_function_is_asked_at_export_too(providers: list[TracerProvider]) -> None:
    """Without head sampler the segment's own question has the same context."""
    seen: list[Any] = []

    def rate_of(context: dict[str, Any]) -> float:
        seen.append(context["transaction_context"])
        return 0.0

    caller = SentryPropagator(dsn=DSN).extract({"sentry-trace": f"{TRACE}-{SPAN}-1"})
    tracer = provider(providers, traces_sampler=rate_of).get_tracer("test")
    with tracer.start_as_current_span("GET /", caller, attributes={"http.route": "/"}) as span:
        segment = segment_of(span)

    assert segment is not None
    assert segment.verdict.sampled is False
    assert [(one["name"], one["data"], one["parent_span_id"]) for one in seen] == [("GET /", {"http.route": "/"}, SPAN)]


def test_a_refused_trace_is_linked(providers: list[TracerProvider]) -> None:
    """A new root links to the trace of another organisation; its children do not."""
    caller = SentryPropagator(dsn=DSN).extract({"sentry-trace": f"{TRACE}-{SPAN}-1", "baggage": "sentry-org_id=13"})
    tracer = provider(providers).get_tracer("test")
    with (
        tracer.start_as_current_span("root", caller) as root,
        tracer.start_as_current_span("child") as child,
    ):
        pass
    (link,) = root.links  # type: ignore[attr-defined]  # a span of the SDK

    assert root.get_span_context().trace_id != int(TRACE, 16)
    assert (link.context.trace_id, link.context.span_id) == (int(TRACE, 16), int(SPAN, 16))
    assert not child.links  # type: ignore[attr-defined]  # the same


def test_a_continued_trace_has_no_link(providers: list[TracerProvider]) -> None:
    """Joining is enough."""
    caller = SentryPropagator(dsn=DSN).extract({"sentry-trace": f"{TRACE}-{SPAN}-1"})
    with provider(providers).get_tracer("test").start_as_current_span("root", caller) as root:
        pass

    assert not root.links  # type: ignore[attr-defined]  # a span of the SDK
    assert root.get_span_context().trace_id == int(TRACE, 16)
