"""How many spans per second one process gets to the embedded Sentry without loss. `make rates`.

Three loads with default settings: an application that makes web requests of 21 spans without a pause; spans made
beforehand, fed to the queue at the rate that must be sustained; the same, all at once.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from typing import Any

from opentelemetry import trace

import otel_sentry
from otel_sentry.local.receiver import Receiver
from otel_sentry.protocol.item_kinds import Category
from tests.delivery.load.application import CHILDREN, request

SECONDS = 20
RATE = 12_000
BURST = 40_000


def flat_out(dsn: str, seconds: float) -> dict[str, Any]:
    """Make requests without a pause."""
    telemetry = otel_sentry.configure(dsn=dsn)
    tracer, made, began = trace.get_tracer("load"), 0, time.monotonic()
    while time.monotonic() - began < seconds:
        request(tracer, made)
        made += 1
    spans, waiting = made * (CHILDREN + 1), telemetry.ledger.snapshot()[Category.SPAN].pending
    telemetry.flush(60)
    books = telemetry.ledger.snapshot()[Category.SPAN]
    per_second = round(spans / seconds)
    return {"made per second": per_second, "waited at the end": waiting, "made": spans, "delivered": books.delivered}


def told(*command: str) -> dict[str, Any]:
    """What a process says that sends to an embedded Sentry of its own."""
    with Receiver(port=0) as receiver:
        words = [sys.executable, "-m", command[0], receiver.dsn, *command[1:]]
        found: dict[str, Any] = json.loads(subprocess.run(words, capture_output=True, text=True, check=True).stdout)
    return found


def main() -> int:
    """Print the figures; the exit status says whether anything was lost."""
    loads = {
        "flat out": ("tests.delivery.load.rates", str(SECONDS)),
        f"{RATE} per second": ("tests.delivery.load.feeding", str(RATE * SECONDS), str(RATE)),
        f"{BURST} at once": ("tests.delivery.load.feeding", str(BURST), "0"),
    }
    lost = 0
    for name, command in loads.items():
        found = told(*command)
        print(f"{name}: {found}", flush=True)  # noqa: T201
        lost += found["made"] - found["delivered"]
    return 1 if lost else 0


if __name__ == "__main__":
    if len(sys.argv) > 1:
        print(json.dumps(flat_out(sys.argv[1], float(sys.argv[2]))), flush=True)  # noqa: T201  the parent reads it
    else:
        sys.exit(main())
