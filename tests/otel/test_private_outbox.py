"""No wallet leaves in plain, wherever in a span it stands."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider

from otel_sentry.otel.span_processor import SentrySpanProcessor

if TYPE_CHECKING:
    from otel_sentry.local.receiver import Receiver

ALICE = "0xD8dA6BF26964aF9D7eEd9e03E53415D37aA96045"
CONTRACT = "0xF2E246BB76DF876Cef8b38ae84130F4F55De395b"
TRANSACTION = "0x" + "ab" * 32


def sent(receiver: Receiver, **settings: Any) -> str:
    """Everything that arrived of a trace which is full of wallets, as text."""
    provider = TracerProvider()
    provider.add_span_processor(SentrySpanProcessor(dsn=receiver.dsn, traces_sample_rate=1.0, **settings))
    tracer = provider.get_tracer(ALICE)
    attributes = {
        "wallet.address": ALICE,
        "url.full": f"https://shop.example/of/{ALICE}?to={CONTRACT}",
        "rpc.params": [f"\n{ALICE}", TRANSACTION],
        f"balance.{ALICE}": 1,
    }
    with tracer.start_as_current_span(f"GET /of/{ALICE}", attributes=attributes) as span:
        span.set_status(trace.Status(trace.StatusCode.ERROR, f"{ALICE} is not the owner"))
    assert provider.force_flush(60_000)
    provider.shutdown()
    return "".join(received.raw.decode() for received in receiver.envelopes)


@pytest.mark.parametrize("wire_format", ["span", "transaction"])
@pytest.mark.parametrize("mode", ["short", "hash", "off"])
def test_no_address_in_plain(mode: str, wire_format: str, receiver: Receiver) -> None:
    """Names, attributes, messages, scopes, trace header; what is no wallet stays readable."""
    text = sent(receiver, wallet_privacy=mode, wallet_hash_key="k", wire_format=wire_format)

    assert ALICE[2:].lower() not in text.lower()
    assert CONTRACT[2:].lower() not in text.lower()
    assert TRANSACTION in text
    assert "is not the owner" in text


def test_plain_says_everything(receiver: Receiver) -> None:
    """Nothing is replaced unless asked for."""
    text = sent(receiver)

    assert f"GET /of/{ALICE}" in text
    assert f"{ALICE} is not the owner" in text
