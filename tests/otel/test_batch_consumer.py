"""Consumers that work on many messages at once: links to the producers, and spans in the producers' traces."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from opentelemetry import propagate, trace
from opentelemetry.trace import Link, SpanKind

from otel_sentry.otel.propagator import SentryPropagator

if TYPE_CHECKING:
    from collections.abc import Callable


def produced(one: Any, count: int) -> list[dict[str, str]]:
    """Headers of messages, each sent in a trace of its own."""
    messages = []
    for number in range(count):
        headers: dict[str, str] = {}
        with one.tracer.start_as_current_span(f"send {number}", kind=SpanKind.PRODUCER):
            propagate.inject(headers)
        messages.append(headers)
    return messages


def consume(tracer: trace.Tracer, messages: list[dict[str, str]]) -> None:
    """The code of `docs/explanation/sampling-and-propagation.md`."""
    with tracer.start_as_current_span("orders process", kind=SpanKind.CONSUMER) as batch:
        for headers in messages:
            caller = propagate.extract(headers)
            with tracer.start_as_current_span("orders message", caller, links=[Link(batch.get_span_context())]) as one:
                batch.add_link(one.get_span_context())


def linked(span: dict[str, Any]) -> list[tuple[str, str]]:
    return [(link["trace_id"], link["span_id"]) for link in span.get("links", [])]


@pytest.fixture(autouse=True)
def _headers_of_both_kinds(monkeypatch: pytest.MonkeyPatch) -> None:
    """The global propagators, as `configure()` would leave them."""
    from opentelemetry.propagators.composite import CompositePropagator  # noqa: PLC0415
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator  # noqa: PLC0415

    ours = SentryPropagator(dsn="https://public@o12.ingest.sentry.io/1")
    monkeypatch.setattr(propagate, "propagator", CompositePropagator([TraceContextTextMapPropagator(), ours]))


def test_a_batch_and_its_messages_link_to_each_other(pipe: Callable[..., Any]) -> None:
    """Each message's span is in its producer's trace and links to the batch, which links to all of them."""
    one = pipe()
    consume(one.tracer, produced(one, 3))
    one.arrived()
    spans = one.receiver.spans
    (batch,) = (span for span in spans if span["name"] == "orders process")
    messages = [span for span in spans if span["name"] == "orders message"]
    messages.sort(key=lambda span: span["start_timestamp"])  # three traces, so three envelopes in any order
    producers = {span["span_id"]: span["trace_id"] for span in spans if span["name"].startswith("send")}

    assert linked(batch) == [(span["trace_id"], span["span_id"]) for span in messages]
    assert {span["parent_span_id"]: span["trace_id"] for span in messages} == producers
    assert [linked(span) for span in messages] == 3 * [[(batch["trace_id"], batch["span_id"])]]


@pytest.mark.parametrize("wire_format", ["span", "transaction"])
def test_a_consumers_links_to_its_producers_arrive(pipe: Callable[..., Any], wire_format: str) -> None:
    """What instrumentations of batch consumers record: one span with a link to each producer's span."""
    one = pipe(wire_format=wire_format)
    callers = [trace.get_current_span(propagate.extract(headers)) for headers in produced(one, 3)]
    links = [Link(caller.get_span_context()) for caller in callers]
    one.tracer.start_span("orders process", kind=SpanKind.CONSUMER, links=links).end()
    one.arrived()

    found = [span for span in one.receiver.spans if span["name"] == "orders process"]
    expected = [(f"{one.context.trace_id:032x}", f"{one.context.span_id:016x}") for one in links]
    assert [linked(span) for span in found] == [expected]
