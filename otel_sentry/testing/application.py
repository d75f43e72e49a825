"""The application's pipeline, the real one, led to the test kit's Sentry. sentry-sdk and OpenTelemetry enter here.

It is set up once per process, as in production, because tracers remember the provider they were made by; between tests
the suite's own set-up is back in its place.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

import sentry_sdk
from opentelemetry import trace

import otel_sentry
from otel_sentry.testing.swap import Swap, global_slots, provider_slots

if TYPE_CHECKING:
    from otel_sentry import Telemetry

ALL_TO_SENTRY: Final = {
    "traces_exporters": "sentry",
    "logs_exporters": "sentry",
    "metrics_exporters": "sentry",
    "traces_sample_rate": "1",
    "errors_only": "false",
    "sdk_disabled": "false",
    "sigterm": "false",
    "spool_dir": "",
    "config_file": "",
}
"""Settings of tests: whatever is recorded is sent, and to nobody else. Others are as the suite has them."""


class Application:
    """Whatever this process records while it is entered.

    Args:
        dsn: where it is sent.
        settings: keywords of `configure()`; they beat `ALL_TO_SENTRY` and the environment.
    """

    def __init__(self, dsn: str, settings: Mapping[str, str]) -> None:
        self._dsn = dsn
        self._settings = {**ALL_TO_SENTRY, **settings, "dsn": dsn, "worker_dsn": dsn}
        self._telemetry: Telemetry | None = None
        self._swap: Swap | None = None

    def enter(self) -> None:
        """Lead the application's telemetry to us; may be called when it is so already."""
        if self._swap is None:
            self._swap = Swap(global_slots())
        if self._swap.entered:
            return
        self._swap.enter()
        try:
            if self._telemetry is None:
                self._telemetry = self._set_up(self._swap)
        except BaseException:
            self._swap.leave()
            raise

    def leave(self) -> None:
        """Put everything back as the suite had it."""
        if self._swap is not None and self._swap.entered:
            self._swap.leave()

    def flush(self, timeout: float) -> bool:
        """Deliver what has been recorded; see `Telemetry.flush`."""
        return self._telemetry is None or self._telemetry.flush(timeout)

    def _set_up(self, swap: Swap) -> Telemetry:
        os.environ["SENTRY_DSN"] = self._dsn
        os.environ["OTEL_SDK_DISABLED"] = "false"
        before = trace.get_tracer_provider()
        _redirect_client(self._dsn, tell=False)
        telemetry = otel_sentry.configure(**self._settings)
        if str(telemetry.settings.dsn) != self._dsn:  # the application has called `configure()` before us
            _redirect_client(self._dsn, tell=True)
        if str(telemetry.settings.dsn) != self._dsn:
            raise RuntimeError(
                "the application has set otel_sentry up to send nothing to Sentry before the fixture `sentry` could: "
                "set otel_sentry_early = true in the configuration of pytest"
            )
        provider = trace.get_tracer_provider()
        if provider is not before:
            # Ours, made just now. Instrumentations keep its tracers; between tests nobody listens to them.
            processors, _ = provider_slots(provider)
            swap.add(processors, outside=())
        return telemetry


def _redirect_client(dsn: str, *, tell: bool) -> None:
    """Give the process a client like the application's own, hooks and all, that sends to us instead.

    Args:
        dsn: of ours.
        tell: whether a pipeline that is there already is to hear of it.
    """
    scope: Any = sentry_sdk.get_global_scope()
    client: Any = scope.client
    if client is None or not client.is_active():
        return
    alike = object.__new__(type(client))
    # As sentry-sdk makes one from a pickle: its options are complete, `init` would not take them a second time.
    alike.__setstate__({"options": {**client.options, "dsn": dsn, "transport": None, "spotlight": None}})
    if tell:
        scope.set_client(alike)
    else:
        scope.client = alike
