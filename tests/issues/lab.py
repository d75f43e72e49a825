"""A laboratory for exceptions: real spans, a real sentry-sdk client, and a transport that keeps what it is given."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sentry_sdk
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from sentry_sdk.scope import global_event_processors
from sentry_sdk.transport import Transport

from otel_sentry.issues.processor import IssueProcessor
from otel_sentry.otel.segments import segment_of
from otel_sentry.otel.span_processor import SentrySpanProcessor
from otel_sentry.settings.settings import Settings

if TYPE_CHECKING:
    from opentelemetry.trace import Tracer
    from sentry_sdk.envelope import Envelope

    from otel_sentry.delivery.outbox import OutgoingEnvelope

DSN = "http://key@127.0.0.1:1/7"


class KeepingTransport(Transport):
    """Keeps envelopes and losses instead of sending them."""

    def __init__(self, options: dict[str, Any] | None = None) -> None:
        super().__init__(options)
        self.envelopes: list[Envelope] = []
        self.lost: list[tuple[str, str | None, int]] = []

    def capture_envelope(self, envelope: Envelope) -> None:
        self.envelopes.append(envelope)

    def record_lost_event(
        self, reason: str, data_category: str | None = None, item: Any = None, *, quantity: int = 1
    ) -> None:
        self.lost.append((reason, data_category, quantity))


class SilentOutbox:
    """Takes spans and lets them be: these tests are about issues."""

    def send(self, envelope: OutgoingEnvelope) -> None:
        pass

    def send_all(self, envelopes: Any) -> None:
        for envelope in envelopes:
            self.send(envelope)

    def lost(self, reason: Any, category: Any, quantity: int) -> None:
        pass

    def flush(self, timeout: float) -> bool:
        return True

    def close(self, timeout: float) -> bool:
        return True


class Lab:
    """One set-up: a client, a tracer, and what arrived.

    Args:
        rate: sample rate of traces.
        processor: keywords of `IssueProcessor`.
        options: options of `sentry_sdk.init`.
    """

    def __init__(self, *, rate: float = 1.0, processor: dict[str, Any] | None = None, **options: Any) -> None:
        defaults = {"dsn": DSN, "transport": KeepingTransport, "default_integrations": False}
        self.client = sentry_sdk.Client(**{**defaults, **options})
        sentry_sdk.get_global_scope().set_client(self.client)
        self.transport: Any = self.client.transport
        settings = Settings.from_env({}, dsn=DSN, traces_sample_rate=rate)
        self.spans = SentrySpanProcessor(settings=settings, outbox=SilentOutbox())
        self.issues = IssueProcessor(segment_of=segment_of, **(processor or {}))
        global_event_processors.append(self.issues.event_processor)
        self.provider = TracerProvider(resource=Resource.create({"service.name": "lab", "service.version": "1.2"}))
        self.provider.add_span_processor(self.spans)
        self.provider.add_span_processor(self.issues)
        self.tracer: Tracer = self.provider.get_tracer("lab")

    @property
    def sent(self) -> list[dict[str, Any]]:
        """Events that have left so far."""
        return [event for envelope in self.transport.envelopes if (event := envelope.get_event()) is not None]

    def events(self) -> list[dict[str, Any]]:
        """Events, after everything that waits was released."""
        self.issues.force_flush()
        assert self.issues.failures == 0
        return self.sent

    def event(self) -> dict[str, Any]:
        """The only event there is."""
        (event,) = self.events()
        return event

    def close(self) -> None:
        """Leave sentry-sdk as it was."""
        self.issues.shutdown()
        global_event_processors.remove(self.issues.event_processor)
        self.client.close(timeout=0)
        sentry_sdk.get_global_scope().set_client(None)
        sentry_sdk.get_isolation_scope().clear()
