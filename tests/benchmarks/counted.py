"""What runs under callgrind: the hot path in three parts, with a call of `getppid` before and after each.

The collector is off, hashes and ids are fixed, no thread runs: the same build of Python executes the same instructions.
Once all is warm it says so and waits for a line, so that imports need not be counted, which would take a minute.
"""

from __future__ import annotations

import gc
import os
import random
import select
import sys
from typing import TYPE_CHECKING, cast

from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider

import otel_sentry
from otel_sentry import SentrySpanProcessor
from tests.benchmarks.dialects import OpenTelemetryDialect
from tests.benchmarks.loads.sequential import back_to_back
from tests.benchmarks.loads.web_request import VARIANTS
from tests.benchmarks.message import say

if TYPE_CHECKING:
    from collections.abc import Sequence

    from otel_sentry.delivery.outbox import OutgoingEnvelope
    from otel_sentry.protocol.item_kinds import Category, LossReason


class NoOutbox:
    """Takes envelopes and forgets them: delivery's cost per request is measured by the clock, not here."""

    def send(self, envelope: OutgoingEnvelope) -> None:
        """Forget the envelope."""

    def send_all(self, envelopes: Sequence[OutgoingEnvelope]) -> None:
        """Forget several."""

    def lost(self, reason: LossReason, category: Category, quantity: int) -> None:
        """Fail: a lost span would cost less than one that is sent."""
        message = f"{quantity} {category} lost: {reason}"
        raise AssertionError(message)

    def flush(self, timeout: float) -> bool:
        """Have nothing left."""
        return True

    def close(self, timeout: float) -> bool:
        """Have nothing left."""
        return True


def main(requests: int) -> None:
    """Run FLOOR, then all that `configure()` adds, then what the batch thread does with what that queued."""
    random.seed(0)
    floor = OpenTelemetryDialect(TracerProvider().get_tracer("benchmark"))
    otel_sentry.configure(dsn="http://benchmark@127.0.0.1:9/1")
    provider = cast("TracerProvider", trace.get_tracer_provider())
    processors = provider._active_span_processor._span_processors
    processor = next(one for one in processors if isinstance(one, SentrySpanProcessor))
    processor._pipeline._outbox = NoOutbox()
    queue = processor._queue
    queue._idle, queue._chore = False, None  # nobody wakes, so nobody starts, the thread
    ours = OpenTelemetryDialect(trace.get_tracer("benchmark"))
    for _ in range(2):
        back_to_back(floor, VARIANTS)
        back_to_back(ours, VARIANTS)
        queue._turn()
    gc.collect()
    gc.disable()
    say({"ready": True})
    while not select.select([sys.stdin], [], [], 0)[0]:
        pass  # busy, because valgrind hears of the switch without help from the system only while the program runs
    os.getppid()
    back_to_back(floor, requests)
    os.getppid()
    back_to_back(ours, requests)
    os.getppid()
    queue._turn()
    os.getppid()


if __name__ == "__main__":
    main(int(sys.argv[1]))
