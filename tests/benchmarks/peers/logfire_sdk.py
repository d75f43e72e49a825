"""logfire without an account: its spans go to an OTLP endpoint named by the standard variable."""

from __future__ import annotations

import os

import logfire
from opentelemetry import trace

from tests.benchmarks.dialects import OpenTelemetryDialect
from tests.benchmarks.peers.rig import DELIVERY_SECONDS, Rig


def otlp(url: str) -> Rig:
    """Set up logfire, quiet on the console, everything else at its defaults."""
    os.environ["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"] = f"{url}/v1/traces"
    instance = logfire.configure(send_to_logfire=False, console=False)
    return Rig(
        OpenTelemetryDialect(trace.get_tracer("benchmark")),
        lambda: instance.force_flush(timeout_millis=int(DELIVERY_SECONDS * 1000)),
    )
