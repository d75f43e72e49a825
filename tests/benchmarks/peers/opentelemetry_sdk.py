"""OpenTelemetry itself: FLOOR without a processor, and the stock batch processor with the OTLP/HTTP exporter."""

from __future__ import annotations

from opentelemetry.sdk.trace import TracerProvider

from tests.benchmarks.dialects import OpenTelemetryDialect
from tests.benchmarks.peers.rig import Rig


def floor(url: str) -> Rig:
    """Set up the unit of all figures: spans are made and forgotten."""
    return Rig(OpenTelemetryDialect(TracerProvider().get_tracer("benchmark")), lambda: None)


def otlp(url: str, *, gzip: bool = False) -> Rig:
    """Set up `BatchSpanProcessor` and the OTLP/HTTP exporter."""
    from opentelemetry.exporter.otlp.proto.http import Compression  # noqa: PLC0415 - FLOOR must not pay for it
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415 - as above
    from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415 - as above

    exporter = OTLPSpanExporter(
        endpoint=f"{url}/v1/traces", compression=Compression.Gzip if gzip else Compression.NoCompression
    )
    provider = TracerProvider()
    provider.add_span_processor(BatchSpanProcessor(exporter))
    return Rig(OpenTelemetryDialect(provider.get_tracer("benchmark")), provider.force_flush)
