"""Which envelopes go last when there is no room."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.trace import Status, StatusCode, set_span_in_context

from otel_sentry.otel.pipeline import Pipeline
from otel_sentry.otel.span_batches import SpanBatches
from otel_sentry.otel.span_processor import SentrySpanProcessor
from otel_sentry.protocol.item_kinds import MAX_SPANS_PER_ENVELOPE, Category, LossReason
from otel_sentry.settings.settings import Settings

if TYPE_CHECKING:
    from otel_sentry.convert.container import CommonPart
    from otel_sentry.delivery.outbox import OutgoingEnvelope
    from otel_sentry.otel.segments import Segment


class Shelf:
    """An outbox that keeps what it is given."""

    def __init__(self) -> None:
        self.envelopes: list[OutgoingEnvelope] = []
        self.at_once: list[int] = []
        self.losses: list[Any] = []

    def send(self, envelope: OutgoingEnvelope) -> None:
        self.envelopes.append(envelope)

    def send_all(self, envelopes: list[OutgoingEnvelope]) -> None:
        self.at_once.append(len(envelopes))
        for envelope in envelopes:
            self.send(envelope)

    def lost(self, *what: Any) -> None:
        self.losses.append(what)

    def bequeath(self, _: Any) -> None: ...

    def flush(self, _: float) -> bool:
        return True

    def close(self, _: float) -> bool:
        return True


def test_envelopes_with_a_root_or_a_failed_span_go_last() -> None:
    """Ordinary children that leave before their root are the first to be given up."""
    shelf = Shelf()
    provider = TracerProvider()
    provider.add_span_processor(SentrySpanProcessor(outbox=shelf, dsn="http://k@127.0.0.1:1/1"))
    tracer = provider.get_tracer("app")
    with tracer.start_as_current_span("root"):
        tracer.start_span("child").end()
        provider.force_flush()
        failed = tracer.start_span("failed child")
        failed.set_status(Status(StatusCode.ERROR))
        failed.end()
        provider.force_flush()
    provider.shutdown()

    assert [(b"".join(one.payload).count(b'"span_id"'), one.precious) for one in shelf.envelopes] == [
        (1, False),
        (1, True),
        (1, True),
    ]


def test_traces_that_ended_together_leave_together(monkeypatch: pytest.MonkeyPatch) -> None:
    """A few at once; where one cannot be closed, it is counted and the others leave all the same."""
    shelf = Shelf()
    pipeline = Pipeline(Settings.from_env(dsn="http://k@127.0.0.1:1/1"), lambda: shelf)
    batches = SpanBatches(pipeline, delay_seconds=1.0)
    tracer = TracerProvider(shutdown_on_exit=False).get_tracer("app")
    for number in range(20):
        span: Any = tracer.start_span(f"root {number}")
        span.end()
        batches.add(span, None)
    common_part = pipeline.common_part

    def failing(segment: Segment) -> CommonPart:
        if segment.name == "root 4":
            raise ZeroDivisionError
        return common_part(segment)

    monkeypatch.setattr(pipeline, "common_part", failing)
    batches.flush(0.0, everything=False)

    assert shelf.at_once == [7, 8, 4]
    assert shelf.losses == [(LossReason.INTERNAL_SDK_ERROR, Category.SPAN, 1)]
    assert batches.pending() == 0


def test_spans_that_come_between_two_steps_may_fill_an_envelope() -> None:
    """What was due and has left meanwhile is not closed again."""
    shelf = Shelf()
    pipeline = Pipeline(Settings.from_env(dsn="http://k@127.0.0.1:1/1"), lambda: shelf)
    batches = SpanBatches(pipeline, delay_seconds=1.0)
    tracer = TracerProvider(shutdown_on_exit=False).get_tracer("app")
    roots: list[Any] = [tracer.start_span(f"root {number}") for number in range(20)]
    for root in roots:
        root.end()
        batches.add(root, None)
    children = iter([MAX_SPANS_PER_ENVELOPE - 1])

    def meanwhile() -> None:
        for _ in range(next(children, 0)):
            child: Any = tracer.start_span("child", set_span_in_context(roots[-1]))
            child.end()
            batches.add(child, None)

    batches.flush(0.0, everything=False, meanwhile=meanwhile)

    assert sorted(one.quantity for one in shelf.envelopes) == [1] * 19 + [MAX_SPANS_PER_ENVELOPE]
    assert batches.pending() == 0
    assert shelf.losses == []
