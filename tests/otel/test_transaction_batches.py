"""The `transaction` wire format against the embedded Sentry and Sentry's own normaliser."""

from __future__ import annotations

import contextvars
from typing import TYPE_CHECKING, Any

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider

from otel_sentry.identity.context import use_wallet
from otel_sentry.otel.span_processor import SentrySpanProcessor
from tests.relay import relay_notes

if TYPE_CHECKING:
    from otel_sentry.local.receiver import Receiver

ALICE = "0x52908400098527886e0f7030069857d2e4169ee7"


@pytest.fixture
def provider(receiver: Receiver) -> TracerProvider:
    """A provider that sends transactions."""
    provider = TracerProvider()
    provider.add_span_processor(
        SentrySpanProcessor(dsn=receiver.dsn, wire_format="transaction", schedule_delay_seconds=0.05, release="a@1")
    )
    return provider


def trace_of(transaction: dict[str, Any]) -> dict[str, Any]:
    return transaction["contexts"]["trace"]


def test_a_segment_becomes_one_transaction(receiver: Receiver, provider: TracerProvider) -> None:
    """Root, children, final name and user are in one payload that Sentry's normaliser takes as it is."""
    tracer = provider.get_tracer("app")
    with tracer.start_as_current_span("GET", attributes={"http.request.method": "GET", "http.route": "/x"}) as root:
        tracer.start_span("before").end()
        with use_wallet(ALICE), tracer.start_as_current_span("inside"):
            pass
        root.update_name("GET /x")

    assert provider.force_flush(60_000)
    (transaction,) = receiver.transactions
    assert transaction["transaction"] == "GET /x"
    assert transaction["user"]["id"] == ALICE
    assert {span["description"] for span in transaction["spans"]} == {"before", "inside"}
    assert {span["parent_span_id"] for span in transaction["spans"]} == {trace_of(transaction)["span_id"]}
    assert relay_notes(transaction) == []


def test_2500_children_all_arrive_in_linked_transactions(receiver: Receiver, provider: TracerProvider) -> None:
    """What does not fit into a thousand spans is sent in segments of its own, all in one trace."""
    tracer = provider.get_tracer("app")
    with tracer.start_as_current_span("root"):
        for _ in range(2_500):
            tracer.start_span("step").end()

    assert provider.force_flush(60_000)
    receiver.wait_for(lambda: sum(1 + len(t["spans"]) for t in receiver.transactions) >= 2_501, timeout=60)
    transactions = receiver.transactions
    ids = {span["span_id"] for t in transactions for span in t["spans"]} | {
        trace_of(t)["span_id"] for t in transactions
    }
    assert len(ids) == 2_501
    assert max(len(t["spans"]) for t in transactions) <= 1000
    assert len({trace_of(t)["trace_id"] for t in transactions}) == 1
    assert (
        sum(bool(trace_of(t)["data"].get("sentry.parent_span_already_sent")) for t in transactions)
        == len(transactions) - 1
    )


def test_a_late_child_becomes_a_linked_segment_of_its_own(receiver: Receiver, provider: TracerProvider) -> None:
    """A child that ends after its root was sent arrives as a transaction with its parent's id, marked."""
    tracer = provider.get_tracer("app")
    with tracer.start_as_current_span("request") as root:
        late = contextvars.copy_context()
    assert provider.force_flush(60_000)
    late.run(lambda: tracer.start_span("background").end())

    assert provider.force_flush(60_000)
    receiver.wait_for(lambda: len(receiver.transactions) == 2)
    background = next(t for t in receiver.transactions if t["transaction"] == "background")
    assert trace_of(background)["parent_span_id"] == f"{root.get_span_context().span_id:016x}"
    assert trace_of(background)["data"]["sentry.parent_span_already_sent"] is True
    assert relay_notes(background) == []


def test_children_of_an_open_root_wait_for_it(receiver: Receiver, provider: TracerProvider) -> None:
    """A flush in the middle of a request does not tear its transaction apart."""
    tracer = provider.get_tracer("app")
    with tracer.start_as_current_span("request"):
        tracer.start_span("step").end()
        provider.force_flush(60_000)
        in_the_middle = len(receiver.transactions)

    assert provider.force_flush(60_000)
    assert in_the_middle == 0
    assert [len(t["spans"]) for t in receiver.transactions] == [1]


def test_shutdown_sends_an_open_request_as_cancelled(receiver: Receiver, provider: TracerProvider) -> None:
    """What is open when the process leaves is one transaction with status cancelled."""
    tracer = provider.get_tracer("app")
    root = tracer.start_span("request")
    tracer.start_span("step", trace.set_span_in_context(root)).end()

    provider.shutdown()

    receiver.wait_for(lambda: len(receiver.transactions) == 1)
    (transaction,) = receiver.transactions
    assert (trace_of(transaction)["status"], len(transaction["spans"])) == ("cancelled", 1)
