"""A lone processor is called directly; several, or a list that is replaced, as the SDK calls them."""

from __future__ import annotations

from opentelemetry.sdk.trace import Span, SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from otel_sentry.otel.direct_processor import DirectSpanProcessor


class Hears(SpanProcessor):
    """Notes every hook."""

    def __init__(self) -> None:
        self.heard: list[str] = []

    def on_start(self, span: Span, parent_context: object = None) -> None:
        self.heard.append("start")

    def _on_ending(self, span: Span) -> None:
        self.heard.append("ending")

    def on_end(self, span: object) -> None:
        self.heard.append("end")

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        self.heard.append("flush")
        return True

    def shutdown(self) -> None:
        self.heard.append("shutdown")


ALL = ["start", "ending", "end"]


def one_span(provider: TracerProvider) -> None:
    """Start and end one."""
    provider.get_tracer("test").start_span("work").end()


def test_processors_come_and_go() -> None:
    """None, one, two, and one again; each hears everything while it is there."""
    processors = DirectSpanProcessor()
    provider = TracerProvider(shutdown_on_exit=False, active_span_processor=processors)
    first, second = Hears(), Hears()
    one_span(provider)

    provider.add_span_processor(first)
    one_span(provider)
    assert (first.heard, second.heard) == (ALL, [])
    assert processors.on_end == first.on_end  # directly

    provider.add_span_processor(second)
    one_span(provider)
    assert (first.heard, second.heard) == (2 * ALL, ALL)

    processors._span_processors = (second,)
    one_span(provider)
    assert (first.heard, second.heard) == (2 * ALL, 2 * ALL)


def test_flush_and_shutdown_reach_a_lone_processor() -> None:
    """As ever."""
    alone = Hears()
    provider = TracerProvider(shutdown_on_exit=False, active_span_processor=DirectSpanProcessor())
    provider.add_span_processor(alone)

    assert provider.force_flush()
    provider.shutdown()
    assert alone.heard == ["flush", "shutdown"]


def test_stock_processors_work_in_it() -> None:
    """Real spans reach a real exporter."""
    exporter = InMemorySpanExporter()
    provider = TracerProvider(shutdown_on_exit=False, active_span_processor=DirectSpanProcessor())
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    one_span(provider)

    assert [span.name for span in exporter.get_finished_spans()] == ["work"]
