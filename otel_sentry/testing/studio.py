"""Where captures are made: one Sentry and one pipeline per process, used by one test after the other."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Final

from otel_sentry.testing.application import Application
from otel_sentry.testing.loopback_sentry import LoopbackSentry
from otel_sentry.testing.sentry_capture import FLUSH_SECONDS, SentryCapture

_APPLICATION_KEY: Final = "application"


class Studio:
    """Makes captures.

    Args:
        settings: keywords of `configure()` for the pipeline of this process.
    """

    def __init__(self, settings: Mapping[str, str]) -> None:
        self._sentry = LoopbackSentry()
        self._application = Application(self._sentry.dsn(_APPLICATION_KEY), settings)
        self._numbers = itertools.count(1)
        self._stays = False

    def stay(self) -> None:
        """Lead the application's telemetry here from now on, between captures too."""
        self._stays = True
        self._application.enter()

    @contextmanager
    def capture(self) -> Iterator[SentryCapture]:
        """Capture what is recorded in the block, and by subprocesses that are given its DSN.

        Each capture has a key of its own for subprocesses: what those of an earlier test still send is not counted.
        """
        key = f"test{next(self._numbers)}"
        self._application.enter()
        self._application.flush(FLUSH_SECONDS)
        self._sentry.store.clear()
        try:
            yield SentryCapture(
                dsn=self._sentry.dsn(key),
                received=lambda: self._sentry.received((_APPLICATION_KEY, key)),
                flush=self._application.flush,
                clear=self._sentry.store.clear,
            )
        finally:
            self._application.flush(FLUSH_SECONDS)
            if not self._stays:
                self._application.leave()

    def close(self) -> None:
        """Put everything back and stop listening."""
        self._application.leave()
        self._sentry.close()
