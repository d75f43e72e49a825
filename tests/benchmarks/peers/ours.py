"""otel_sentry as one line sets it up, and with what a dapp adds to that line."""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, cast

from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider

import otel_sentry
from tests.benchmarks.dialects import OpenTelemetryDialect
from tests.benchmarks.peers.rig import DELIVERY_SECONDS, Rig, dsn

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import ModuleType

    from tests.benchmarks.loads.web_request import SpanShape


class WalletDialect(OpenTelemetryDialect):
    """Plain OpenTelemetry inside a block that names the user's wallet, as a sign-in middleware would write it."""

    @contextmanager
    def root(self, shape: SpanShape, variant: int) -> Iterator[Any]:
        with otel_sentry.use_wallet(f"0x{variant:040x}", name=f"user-{variant}.eth"), self.span(shape, variant) as span:
            yield span


def _configure(url: str, environment: dict[str, str]) -> otel_sentry.Telemetry:
    os.environ["SENTRY_DSN"] = dsn(url)
    os.environ.update(environment)
    return otel_sentry.configure()


def configured(url: str, **environment: str) -> Rig:
    """Set up `otel_sentry.configure()`."""
    telemetry = _configure(url, environment)
    dialect = OpenTelemetryDialect(trace.get_tracer("benchmark"))
    return Rig(dialect, lambda: telemetry.flush(timeout=DELIVERY_SECONDS))


def without_zstd(url: str) -> Rig:
    """Set up `otel_sentry.configure()` where no zstd library is installed."""
    for library in ("compression.zstd", "zstandard"):
        sys.modules[library] = cast("ModuleType", None)  # its import fails from here on
    return configured(url)


def processor_alone(url: str) -> Rig:
    """Set up `SentrySpanProcessor` on a provider of the application's own: spans, but no issues."""
    os.environ["SENTRY_DSN"] = dsn(url)
    processor = otel_sentry.SentrySpanProcessor()
    provider = TracerProvider()
    provider.add_span_processor(processor)
    dialect = OpenTelemetryDialect(provider.get_tracer("benchmark"))
    return Rig(dialect, lambda: processor.force_flush(int(DELIVERY_SECONDS * 1000)))


def with_wallet(url: str) -> Rig:
    """Set up `otel_sentry.configure()` with Sentry's sampler at the head, and name a wallet in each request."""
    telemetry = _configure(url, {"OTEL_TRACES_SAMPLER": "sentry", "SENTRY_TRACES_SAMPLE_RATE": "1.0"})
    dialect = WalletDialect(trace.get_tracer("benchmark"))
    return Rig(dialect, lambda: telemetry.flush(timeout=DELIVERY_SECONDS))
