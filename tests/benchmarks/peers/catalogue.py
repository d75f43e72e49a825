"""The peers by the name that the command line takes. Naming a peer imports nothing; setting it up does."""

from __future__ import annotations

from dataclasses import dataclass, field
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from tests.benchmarks.peers.rig import Rig

_ROOM: Final = "tests.benchmarks.peers"


@dataclass(frozen=True)
class Peer:
    """A candidate: where its set-up function is and what it is told beyond the sink's address."""

    name: str
    title: str
    module: str
    function: str
    options: dict[str, Any] = field(default_factory=dict)

    def set_up(self, url: str) -> Rig:
        """Start the peer in this process, aimed at the sink at `url`."""
        rig: Rig = getattr(import_module(f"{_ROOM}.{self.module}"), self.function)(url, **self.options)
        return rig


PEERS: Final = {
    peer.name: peer
    for peer in (
        Peer("floor", "FLOOR", "opentelemetry_sdk", "floor"),
        Peer("otel_sentry", "**otel_sentry**", "ours", "configured"),
        Peer("otel_sentry-processor", "**otel_sentry**, `SentrySpanProcessor` alone", "ours", "processor_alone"),
        Peer("otel_sentry-gzip", "**otel_sentry**, without the extra `zstd`", "ours", "without_zstd"),
        Peer("otel_sentry-wallet", "**otel_sentry**, wallet and sampler", "ours", "with_wallet"),
        Peer(
            "otel_sentry-transaction",
            "**otel_sentry**, wire format `transaction`",
            "ours",
            "configured",
            {"OTEL_SENTRY_WIRE_FORMAT": "transaction"},
        ),
        Peer("transactions", "sentry-sdk transactions", "sentry_native", "transactions"),
        Peer("streaming", "sentry-sdk streaming", "sentry_native", "streaming"),
        Peer("integration", "OpenTelemetryIntegration", "sentry_opentelemetry", "span_processor"),
        Peer("otlp-integration", "OTLPIntegration", "sentry_opentelemetry", "otlp"),
        Peer(
            "otlp-integration-errors",
            "OTLPIntegration, capturing errors",
            "sentry_opentelemetry",
            "otlp",
            {"capture_exceptions": True},
        ),
        Peer("otlp", "BatchSpanProcessor + OTLP", "opentelemetry_sdk", "otlp"),
        Peer("otlp-gzip", "the same, gzip", "opentelemetry_sdk", "otlp", {"gzip": True}),
        Peer("logfire", "logfire", "logfire_sdk", "otlp"),
    )
}
"""Every peer of the table, in its order."""
