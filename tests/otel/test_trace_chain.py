"""One verdict per trace over three services of every kind, in every order."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, Any

import pytest
from opentelemetry.baggage.propagation import W3CBaggagePropagator
from opentelemetry.context import Context
from opentelemetry.propagators.composite import CompositePropagator
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.trace import set_span_in_context
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from otel_sentry.otel.propagator import SentryPropagator
from otel_sentry.otel.sampler import SentrySampler
from otel_sentry.otel.segments import segment_of
from otel_sentry.otel.span_processor import SentrySpanProcessor

if TYPE_CHECKING:
    from opentelemetry.propagators.textmap import TextMapPropagator

DSN = "https://public@o12.ingest.sentry.io/1"
KINDS: dict[str, dict[str, Any]] = {
    "all": {"traces_sample_rate": 1.0},
    "half": {"traces_sample_rate": 0.5},
    "none": {"traces_sample_rate": 0.0},
    "half, beside OTLP": {"traces_sample_rate": 0.5, "traces_exporters": ["sentry", "otlp"]},
    "half at the head, recorded": {"traces_sample_rate": 0.5, "head": True},
    "half at the head, dropped": {"traces_sample_rate": 0.5, "head": True, "unsampled_errors": False},
    "issues only": {"errors_only": True},
    "OTLP only": {"traces_exporters": ["otlp"]},
    "knows W3C only": {"stranger": True},
}


@dataclass(frozen=True)
class Visit:
    """What a service made of a trace."""

    trace_id: int
    sampled: bool | None
    dsc: Mapping[str, str] | None


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


class Service:
    """A process of its own, but for the process."""

    def __init__(self, *, head: bool = False, stranger: bool = False, **settings: Any) -> None:
        settings = {"dsn": DSN, **settings}
        self.decides = (
            not stranger and not settings.get("errors_only") and settings.get("traces_exporters", [""])[0] != "otlp"
        )
        self.provider = TracerProvider(sampler=SentrySampler(**settings) if head else None)
        if self.decides:
            self.provider.add_span_processor(SentrySpanProcessor(**settings, outbox=Nowhere()))
        last: TextMapPropagator = W3CBaggagePropagator() if stranger else SentryPropagator(**settings)
        self.propagator = CompositePropagator([TraceContextTextMapPropagator(), last])

    def visit(self, carrier: dict[str, str]) -> tuple[Visit, dict[str, str]]:
        """Serve a request; what became of its trace, and what is sent on."""
        context = self.propagator.extract(carrier, Context())
        span = self.provider.get_tracer("test").start_span("GET /", context)
        context = set_span_in_context(span, context)
        sent: dict[str, str] = {}
        self.propagator.inject(sent, context)
        segment = segment_of(span)
        span.end()
        if not self.decides:
            return Visit(span.get_span_context().trace_id, None, None), sent
        sampled = segment is not None and segment.verdict.sampled
        # OpenTelemetry's own baggage propagator writes a space as `+`, which W3C does not read as one.
        dsc = None if segment is None else {key: one.replace("+", " ") for key, one in segment.dsc().items()}
        return Visit(span.get_span_context().trace_id, sampled, dsc), sent


@pytest.fixture(scope="module")
def services() -> Iterator[dict[str, Service]]:
    """One of each kind."""
    made = {name: Service(**settings) for name, settings in KINDS.items()}
    yield made
    for service in made.values():
        service.provider.shutdown()


def visits(chain: list[Service], lost_header: str) -> list[Visit]:
    """One trace through a chain; one of its headers is lost between services."""
    carrier: dict[str, str] = {}
    found = []
    for service in chain:
        visit, carrier = service.visit(carrier)
        carrier.pop(lost_header, None)
        found.append(visit)
    return found


@pytest.mark.parametrize("lost_header", ["none", "traceparent", "sentry-trace", "tracestate"])
def test_one_verdict_per_trace(services: dict[str, Service], lost_header: str) -> None:
    """Whoever sends spans to Sentry has decided alike, and says so in the same context, over 5,832 traces."""
    disagreements = []
    for names in product(services, repeat=3):
        if lost_header == "traceparent" and ("knows W3C only" in names or names[0] == "OTLP only"):
            continue  # nothing is left to read or to send
        for _ in range(2):
            found = visits([services[name] for name in names], lost_header)
            deciding = [visit for visit in found if visit.sampled is not None]
            contexts = [visit.dsc for visit in deciding if visit.dsc is not None]
            if (
                len({visit.trace_id for visit in found}) != 1
                or len({visit.sampled for visit in deciding}) > 1
                or any(one != contexts[0] for one in contexts)
            ):
                disagreements.append((names, found))

    assert disagreements == []


def test_every_context_is_lawful(services: dict[str, Service]) -> None:
    """`sampled` ⇔ `sample_rand < sample_rate` in every context that is made or handed on."""
    unlawful = []
    for names in product(services, repeat=2):
        for visit in visits([services[name] for name in names], "none"):
            dsc = visit.dsc
            if dsc and (dsc["sampled"] == "true") is not (float(dsc["sample_rand"]) < float(dsc["sample_rate"])):
                unlawful.append((names, visit))

    assert unlawful == []
