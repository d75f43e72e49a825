"""The wallet of the tests, and where it is looked for."""

from __future__ import annotations

from opentelemetry import trace
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from otel_sentry.identity.user import Identity

ALICE = "0x52908400098527886e0f7030069857d2e4169ee7"
IDENTITY = Identity(wallet=ALICE, wallet_chain="eip155:1", wallet_name="alice.eth")
FOUND = (ALICE.upper(), "alice.eth", 1)


def server_span(exporter: InMemorySpanExporter) -> ReadableSpan:
    """The one server span that was recorded."""
    (span,) = [span for span in exporter.get_finished_spans() if span.kind is trace.SpanKind.SERVER]
    return span


def wallet_on(span: ReadableSpan) -> object:
    """The wallet that a span carries."""
    return (span.attributes or {}).get("wallet.address")
