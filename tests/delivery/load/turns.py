"""A process that makes web requests in turns, when it is told to.

`python -m tests.delivery.load.turns DSN SPOOL_DIR FILE_BYTES` makes one turn for each line of its standard input and
prints what it took as one JSON object; after the last it prints the books.
"""

from __future__ import annotations

import json
import logging
import sys
import threading
import time
from statistics import median
from typing import Any

from opentelemetry import trace

import otel_sentry
from otel_sentry.protocol.item_kinds import Category
from tests.delivery.load.application import request
from tests.delivery.load.core_waits import core_waits, held_up

REQUESTS = 69
"""The slowest of so many is as often above the 99th percentile as below: 0.99 ** 69 = 0.5."""
PER_SECOND = 100


def turn(tracer: trace.Tracer) -> dict[str, float]:
    """Make requests at a pace; how long the usual and the slowest one held the thread up."""
    own, due = str(threading.get_native_id()), time.perf_counter()
    walls, held, cpus = [], [], []
    for number in range(REQUESTS):
        due += 1 / PER_SECOND
        time.sleep(max(0.0, due - time.perf_counter()))
        before = core_waits()
        wall, cpu = request(tracer, number)
        walls.append(wall)
        cpus.append(cpu)
        held.append(held_up(wall, cpu, before, core_waits(), own))
    return {"p50": median(held), "p99": max(held), "p99 of CPU time": max(cpus), "p99 of wall time": max(walls)}


def books(telemetry: otel_sentry.Telemetry) -> dict[str, Any]:
    """What became of the spans."""
    spans = telemetry.ledger.snapshot()[Category.SPAN]
    dropped = {reason.value: count for reason, count in spans.dropped.items()}
    return {"created": spans.created, "delivered": spans.delivered, **dropped, "balanced": spans.balanced}


def main(dsn: str, spool_dir: str, file_bytes: str) -> None:
    """Run until standard input ends."""
    telemetry = otel_sentry.configure(dsn=dsn, spool_dir=spool_dir or None)
    if file_bytes:
        import resource  # noqa: PLC0415  POSIX only
        import signal  # noqa: PLC0415

        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (int(file_bytes), resource.getrlimit(resource.RLIMIT_FSIZE)[1]))
    tracer = trace.get_tracer("turns")
    for _ in sys.stdin:
        print(json.dumps(turn(tracer)), flush=True)  # noqa: T201  the parent reads it
    telemetry.flush(2)
    print(json.dumps(books(telemetry)), flush=True)  # noqa: T201


if __name__ == "__main__":
    logging.disable()
    main(*sys.argv[1:])
