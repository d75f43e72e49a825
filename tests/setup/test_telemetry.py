"""The handle: flush and shutdown end in time whatever other backends do, and say whether all was handed over."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any, cast

import pytest
from opentelemetry.sdk.trace import SpanProcessor, TracerProvider

from otel_sentry.otel.sentry_outbox import outbox_of
from otel_sentry.otel.span_processor import SentrySpanProcessor
from otel_sentry.protocol.item_kinds import Category, LossReason
from otel_sentry.settings.settings import Settings
from otel_sentry.setup.exit_budget import ExitBudget
from otel_sentry.setup.telemetry import Telemetry
from tests.delivery.conftest import wait_until

if TYPE_CHECKING:
    from otel_sentry.delivery.ledger import Balance
    from otel_sentry.local.receiver import Receiver


class StockProcessor(SpanProcessor):
    """Ignores the time it is given, as OpenTelemetry's own does."""

    def __init__(self, *, answer: bool = True, stuck: threading.Event | None = None) -> None:
        self._answer = answer
        self._stuck = stuck
        self.done = False

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        if self._stuck is not None:
            self._stuck.wait(30)
        self.done = True
        return self._answer


def test_a_stuck_backend_does_not_hold_the_flush() -> None:
    """The flush returns when its time is over, and says that something is left."""
    stuck = threading.Event()
    slow, quick = StockProcessor(stuck=stuck), StockProcessor()
    telemetry = Telemetry(Settings(), others=lambda: [slow, quick])

    assert not telemetry.flush(0.2)
    assert (slow.done, quick.done) == (False, True)
    stuck.set()


@pytest.mark.parametrize("answer", [True, False])
def test_the_flush_says_what_the_backends_say(answer: bool) -> None:
    """One backend that is not done makes the whole flush not done."""
    telemetry = Telemetry(Settings(), others=lambda: [StockProcessor(), StockProcessor(answer=answer)])

    assert telemetry.flush(5.0) is answer


def test_other_signals_are_flushed_too() -> None:
    """Providers of logs and metrics count like span processors."""
    telemetry = Telemetry(Settings())
    telemetry.also_flush((StockProcessor(answer=False),))

    assert not telemetry.flush(5.0)


def test_a_handle_without_sentry_does_no_harm() -> None:
    """Every method answers; there is nothing to wait for."""
    telemetry = Telemetry(Settings())
    telemetry.leave()

    assert (telemetry.flush(0.0), telemetry.shutdown(), telemetry.trace_url()) == (True, True, None)


def test_the_trace_has_a_url_inside_a_span_only() -> None:
    """Outside of any span there is no current trace."""
    settings = Settings.from_env({}, trace_url="https://jaeger/{trace_id}")
    telemetry = Telemetry(settings, provider=TracerProvider(shutdown_on_exit=False))
    with telemetry.start_span("work") as span:
        trace_id = span.get_span_context().trace_id

        assert telemetry.trace_url() == f"https://jaeger/{trace_id:032x}"

    assert telemetry.trace_url() is None


def test_shutting_down_keeps_its_time_whatever_waits(receiver: Receiver) -> None:
    """Spans that a slow hook of the application holds up cost no more than was told; each is counted."""
    stuck = threading.Event()
    settings = Settings.from_env(
        {}, dsn=receiver.dsn, shutdown_timeout_seconds=60.0, before_send_span=lambda span: stuck.wait(60) and span
    )
    outbox = outbox_of(settings, None)()
    budget = ExitBudget(outbox)
    processor = SentrySpanProcessor(settings=settings, outbox=budget, time_left=budget.left)
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(processor)
    telemetry = Telemetry(settings, provider=provider, ours=(processor,), outbox=budget)
    for _ in range(100):
        provider.get_tracer("app").start_span("held up").end()
    began = time.monotonic()

    assert not telemetry.shutdown(0.3)
    assert time.monotonic() - began < 10
    stuck.set()
    wait_until(lambda: books(outbox).created == 100 and not processor.pending())
    assert books(outbox).dropped[LossReason.QUEUE_OVERFLOW] > 0


def books(outbox: Any) -> Balance:
    return cast("Balance", outbox.ledger.snapshot()[Category.SPAN])
