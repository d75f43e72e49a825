"""Reading what OpenTelemetry's console exporter prints."""

from __future__ import annotations

import io

from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import ConsoleSpanExporter, SimpleSpanProcessor
from opentelemetry.trace import SpanKind

from otel_sentry.cli.demo_witness import recorded_spans


def printed() -> str:
    """Two nested spans as the real exporter prints them, among other output."""
    out = io.StringIO()
    provider = TracerProvider(resource=Resource({"service.name": "web"}))
    provider.add_span_processor(SimpleSpanProcessor(ConsoleSpanExporter(out=out)))
    tracer = provider.get_tracer("test")
    attributes = {"http.user_agent": "alice-wallet/1.0", "http.status_code": 200}
    with tracer.start_as_current_span("GET /", kind=SpanKind.SERVER, attributes=attributes):
        with tracer.start_as_current_span("child"):
            out.write("INFO: {not json}\n")
        out.write("{}\n")
    return out.getvalue()


def test_spans_are_read_back() -> None:
    """Ids without prefix, parents, kind, service; browser and status in the older spelling too."""
    child, root = recorded_spans(printed())

    assert (root.name, root.kind, root.service, root.parent_id) == ("GET /", "SERVER", "web", None)
    assert (root.user_agent, root.status_code) == ("alice-wallet/1.0", 200)
    assert (child.parent_id, child.trace_id) == (root.span_id, root.trace_id)
    assert (len(root.trace_id), len(root.span_id), child.user_agent, child.status_code) == (32, 16, "", 0)
    assert root.start <= child.start <= child.end <= root.end


def test_half_a_span_is_left_for_next_time() -> None:
    """The file is read while it is written."""
    text = printed()

    assert [span.name for span in recorded_spans(text[: text.rindex('"resource"')])] == ["child"]
