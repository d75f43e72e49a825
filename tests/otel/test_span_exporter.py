"""The exporter alone under stock processors, beside our processor, and as an entry point."""

from __future__ import annotations

import logging
from importlib.metadata import entry_points
from typing import TYPE_CHECKING, Any

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SimpleSpanProcessor, SpanExportResult

from otel_sentry.otel.span_exporter import SentrySpanExporter

if TYPE_CHECKING:
    from otel_sentry.local.receiver import Receiver


def segment_ids(receiver: Receiver) -> set[str]:
    return {span["attributes"]["sentry.segment.id"] for span in receiver.plain_spans}


@pytest.mark.parametrize(
    "processor",
    [
        pytest.param(BatchSpanProcessor, id="batch"),
        pytest.param(SimpleSpanProcessor, id="simple, one span at a time"),
    ],
)
def test_alone_it_sends_every_span_in_the_right_segment(receiver: Receiver, processor: type[Any]) -> None:
    """Without our processor, children that are exported before their root still get its id and name."""
    provider = TracerProvider()
    provider.add_span_processor(processor(SentrySpanExporter(dsn=receiver.dsn)))
    tracer = provider.get_tracer("app")
    with tracer.start_as_current_span("root") as root:
        with tracer.start_as_current_span("child"):
            tracer.start_span("grandchild").end()
        root.update_name("GET /x")
    provider.shutdown()

    receiver.wait_for(lambda: len(receiver.spans) == 3)
    assert segment_ids(receiver) == {f"{root.get_span_context().span_id:016x}"}
    assert {span["attributes"]["sentry.segment.name"] for span in receiver.plain_spans} == {"GET /x"}
    assert [span["name"] for span in receiver.spans if span["is_segment"]] == ["GET /x"]


def test_shutdown_sends_children_whose_root_never_ended(receiver: Receiver) -> None:
    """A child that waits for its root leaves at shutdown all the same."""
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(SentrySpanExporter(dsn=receiver.dsn)))
    tracer = provider.get_tracer("app")
    root = tracer.start_span("root")
    tracer.start_span("child", trace.set_span_in_context(root)).end()
    provider.shutdown()

    receiver.wait_for(lambda: len(receiver.spans) == 1)
    assert segment_ids(receiver) == {f"{root.get_span_context().span_id:016x}"}


def test_it_stands_down_beside_our_processor(receiver: Receiver) -> None:
    """What the processor has sent is not sent again."""
    exporter = SentrySpanExporter(dsn=receiver.dsn)
    exporter.stand_down()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    with provider.get_tracer("app").start_as_current_span("work"):
        pass
    provider.shutdown()

    assert receiver.requests == 0


def test_a_setting_that_cannot_be_used_is_one_error_line(caplog: pytest.LogCaptureFixture) -> None:
    """An entry point never raises: it would take the other backends' provider down."""
    with caplog.at_level(logging.INFO):
        exporter = SentrySpanExporter(dsn="not a dsn")

    errors = [record.getMessage() for record in caplog.records if record.levelno == logging.ERROR]
    assert len(errors) == 1
    assert "dsn" in errors[0].lower()
    assert exporter.export([]) is SpanExportResult.SUCCESS
    assert exporter.force_flush()


def test_without_dsn_it_is_a_quiet_no_op(caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    """No DSN: one info line, spans are passed through."""
    monkeypatch.delenv("SENTRY_DSN", raising=False)
    with caplog.at_level(logging.INFO):
        exporter = SentrySpanExporter()

    assert [record.levelname for record in caplog.records] == ["INFO"]
    assert exporter.export([]) is SpanExportResult.SUCCESS
    exporter.shutdown()


def test_the_entry_point_is_this_class() -> None:
    """`OTEL_TRACES_EXPORTER=sentry` finds it."""
    (entry_point,) = entry_points(group="opentelemetry_traces_exporter", name="sentry")

    assert entry_point.load() is SentrySpanExporter
