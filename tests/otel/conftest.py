"""Real providers with our processor that send to the embedded Sentry, and the books of what was lost."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider

from otel_sentry.otel.span_processor import SentrySpanProcessor
from otel_sentry.protocol.item_kinds import Category

if TYPE_CHECKING:
    from opentelemetry.trace import Tracer

    from otel_sentry.local.receiver import Receiver


@dataclass
class Pipe:
    """A provider whose spans reach the embedded Sentry."""

    provider: TracerProvider
    processor: SentrySpanProcessor
    receiver: Receiver

    @property
    def tracer(self) -> Tracer:
        return self.provider.get_tracer("app")

    def arrived(self) -> dict[str, dict[str, Any]]:
        """All spans by name, once everything is delivered; the processor is shut down."""
        self.provider.shutdown()
        return {span["name"]: span for span in self.receiver.spans}

    def lost(self, category: Category = Category.SPAN) -> dict[str, int]:
        """What was lost, by reason."""
        books = self.processor.outbox.ledger.snapshot()  # type: ignore[attr-defined]  # our own outbox
        assert all(balance.balanced for balance in books.values())
        return {reason.value: n for reason, n in books[category].dropped.items()} if category in books else {}


@pytest.fixture
def pipe(receiver: Receiver) -> Iterator[Callable[..., Pipe]]:
    """Makes a `Pipe`; keywords are settings, `sampler` is the provider's."""
    made: list[Pipe] = []

    def make(*, sampler: Any = None, **settings: Any) -> Pipe:
        provider = TracerProvider(resource=Resource({"service.name": "shop"}), sampler=sampler)
        processor = SentrySpanProcessor(dsn=receiver.dsn, shutdown_timeout_seconds=60, **settings)
        provider.add_span_processor(processor)
        made.append(Pipe(provider, processor, receiver))
        return made[-1]

    yield make
    for one in made:
        one.provider.shutdown()
