"""The handle: flush and shutdown end in time whatever other backends do, and say whether all was handed over."""

from __future__ import annotations

import threading

import pytest
from opentelemetry.sdk.trace import SpanProcessor, TracerProvider

from otel_sentry.settings.settings import Settings
from otel_sentry.setup.telemetry import Telemetry


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
