"""100,000 requests later the propagator is as small as before."""

from __future__ import annotations

import gc
import sys

from opentelemetry import baggage as otel_baggage
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.trace import set_span_in_context

from otel_sentry.otel.propagator import SentryPropagator

ROUNDS = 100_000
MOST_NEW_BLOCKS = 2_000
"""Far below one block of memory per request; interpreter caches need some."""


def test_memory_stays_flat() -> None:
    """100,000 injections and 10,000 extractions leave nothing behind."""
    tracer = TracerProvider().get_tracer("test")
    propagator = SentryPropagator(dsn="https://public@o12.ingest.sentry.io/1", release="app@1")
    context = otel_baggage.set_baggage("tenant", "a")
    context = set_span_in_context(tracer.start_span("root", context), context)

    def requests(count: int) -> int:
        for number in range(count):
            carrier: dict[str, str] = {}
            propagator.inject(carrier, context)
            if number % 10 == 0:
                propagator.extract(carrier)
        gc.collect()
        return sys.getallocatedblocks()

    before = requests(1000)
    after = requests(ROUNDS)

    assert after - before < MOST_NEW_BLOCKS
