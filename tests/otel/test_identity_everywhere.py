"""Other backends see the user on every span, where that is asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from otel_sentry.identity.context import use_wallet
from otel_sentry.otel.identity_everywhere import IdentityEverywhere
from otel_sentry.otel.identity_processor import IdentitySpanProcessor

if TYPE_CHECKING:
    from opentelemetry.trace import Tracer

ALICE, BOB = "0x" + "aa" * 20, "0x" + "bb" * 20


@pytest.fixture(name="backend")
def _backend() -> InMemorySpanExporter:
    return InMemorySpanExporter()


@pytest.fixture(name="tracer")
def _tracer(backend: InMemorySpanExporter) -> Tracer:
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(backend))  # another backend, there before us
    provider.add_span_processor(IdentitySpanProcessor())
    provider.add_span_processor(IdentityEverywhere())
    return provider.get_tracer("application")


def users(backend: InMemorySpanExporter) -> dict[str, object]:
    """Name of each span → the user that it carries."""
    return {span.name: (span.attributes or {}).get("user.id") for span in backend.get_finished_spans()}


def test_every_span_that_ends_later(tracer: Tracer, backend: InMemorySpanExporter) -> None:
    """What had ended before stays as it was."""
    with tracer.start_as_current_span("request"):
        with tracer.start_as_current_span("before"):
            pass
        with tracer.start_as_current_span("sign in") as span:
            span.set_attribute("wallet.address", ALICE)
        with tracer.start_as_current_span("after"):
            pass

    assert users(backend) == {"before": None, "sign in": ALICE, "after": ALICE, "request": ALICE}


def test_blocks_of_several_wallets(tracer: Tracer, backend: InMemorySpanExporter) -> None:
    """Each span has the wallet of its own block, one after a logout has none; what is said by hand stays."""
    with tracer.start_as_current_span("batch"):
        for name, wallet in (("alice", ALICE), ("bob", BOB), ("nobody", None)):
            with use_wallet(wallet), tracer.start_as_current_span(name):
                pass
        with use_wallet(BOB), tracer.start_as_current_span("named", attributes={"user.id": "7"}):
            pass
    found = users(backend)

    assert {name: found[name] for name in ("alice", "bob", "nobody", "named")} == {
        "alice": ALICE,
        "bob": BOB,
        "nobody": None,
        "named": "7",
    }
