"""Delivers everything within a hard limit: ours keep to it by themselves, other backends' processors are waited for."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from opentelemetry.instrumentation.utils import suppress_instrumentation

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import SpanProcessor


def flush_processors(processors: Sequence[SpanProcessor], deadline: float) -> bool:
    """Flush stock processors side by side, each on a thread of its own: they ignore the time they are given.

    Args:
        processors: of other backends.
        deadline: monotonic second at which this returns, whatever they do.

    Returns:
        Whether all of them were done and said so in time.
    """
    waits = [_Wait(processor) for processor in processors]
    answers = [wait.answer(deadline) for wait in waits]
    return all(answers)


class _Wait:
    """One processor's flush on a daemon thread, which may be left behind."""

    def __init__(self, processor: SpanProcessor) -> None:
        self._answer = False
        self._flush: Callable[..., bool] = processor.force_flush
        self._thread = threading.Thread(target=self._run, name="otel_sentry.flush", daemon=True)
        self._thread.start()

    def answer(self, deadline: float) -> bool:
        self._thread.join(max(0.0, deadline - time.monotonic()))
        return self._answer and not self._thread.is_alive()

    def _run(self) -> None:
        with suppress_instrumentation():
            self._answer = bool(self._flush())
