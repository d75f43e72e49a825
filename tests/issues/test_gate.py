"""The last stop before a transport: what passes, what is kept, what is counted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import sentry_sdk
from sentry_sdk.integrations.dedupe import DedupeIntegration

from otel_sentry.issues.gate import Gate
from tests.issues.lab import DSN, KeepingTransport

if TYPE_CHECKING:
    from collections.abc import Callable


class Keeper:
    """Keeps every event it is offered, until it is told to release them."""

    def __init__(self, *, keeps: bool = True) -> None:
        self.keeps = keeps
        self.kept: list[tuple[Any, Callable[[Any], None]]] = []
        self.gate = Gate(self.offer, self.release)

    def offer(self, envelope: Any, forward: Callable[[Any], None]) -> bool:
        if self.keeps and envelope.get_event() is not None:
            self.kept.append((envelope, forward))
            return True
        return False

    def release(self) -> None:
        for envelope, forward in self.kept:
            forward(envelope)
        self.kept.clear()


@pytest.fixture
def client() -> Any:
    return sentry_sdk.Client(dsn=DSN, transport=KeepingTransport, default_integrations=False)


def test_keeps_and_forwards(client: Any) -> None:
    """What is kept does not reach the transport before it is released; a flush of the client releases it."""
    keeper = Keeper()
    keeper.gate.watch(client)
    client.capture_event({"message": "hello"})
    before = len(client.transport.envelopes)
    client.flush()

    assert (before, len(client.transport.envelopes), keeper.kept) == (0, 1, [])


def test_lets_pass(client: Any) -> None:
    """What nobody keeps passes at once."""
    keeper = Keeper(keeps=False)
    keeper.gate.watch(client)
    client.capture_event({"message": "hello"})

    assert len(client.transport.envelopes) == 1


def test_watches_once(client: Any) -> None:
    """Watching a client again and again changes nothing; two gates stand one behind the other."""
    keepers = [Keeper(), Keeper()]
    for _ in range(3):
        for keeper in keepers:
            keeper.gate.watch(client)
    client.capture_event({"message": "hello"})

    assert [len(keeper.kept) for keeper in keepers] == [0, 1]
    client.flush()
    assert len(client.transport.envelopes) == 1


def test_follows_a_new_transport(client: Any) -> None:
    """A transport that takes another one's place is watched when the client is shown again."""
    keeper = Keeper()
    keeper.gate.watch(client)
    client.transport = KeepingTransport(client.options)
    keeper.gate.watch(client)
    client.capture_event({"message": "hello"})

    assert len(keeper.kept) == 1


def test_client_without_transport() -> None:
    """There is nothing to stand before."""
    client: Any = sentry_sdk.Client(default_integrations=False)
    Keeper().gate.watch(client)

    assert client.transport is None


def test_takes_sentry_sdks_own_deduplication_over() -> None:
    """It remembers one exception only, holds it with its frames, and would hide a capture that is to be joined."""
    client: Any = sentry_sdk.Client(
        dsn=DSN, transport=KeepingTransport, default_integrations=False, integrations=[DedupeIntegration()]
    )
    Keeper().gate.watch(client)

    assert client.get_integration(DedupeIntegration) is None


def test_repetitions_are_not_losses(client: Any) -> None:
    """One drop that was announced is not counted; the next one is."""
    keeper = Keeper()
    keeper.gate.watch(client)
    keeper.gate.expect_drop()
    client.transport.record_lost_event("event_processor", data_category="error")
    client.transport.record_lost_event("before_send", data_category="error")

    assert client.transport.lost == [("before_send", "error", 1)]
