"""Joins sentry-sdk: builds a client whose transport is ours, or gives ours to the application's own client."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import sentry_sdk
from sentry_sdk.envelope import Envelope, Item
from sentry_sdk.transport import AsyncHttpTransport, Http2Transport, HttpTransport, Transport

from otel_sentry.delivery.ledger import Ledger
from otel_sentry.delivery.transport import SentryTransport

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sentry_sdk.client import BaseClient

    from otel_sentry.delivery.outbox import OutgoingEnvelope
    from otel_sentry.protocol.item_kinds import Category, LossReason

_STOCK = (HttpTransport, Http2Transport, AsyncHttpTransport)


@dataclass(frozen=True, slots=True)
class Connection:
    """What `connect` gives.

    Args:
        client: the sentry-sdk client that carries everything.
        outbox: hands envelopes to whichever client is current.
        joined: the client was there before; False: `client` is new and the caller makes it current.
    """

    client: BaseClient
    outbox: SdkOutbox
    joined: bool


def connect(options: Mapping[str, Any], *, ledger: Ledger | None = None) -> Connection:
    """Join the application's sentry-sdk client, or build one.

    Args:
        options: of `sentry_sdk.init`, for a client of our own; a client that is there keeps its own.
        ledger: where to count.
    """
    outbox = SdkOutbox(ledger or Ledger())
    client = sentry_sdk.get_client()
    joined = client.is_active() and client.transport is not None
    if not joined:
        client = sentry_sdk.Client(**options)
    outbox.adopt(client)
    return Connection(client, outbox, joined)


class SdkOutbox:
    """Sends through the current sentry-sdk client, whichever that is; an `Outbox`.

    Args:
        ledger: where to count.
        current: gives the current client.
    """

    def __init__(self, ledger: Ledger, current: Callable[[], BaseClient] = sentry_sdk.get_client) -> None:
        self.ledger = ledger
        self._current = current
        self._client: BaseClient | None = None
        self._transports: list[Transport] = []
        self._lock = threading.Lock()

    def send(self, envelope: OutgoingEnvelope) -> None:
        """Take the envelope over."""
        transport = self._transport()
        if isinstance(transport, SentryTransport):
            transport.send(envelope)
        elif transport is not None:
            transport.capture_envelope(_sdk_envelope(envelope))

    def lost(self, reason: LossReason, category: Category, quantity: int) -> None:
        """Count a loss."""
        transport = self._transport()
        if transport is None or isinstance(transport, SentryTransport):
            self.ledger.lose(reason, ((category, quantity),))
        else:
            transport.record_lost_event(reason.value, category.value, quantity=quantity)  # type: ignore[arg-type]

    def flush(self, timeout: float) -> bool:
        """Flush every transport that was ever adopted."""
        deadline = time.monotonic() + timeout
        answers = [t.flush(max(0.0, deadline - time.monotonic())) for t in self._transports]  # type: ignore[func-returns-value]
        return all(answer is not False for answer in answers)

    def close(self, timeout: float) -> bool:
        """Flush, then stop."""
        flushed = self.flush(timeout)
        for transport in self._transports:
            transport.kill()
        return flushed

    def adopt(self, client: BaseClient) -> None:
        """Give `client` our transport where it has sentry-sdk's own."""
        with self._lock:
            stock = client.transport
            if type(stock) in _STOCK and stock is not None:
                client.transport = SentryTransport(client.options, ledger=self.ledger)
                if client.monitor is not None:
                    client.monitor.transport = client.transport
                stock.kill()
            self._client = client
            if client.transport is not None and client.transport not in self._transports:
                self._transports.append(client.transport)

    def _transport(self) -> Transport | None:
        client = self._current()
        if client is not self._client and client.is_active() and client.transport is not None:
            self.adopt(client)
        return self._client.transport if self._client is not None else None


def _sdk_envelope(envelope: OutgoingEnvelope) -> Envelope:
    payload = envelope.payload if isinstance(envelope.payload, bytes) else b"".join(envelope.payload)
    return Envelope(headers=envelope.headers, items=[Item(payload, headers=envelope.item_headers)])
