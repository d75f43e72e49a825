"""A process that feeds real ended spans, made beforehand, to the span queue: faster than any application makes them.

`python -m tests.delivery.load.feeding DSN SPANS PER_SECOND` (0: all at once) prints one JSON object.
"""

from __future__ import annotations

import json
import logging
import sys
import time
from itertools import islice
from typing import TYPE_CHECKING, Any

from opentelemetry.sdk.trace import TracerProvider

from otel_sentry.otel.sentry_outbox import outbox_of
from otel_sentry.otel.span_processor import SentrySpanProcessor
from otel_sentry.protocol.item_kinds import Category
from otel_sentry.settings.settings import Settings
from tests.delivery.load.application import CHILDREN, request

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import ReadableSpan

    from otel_sentry.otel.segments import Segment

TICK_SECONDS = 0.01


def ready_made(processor: SentrySpanProcessor, spans: int) -> list[tuple[ReadableSpan, Segment]]:
    """At least so many spans of web requests, as they reach the queue."""
    kept: list[tuple[ReadableSpan, Segment]] = []
    take, processor._take = processor._take, lambda span, segment: kept.append((span, segment))
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(processor)
    for number in range(spans // (CHILDREN + 1) + 1):
        request(provider.get_tracer("load"), number)
    processor._take = take
    return kept


def run(dsn: str, spans: int, per_second: int) -> dict[str, Any]:
    """Feed so many spans at a pace, then flush."""
    settings = Settings.from_env({}, dsn=dsn)
    outbox: Any = outbox_of(settings, None)()
    processor = SentrySpanProcessor(settings=settings, outbox=outbox)
    made = iter(ready_made(processor, spans))
    began, process_began, feeder_began = time.monotonic(), time.process_time(), time.thread_time()
    most = fed = 0
    while fed < spans:
        due = spans if not per_second else min(spans, int((time.monotonic() - began) * per_second))
        for span, segment in islice(made, due - fed):
            processor._take(span, segment)
        fed, most = due, max(most, processor.pending())
        time.sleep(TICK_SECONDS)
    seconds = time.monotonic() - began
    flushed = processor.force_flush(120_000)
    ours = (time.process_time() - process_began) - (time.thread_time() - feeder_began)
    waited = time.monotonic() - began - seconds
    books = outbox.ledger.snapshot()[Category.SPAN]
    return {
        "fed per second": round(spans / seconds),
        "most that waited": most,
        "seconds after the last": round(waited, 1),
        "spans per second of our threads' CPU": round(spans / ours),
        "flushed": flushed,
        "made": spans,
        "delivered": books.delivered,
        "dropped": sum(books.dropped.values()),
    }


if __name__ == "__main__":
    logging.disable()
    print(json.dumps(run(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))), flush=True)  # noqa: T201  the parent reads it
