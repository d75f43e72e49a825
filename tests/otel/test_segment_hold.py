"""Spans that Sentry does not get (OTEL_SENTRY_IGNORE_SPANS), with real spans, frameworks and the embedded Sentry."""

from __future__ import annotations

import asyncio
import math
from typing import TYPE_CHECKING, Any

import flask
import httpx
import pytest
from fastapi import FastAPI
from opentelemetry import trace
from opentelemetry.instrumentation.fastapi import FastAPIInstrumentor
from opentelemetry.instrumentation.flask import FlaskInstrumentor
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind

from otel_sentry.otel.propagator import SentryPropagator
from otel_sentry.otel.segment_hold import MAX_SPANS_PER_SEGMENT, SegmentHold
from otel_sentry.otel.segments import segment_of
from otel_sentry.otel.span_exporter import SentrySpanExporter

if TYPE_CHECKING:
    from collections.abc import Callable

TRACE, CALLER = "771a43a4192642f0b136d5159a501700", "1234567890abcdef"


def serve(tracer: trace.Tracer, root_name: str, final_name: str, **attributes: Any) -> None:
    """A request with two children; its root is renamed when its route is known."""
    with tracer.start_as_current_span(root_name, kind=SpanKind.SERVER) as root:
        with tracer.start_as_current_span("query"), tracer.start_as_current_span("fetch"):
            pass
        root.set_attributes(attributes)
        root.update_name(final_name)


@pytest.mark.parametrize("wire_format", ["span", "transaction"])
@pytest.mark.parametrize(
    ("pattern", "attributes"),
    [
        pytest.param("GET /ready/*", {}, id="final name"),
        pytest.param("/ready/{id}", {"http.route": "/ready/{id}"}, id="final route"),
        pytest.param("health", {"url.path": "/healthz"}, id="preset"),
        pytest.param("http.response.status_code=204", {"http.response.status_code": 204}, id="attribute"),
    ],
)
def test_an_ignored_root_takes_its_segment_with_it(
    pipe: Callable[..., Any], pattern: str, attributes: dict[str, Any], wire_format: str
) -> None:
    """Also when only its end tells that it is to be ignored; others arrive whole, and every span is counted once."""
    one = pipe(ignore_spans=[pattern], wire_format=wire_format)
    serve(one.tracer, "GET", "GET /ready/{id}", **attributes)
    serve(one.tracer, "GET", "GET /orders", **{"url.path": "/orders"})
    arrived = one.arrived()

    names = [item["transaction"] for item in one.receiver.transactions] or sorted(arrived)
    assert names == (["GET /orders"] if wire_format == "transaction" else ["GET /orders", "fetch", "query"])
    assert one.lost() == {"ignored": 3}


def test_a_root_that_is_known_at_its_start_is_not_promised_to_others(pipe: Callable[..., Any]) -> None:
    """Callees are told that the trace is not kept, so that none of their spans hangs under a root that is not there."""
    one = pipe(ignore_spans=["poll"])
    headers: dict[str, str] = {}
    with one.tracer.start_as_current_span("poll"), one.tracer.start_as_current_span("GET"):
        SentryPropagator(dsn=one.receiver.dsn).inject(headers)

    assert headers["sentry-trace"].endswith("-0")
    assert "sentry-sample_rate=0.0" in headers["baggage"]
    assert one.arrived() == {}
    assert one.lost() == {"ignored": 2}


def test_an_ignored_part_of_a_callers_trace_hands_its_headers_on(pipe: Callable[..., Any]) -> None:
    """Callees hang under the caller's span, which Sentry knows."""
    one = pipe(ignore_spans=["proxy"])
    propagator = SentryPropagator(dsn=one.receiver.dsn)
    headers: dict[str, str] = {}
    caller = propagator.extract({"sentry-trace": f"{TRACE}-{CALLER}-1"})
    with one.tracer.start_as_current_span("proxy", caller):
        propagator.inject(headers)

    assert headers == {"sentry-trace": f"{TRACE}-{CALLER}-1"}
    assert one.arrived() == {}
    assert one.lost() == {"ignored": 1}


def test_children_of_ignored_spans_get_the_nearest_ancestor_that_is_left(pipe: Callable[..., Any]) -> None:
    """Two ignored spans in a row are passed over; other backends have the whole trace as it was."""
    other = InMemorySpanExporter()
    one = pipe(ignore_spans=["middleware*"])
    one.provider.add_span_processor(SimpleSpanProcessor(other))
    with (
        one.tracer.start_as_current_span("root"),
        one.tracer.start_as_current_span("middleware one"),
        one.tracer.start_as_current_span("middleware two"),
        one.tracer.start_as_current_span("view"),
        one.tracer.start_as_current_span("query"),
    ):
        pass
    arrived = one.arrived()
    parents = {span.name: span.parent.span_id if span.parent else None for span in other.get_finished_spans()}
    ids = {span.name: span.context.span_id for span in other.get_finished_spans()}

    assert {name: span.get("parent_span_id") for name, span in arrived.items()} == {
        "root": None,
        "view": arrived["root"]["span_id"],
        "query": arrived["view"]["span_id"],
    }
    assert one.lost() == {"ignored": 2}
    assert parents["view"] == ids["middleware two"]
    assert len(ids) == 5


def test_a_child_is_reparented_while_its_ignored_parent_is_open(pipe: Callable[..., Any]) -> None:
    """What is ignored is known at its start, so that children that leave before it have the right parent."""
    one = pipe(ignore_spans=["long poll"])
    with one.tracer.start_as_current_span("root"), one.tracer.start_as_current_span("long poll"):
        with one.tracer.start_as_current_span("message"):
            pass
        assert one.provider.force_flush(20_000)
        (message,) = one.receiver.spans
    arrived = one.arrived()

    assert message["parent_span_id"] == arrived["root"]["span_id"]
    assert set(arrived) == {"message", "root"}


def test_without_patterns_nothing_is_held(pipe: Callable[..., Any]) -> None:
    """The processor has no stage for it."""
    one = pipe()

    assert one.processor._child_started is None


@pytest.mark.parametrize("framework", ["fastapi", "flask"])
def test_health_checks_of_frameworks(pipe: Callable[..., Any], framework: str) -> None:
    """The preset takes out the probes of real frameworks, with everything below them."""
    one = pipe(ignore_spans=["health"])
    {"fastapi": ask_fastapi, "flask": ask_flask}[framework](one, ["/healthz", "/orders/7", "/healthz"])
    arrived = one.arrived()

    route = {"fastapi": "GET /orders/{order}", "flask": "GET /orders/<order>"}[framework]
    assert [name for name, span in arrived.items() if span["is_segment"]] == [route]
    assert {name for name in arrived if "health" in name} == set()
    assert one.lost()["ignored"] >= 4


def ask_fastapi(one: Any, paths: list[str]) -> None:
    """Requests to a FastAPI application with a span of its own in each."""
    app = FastAPI()

    @app.get("/healthz")
    @app.get("/orders/{order}")
    def answer(order: str = "") -> str:
        with one.tracer.start_as_current_span("work"):
            return order

    async def ask() -> None:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://shop") as client:
            for path in paths:
                (await client.get(path)).raise_for_status()

    FastAPIInstrumentor.instrument_app(app, tracer_provider=one.provider)
    asyncio.run(ask())


def ask_flask(one: Any, paths: list[str]) -> None:
    """The same in Flask."""
    app = flask.Flask("shop")

    @app.get("/healthz")
    @app.get("/orders/<order>")
    def answer(order: str = "") -> str:
        with one.tracer.start_as_current_span("work"):
            return order

    FlaskInstrumentor().instrument_app(app, tracer_provider=one.provider)
    client = app.test_client()
    for path in paths:
        assert client.get(path).status_code == 200


def test_settings_that_come_later_count_from_then_on(pipe: Callable[..., Any]) -> None:
    """The application's `sentry_sdk.init` after us may bring rules of its own."""
    one = pipe()
    serve(one.tracer, "GET", "before")
    one.processor.adopt(type(one.processor.settings).from_env(dsn=one.receiver.dsn, ignore_rules=["after"]))
    serve(one.tracer, "GET", "after")
    arrived = one.arrived()

    assert sorted(arrived) == ["before", "fetch", "query"]
    assert one.lost() == {"ignored": 3}


def test_the_exporter_alone_leaves_out_the_same(receiver: Any, pipe: Callable[..., Any]) -> None:
    """Under a stock processor children end before their root; the segment is left out all the same."""
    other = InMemorySpanExporter()
    one = pipe(traces_sample_rate=0.0)
    one.provider.add_span_processor(SimpleSpanProcessor(other))
    serve(one.tracer, "GET", "GET /healthz", **{"url.path": "/healthz"})
    serve(one.tracer, "GET", "GET /orders")
    exporter = SentrySpanExporter(dsn=receiver.dsn, ignore_spans=["health", "fetch"])
    exporter.export(other.get_finished_spans())
    exporter.shutdown()
    receiver.wait_for(lambda: len(receiver.spans) >= 2)

    assert sorted(span["name"] for span in receiver.spans) == ["GET /orders", "query"]


def test_a_segment_that_is_too_large_does_not_wait(pipe: Callable[..., Any]) -> None:
    """Memory is bounded: a long root's spans leave before it, and it is still ignored when it ends."""
    one = pipe(ignore_spans=["job"], schedule_delay_seconds=60.0)
    with one.tracer.start_as_current_span("start") as root:
        for _ in range(MAX_SPANS_PER_SEGMENT + 10):
            one.tracer.start_span("step").end()
        one.receiver.wait_for(lambda: len(one.receiver.spans) >= MAX_SPANS_PER_SEGMENT, timeout=60)
        root.update_name("job")
    one.arrived()

    assert len(one.receiver.spans) == MAX_SPANS_PER_SEGMENT
    assert one.lost() == {"ignored": 11}


def test_the_oldest_segments_give_way_where_all_are_too_many(pipe: Callable[..., Any]) -> None:
    """The bound holds over all segments together."""
    one = pipe(ignore_spans=["never"])
    consumer = one.processor._pipeline.consumer()
    hold = SegmentHold(one.processor._pipeline, consumer, keeping=None, delay_seconds=60, max_spans=3)
    ended: list[Any] = []
    roots = [one.tracer.start_span(f"root {number}") for number in range(5)]
    for root in roots:
        with trace.use_span(root):
            child = one.tracer.start_span("child")
            child.end()
            ended.append((child._readable_span(), segment_of(root)))
    for span, segment in ended:
        hold.add(span, segment)

    assert hold.pending() == 5
    assert consumer.pending() == 2
    hold.flush(math.inf, everything=True)
    assert hold.pending() == 0
    for root in roots:
        root.end()


def test_a_forked_child_forgets_what_its_parent_held(pipe: Callable[..., Any]) -> None:
    """Nothing of the parent's leaves from the child."""
    one = pipe(ignore_spans=["never"])
    hold = SegmentHold(one.processor._pipeline, one.processor._pipeline.consumer(), keeping=None, delay_seconds=60)
    with one.tracer.start_as_current_span("root") as root:
        child = one.tracer.start_span("child")
        hold.add(child._readable_span(), segment_of(root))
        hold.clear()
        child.end()

    assert hold.pending() == 0
