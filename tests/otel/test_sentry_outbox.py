"""How delivery behaves, by the settings."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from otel_sentry.local.receiver import Receiver, Reply
from otel_sentry.otel.sentry_outbox import tuning_of
from otel_sentry.settings.settings import Settings

if TYPE_CHECKING:
    from tests.otel.conftest import Pipe


@pytest.mark.parametrize(("wire_format", "encoding"), [("span", "zstd"), ("transaction", "gzip")])
def test_the_wire_format_chooses_the_compression(wire_format: str, encoding: str) -> None:
    """Servers of the older format cannot read zstd, and some do not say so."""
    assert tuning_of(Settings.from_env({}, wire_format=wire_format)).encoding == encoding


def test_transactions_reach_a_server_that_stumbles_over_zstd(receiver: Receiver, pipe: Callable[..., Pipe]) -> None:
    """Spotlight answers what it cannot decompress with 500, as a server that is down would."""
    receiver.behaviour = lambda posted: Reply(500) if posted.headers.get("content-encoding") == "zstd" else None
    one = pipe(wire_format="transaction")
    for number in range(20):
        one.tracer.start_span("work", attributes={"text": f"{number}" * 300}).end()
    one.provider.shutdown()

    assert len(receiver.transactions) == 20
    assert one.lost() == {}
