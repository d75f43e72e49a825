"""Delivers everything within a hard limit: ours keep to it by themselves, other backends' processors are waited for."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Protocol

from opentelemetry.instrumentation.utils import suppress_instrumentation

from otel_sentry.masking.own_log import own_logger

_logger = own_logger(__name__)


class Flushable(Protocol):
    """What holds telemetry back for a while, such as a span processor or the provider of another signal."""

    def force_flush(self, timeout_millis: int = ...) -> bool:
        """Hand it over; called on a thread of its own, may take longer than it is told."""


class FlushesAside:
    """Flushes that run side by side from now on, each on a thread of its own: they ignore the time they are given.

    Args:
        holders: what to flush.
    """

    def __init__(self, holders: Iterable[Flushable]) -> None:
        self._waits = [_Wait(holder) for holder in holders]

    def done(self, deadline: float) -> bool:
        """Wait for them until a monotonic second, whatever they do.

        Returns:
            Whether all of them were done and said so in time.
        """
        answers = [wait.answer(deadline) for wait in self._waits]
        return all(answers)


class _Wait:
    """One flush on a daemon thread, which may be left behind."""

    def __init__(self, holder: Flushable) -> None:
        self._answer = False
        self._flush: Callable[..., bool] = holder.force_flush
        self._thread = threading.Thread(target=self._run, name="otel_sentry.flush", daemon=True)
        # An interpreter that is leaving starts no threads: then `answer` does it, after what is ours.
        with suppress(RuntimeError):
            self._thread.start()

    def answer(self, deadline: float) -> bool:
        """Whether it was done well by a monotonic second."""
        left = deadline - time.monotonic()
        if self._thread.ident is None:
            if left > 0:
                self._run(int(left * 1000))
            return self._answer
        self._thread.join(max(0.0, left))
        return self._answer and not self._thread.is_alive()

    def _run(self, *limit: int) -> None:
        try:
            with suppress_instrumentation():
                self._answer = bool(self._flush(*limit))
        except Exception:
            _logger.warning("another backend's telemetry could not be flushed", exc_info=True)
