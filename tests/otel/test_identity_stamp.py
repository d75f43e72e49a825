"""A local root that starts inside `use_wallet` carries the wallet, beside what the application says of the user."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import SpanLimits, TracerProvider

from otel_sentry import SentrySpanProcessor, use_wallet

if TYPE_CHECKING:
    from otel_sentry.local.receiver import Receiver

ALICE = "0x" + "a" * 40
BOB = "0x" + "b" * 40
IMPLIED = {"user.id": ALICE, "user.name": "alice.eth", "wallet.address": ALICE, "wallet.name": "alice.eth"}


@pytest.mark.parametrize(
    ("own", "expected"),
    [
        ({}, IMPLIED),
        ({"other": 1}, {"other": 1, **IMPLIED}),
        ({"user.id": "42"}, {**IMPLIED, "user.id": "42"}),
        ({"user.id": "42", "user.name": "ann"}, {**IMPLIED, "user.id": "42", "user.name": "ann"}),
        ({"enduser.id": "42"}, {"enduser.id": "42", **{key: IMPLIED[key] for key in IMPLIED if key != "user.id"}}),
        ({"wallet.address": ALICE.upper().replace("X", "x")}, {**IMPLIED, "wallet.address": "0x" + "A" * 40}),
        ({"wallet.address": BOB}, IMPLIED),
    ],
)
def test_what_the_root_carries(own: dict[str, Any], expected: dict[str, Any], receiver: Receiver) -> None:
    """An explicit user stays; another wallet gives way to the block's."""
    provider = TracerProvider(resource=Resource.get_empty(), shutdown_on_exit=False)
    provider.add_span_processor(SentrySpanProcessor(dsn=receiver.dsn))
    with (
        use_wallet(ALICE, "alice.eth"),
        provider.get_tracer("app").start_as_current_span("root", attributes=own) as root,
    ):
        found = dict(root.attributes or {})  # type: ignore[attr-defined]
    provider.force_flush()
    provider.shutdown()

    assert found == expected
    (span,) = receiver.spans
    assert span["attributes"]["user.id"]["value"] == expected.get("user.id", expected.get("enduser.id"))


@pytest.mark.parametrize("limits", [SpanLimits(max_attributes=3), SpanLimits(max_attribute_length=7)])
def test_limits_are_the_sdks(limits: SpanLimits, receiver: Receiver) -> None:
    """Where they are narrow, its own way of keeping them is taken."""
    provider = TracerProvider(resource=Resource.get_empty(), span_limits=limits, shutdown_on_exit=False)
    provider.add_span_processor(SentrySpanProcessor(dsn=receiver.dsn))
    with use_wallet(ALICE), provider.get_tracer("app").start_as_current_span("root", attributes={"a": 1}) as root:
        found = dict(root.attributes or {})  # type: ignore[attr-defined]
    provider.shutdown()

    assert len(found) <= (limits.max_attributes or 128)
    assert all(len(str(value)) <= (limits.max_attribute_length or 100) for value in found.values())
