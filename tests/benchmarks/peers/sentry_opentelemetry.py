"""The two integrations with which sentry-sdk itself takes OpenTelemetry spans."""

from __future__ import annotations

import warnings

from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from sentry_sdk.integrations.otlp import OTLPIntegration

from tests.benchmarks.dialects import OpenTelemetryDialect
from tests.benchmarks.peers.rig import Rig
from tests.benchmarks.peers.sentry_native import deliver, initialise


def _deliver_both() -> None:
    provider = trace.get_tracer_provider()
    if isinstance(provider, TracerProvider):
        provider.force_flush()
    deliver()


def span_processor(url: str) -> Rig:
    """Set up `OpenTelemetryIntegration`, which makes transactions of ended spans (deprecated, still shipped)."""
    from sentry_sdk.integrations.opentelemetry.integration import (  # noqa: PLC0415 - only this peer
        OpenTelemetryIntegration,
    )

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        initialise(url, instrumenter="otel", integrations=[OpenTelemetryIntegration()])
    return Rig(OpenTelemetryDialect(trace.get_tracer("benchmark")), _deliver_both)


def otlp(url: str, *, capture_exceptions: bool = False) -> Rig:
    """Set up `OTLPIntegration`, which sends OTLP to Sentry's endpoint."""
    trace.set_tracer_provider(TracerProvider())
    initialise(url, integrations=[OTLPIntegration(capture_exceptions=capture_exceptions)])
    return Rig(OpenTelemetryDialect(trace.get_tracer("benchmark")), _deliver_both)
