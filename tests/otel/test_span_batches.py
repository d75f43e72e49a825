"""Which envelopes go last when there is no room."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.trace import Status, StatusCode

from otel_sentry.otel.span_processor import SentrySpanProcessor

if TYPE_CHECKING:
    from otel_sentry.delivery.outbox import OutgoingEnvelope


class Shelf:
    """An outbox that keeps what it is given."""

    def __init__(self) -> None:
        self.envelopes: list[OutgoingEnvelope] = []

    def send(self, envelope: OutgoingEnvelope) -> None:
        self.envelopes.append(envelope)

    def lost(self, *_: Any) -> None: ...

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
