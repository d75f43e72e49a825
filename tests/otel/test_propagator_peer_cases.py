"""The propagator cases of sentry-python's and sentry-javascript's own test-suites, with real spans."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest
from opentelemetry import baggage as otel_baggage
from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.instrumentation.utils import suppress_instrumentation
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.trace import get_current_span, set_span_in_context

from otel_sentry.otel.propagator import SentryPropagator
from otel_sentry.otel.span_processor import SentrySpanProcessor
from otel_sentry.propagation.trace import IncomingTrace, incoming_trace

CASES = json.loads((Path(__file__).parents[1] / "propagation" / "cases" / "propagator.json").read_text("utf-8"))
SETTINGS: dict[str, Any] = {
    "dsn": "https://abc@domain/123",
    "release": "1.0.0",
    "environment": "production",
    "traces_sample_rate": 1.0,
}


@pytest.fixture
def tracer() -> Iterator[trace.Tracer]:
    """A tracer with our processor; what it would send goes nowhere."""
    provider = TracerProvider()
    provider.add_span_processor(SentrySpanProcessor(**SETTINGS, outbox=Nowhere()))
    yield provider.get_tracer("test")
    provider.shutdown()


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


def rows(table: str) -> list[Any]:
    """One table as pytest parameters."""
    return [pytest.param(row, id=f"{row['from'].split()[0]}: {row['name']}") for row in CASES[table]]


@pytest.mark.parametrize("case", rows("extract"))
def test_extract(case: dict[str, Any]) -> None:
    """A caller is continued as the peers' suites say; for OpenTelemetry its span is the remote parent."""
    context = SentryPropagator(**SETTINGS).extract(case["carrier"])
    found, here = incoming_trace(context), get_current_span(context).get_span_context()

    if case["trace_id"] is None:
        assert (found, here.is_valid) == (None, False)
    else:
        ids = int(case["trace_id"], 16), int(case["span_id"], 16)
        assert found == IncomingTrace(*ids, case["sampled"], case["dsc"])
        assert (here.trace_id, here.span_id, here.is_remote) == (*ids, True)


@pytest.mark.parametrize("case", rows("inject"))
def test_inject(case: dict[str, Any], tracer: trace.Tracer) -> None:
    """A span named `test` sends the headers that the peers' suites expect."""
    propagator = SentryPropagator(**SETTINGS)
    context = propagator.extract(case["incoming"])
    carrier: dict[str, Any] = dict(case.get("carrier", {}))
    suppressed = suppress_instrumentation() if case.get("suppressed") else nullcontext()
    with tracer.start_as_current_span("test", context) as span:
        context = set_span_in_context(span, Context())
        for key, value in case.get("baggage", {}).items():
            context = otel_baggage.set_baggage(key, value, context)
        with suppressed:
            propagator.inject(carrier, None if case.get("suppressed") else context)
    here = span.get_span_context()
    names = {"{trace}": f"{here.trace_id:032x}", "{span}": f"{here.span_id:016x}"}
    header = carrier.get("sentry-trace")
    members = carrier["baggage"].split(",") if "baggage" in carrier else []

    assert header == filled(case["sentry_trace"], names)
    assert {filled(one, names) for one in case["members"]} <= set(members)
    assert not set(case.get("lacks", ())) & set(members)
    assert len({one.partition("=")[0] for one in members}) == len(members)


def filled(text: str | None, names: dict[str, str]) -> str | None:
    """A template with the ids of the case's span."""
    for name, value in names.items():
        text = None if text is None else text.replace(name, value)
    return text
