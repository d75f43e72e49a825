"""A process that makes spans like a web application and tells what that took.

`python -m tests.delivery.load.application DSN REQUESTS` prints one JSON object.
"""

from __future__ import annotations

import json
import logging
import os
import sys
import time
from pathlib import Path
from typing import Any

from opentelemetry import trace

import otel_sentry
from otel_sentry.protocol.item_kinds import Category

CHILDREN = 20
PART = 10
"""Parts of a run after each of which memory is looked at."""


def request(tracer: trace.Tracer, number: int) -> tuple[float, float]:
    """One request of 21 spans; the seconds that its thread was held up by them, and its CPU time."""
    started, cpu = time.perf_counter(), time.thread_time()
    with tracer.start_as_current_span("GET /mint", attributes={"http.route": "/mint", "request.number": number}):
        for child in range(CHILDREN):
            attributes = {"db.system.name": "postgresql", "db.query.text": "SELECT * FROM tokens", "row": child}
            with tracer.start_as_current_span("SELECT tokens", attributes=attributes) as span:
                span.set_attribute("rows", number % 7)
    return time.perf_counter() - started, time.thread_time() - cpu


def resident_bytes() -> int:
    """Memory of this process; 0 where /proc does not tell."""
    try:
        return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return 0


def run(dsn: str, requests: int) -> dict[str, Any]:
    """Make so many requests as fast as delivery takes them, then flush."""
    telemetry = otel_sentry.configure(dsn=dsn)
    tracer, began = trace.get_tracer("load"), time.process_time()
    memory = []
    for number in range(requests):
        if number % 100 == 99:
            telemetry.flush(30)
        request(tracer, number)
        if number % (requests // PART) == 0:
            memory.append(resident_bytes())
    telemetry.flush(5)
    spans = telemetry.ledger.snapshot()[Category.SPAN]
    return {
        "memory": [*memory, resident_bytes()],
        "books": {"created": spans.created, "delivered": spans.delivered, "dropped": sum(spans.dropped.values())},
        "cpu": time.process_time() - began,
    }


if __name__ == "__main__":
    logging.disable()
    result = run(sys.argv[1], int(sys.argv[2]))
    print(json.dumps(result), flush=True)  # noqa: T201  the parent reads it
