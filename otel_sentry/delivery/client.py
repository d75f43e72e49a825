"""Joins sentry-sdk: builds a client whose transport is ours, or gives ours to the application's own client.

Whoever calls `connect` makes a new client current; this room touches no global of sentry-sdk.
"""

from __future__ import annotations

import os
import time
import weakref
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import sentry_sdk
from opentelemetry import context
from sentry_sdk.envelope import Envelope, Item
from sentry_sdk.transport import AsyncHttpTransport, Http2Transport, HttpTransport, Transport

from otel_sentry.delivery.late_lock import LateLock, soften
from otel_sentry.delivery.ledger import Ledger
from otel_sentry.delivery.parcel import counts_of
from otel_sentry.delivery.transport import SentryTransport
from otel_sentry.delivery.wire.dialler import suppressed
from otel_sentry.loading import Turnstile, loading
from otel_sentry.masking.own_log import own_logger
from otel_sentry.protocol.item_kinds import Category, LossReason

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from sentry_sdk.client import BaseClient

    from otel_sentry.delivery.outbox import OutgoingEnvelope
    from otel_sentry.delivery.tuning import Tuning

_logger = own_logger("otel_sentry.delivery")

_STOCK: Final = (HttpTransport, Http2Transport, AsyncHttpTransport)
"""Transports that ours replaces. A subclass of them is the application's own, and stays."""


_ONE_AT_A_TIME: Final = Turnstile(20.0)
"""sentry-sdk's integrations import each other in a circle: two threads at once would meet half of it."""


class Connection(NamedTuple):
    """What `connect` gives.

    Args:
        client: the sentry-sdk client that carries everything.
        outbox: hands envelopes to whichever client is current.
        joined: the client was there before; when False it is new, and the caller makes it current.
    """

    client: BaseClient
    outbox: SdkOutbox
    joined: bool


def connect(
    options: Mapping[str, Any],
    *,
    tuning: Tuning | None = None,
    ledger: Ledger | None = None,
    current: Callable[[], BaseClient] = sentry_sdk.get_client,
) -> Connection:
    """Join the application's sentry-sdk client, or build one.

    Args:
        options: of `sentry_sdk.init`, for a client of our own. A client that is there keeps its DSN, hooks and options;
            one without a DSN was switched off by the application and stays so.
        tuning: the numbers of delivery.
        ledger: where to count.
        current: gives the current client.
    """
    outbox = SdkOutbox(tuning=tuning, ledger=ledger, current=current)
    client = current()
    joined = client.is_active()
    if not joined:
        with _ONE_AT_A_TIME.inside(), loading():
            client = sentry_sdk.Client(**options)
    outbox.adopt(client)
    return Connection(client, outbox, joined)


def client_option(name: str) -> Any:
    """An option of the current sentry-sdk client, also where 2.x reads it from `_experiments`; None if it has none."""
    options: Mapping[str, Any] = sentry_sdk.get_client().options
    value = options.get(name)
    return (options.get("_experiments") or {}).get(name) if value is None else value


class SdkOutbox:
    """Sends through the current sentry-sdk client, also one that the application makes later; an `Outbox`.

    Args:
        tuning: the numbers of delivery.
        ledger: where to count; one for all clients.
        current: gives the current client.
    """

    def __init__(
        self,
        *,
        tuning: Tuning | None = None,
        ledger: Ledger | None = None,
        current: Callable[[], BaseClient] = sentry_sdk.get_client,
    ) -> None:
        self.ledger = ledger or Ledger()
        self._tuning = tuning
        self._current = current
        self._client: BaseClient | None = None
        self._transport: Transport | None = None
        self._former: list[SentryTransport] = []
        self._lock = LateLock()

    @property
    def healthy(self) -> bool:
        """Whether Sentry takes what it is sent."""
        return self._transport is None or self._transport.is_healthy()

    def send(self, envelope: OutgoingEnvelope) -> None:
        """Take the envelope over; see `Outbox`."""
        try:
            transport = self._resolved()
            if isinstance(transport, SentryTransport):
                transport.send(envelope)
            elif transport is not None:
                self._send_foreign(transport, envelope)
            spotlight = self._client.spotlight if self._client is not None else None
            if spotlight is not None:
                _send_suppressed(spotlight, envelope)
        except Exception:
            _logger.exception("an envelope could not be sent")

    def send_all(self, envelopes: Sequence[OutgoingEnvelope]) -> None:
        """Take several envelopes over; see `Outbox`."""
        try:
            transport = self._resolved()
            if isinstance(transport, SentryTransport) and (self._client is None or self._client.spotlight is None):
                transport.send_all(envelopes)
                return
        except Exception:
            _logger.exception("envelopes could not be sent")
            for envelope in envelopes:
                self.ledger.lose(LossReason.INTERNAL_SDK_ERROR, ((envelope.category, envelope.quantity),))
            return
        for envelope in envelopes:
            self.send(envelope)

    def lost(self, reason: LossReason, category: Category, quantity: int) -> None:
        """Count a loss; see `Outbox`."""
        self.ledger.lose(reason, ((category, quantity),))
        transport = self._transport
        if transport is not None and not isinstance(transport, SentryTransport):
            with suppress(Exception):
                transport.record_lost_event(reason.value, category.value, quantity=quantity)  # type: ignore[arg-type]

    def bequeath(self, envelopes: Sequence[OutgoingEnvelope]) -> None:
        """Keep what is to be delivered if this process dies; see `Outbox`."""
        try:
            transport = self._resolved()
            if isinstance(transport, SentryTransport):
                transport.bequeath(envelopes)
        except Exception:
            _logger.exception("long spans could not be kept for the next process")

    def flush(self, timeout: float) -> bool:
        """Wait until everything is delivered or on disk; see `Outbox`."""
        deadline = time.monotonic() + timeout
        answers = [_flush(one, max(0.0, deadline - time.monotonic())) for one in self._transports()]
        return all(answers)

    def close(self, timeout: float) -> bool:
        """Flush, then let threads and connections go; see `Outbox`. What comes later starts them anew."""
        flushed = self.flush(timeout)
        for transport in self._transports():
            if isinstance(transport, SentryTransport):
                transport.kill()
        return flushed

    def adopt(self, client: BaseClient) -> None:
        """Give a client our transport where it has sentry-sdk's own, and send through it from now on."""
        with self._lock:
            if client is self._client:
                return
            stock = client.transport
            if stock is not None and type(stock) in _STOCK:
                client.transport = SentryTransport(client.options, tuning=self._tuning, ledger=self.ledger)
                if client.monitor is not None:
                    client.monitor.transport = client.transport
                self._inherit(stock)
            if isinstance(self._transport, SentryTransport) and self._transport is not client.transport:
                self._former = [one for one in (*self._former, self._transport) if not one.idle]
            self._client, self._transport = client, client.transport
            _keep_soft(client)

    def _resolved(self) -> Transport | None:
        """The transport of the current client. A client that was closed (at exit) still delivers through ours."""
        client = self._current()
        if client is not self._client and client.is_active():
            self.adopt(client)
        return self._transport

    def _transports(self) -> list[Transport]:
        self._resolved()
        return [*self._former, *([self._transport] if self._transport is not None else [])]

    def _inherit(self, stock: Transport) -> None:
        """Take over what sentry-sdk's own transport has counted; its worker finishes what it has."""
        fetch = getattr(stock, "_fetch_pending_client_report", None)
        report = fetch(force=True) if fetch is not None else None
        for loss in (report.payload.json or {}).get("discarded_events", ()) if report is not None else ():
            with suppress(ValueError, KeyError):
                self.ledger.lose(LossReason(loss["reason"]), ((Category(loss["category"]), loss["quantity"]),))
        if not isinstance(stock, AsyncHttpTransport):
            stock.kill()

    def _send_foreign(self, transport: Transport, envelope: OutgoingEnvelope) -> None:
        """Hand over to a transport of the application's own; what becomes of it then is not known here."""
        size = sum(map(len, envelope.payload)) if isinstance(envelope.payload, list) else len(envelope.payload)
        counts = counts_of(envelope.category, envelope.quantity, size)
        self.ledger.accept(counts)
        try:
            transport.capture_envelope(_sdk_envelope(envelope))
        except Exception:
            self.ledger.drop(LossReason.INTERNAL_SDK_ERROR, counts)
            raise
        self.ledger.deliver(counts)


def _keep_soft(client: BaseClient) -> None:
    """Let no lock of the client stop all greenlets; its own fork handlers, which come first, give it new ones."""
    soften(client)
    if hasattr(os, "register_at_fork"):
        known = weakref.ref(client)
        os.register_at_fork(after_in_child=lambda: soften(known()))


def _sdk_envelope(envelope: OutgoingEnvelope) -> Envelope:
    payload = envelope.payload if isinstance(envelope.payload, bytes) else b"".join(envelope.payload)
    return Envelope(headers=envelope.headers, items=[Item(payload, headers=envelope.item_headers)])


def _send_suppressed(spotlight: Any, envelope: OutgoingEnvelope) -> None:
    """Show the envelope in Spotlight (development only: it is posted to this machine, on the caller's thread)."""
    token = context.attach(suppressed())
    try:
        spotlight.capture_envelope(_sdk_envelope(envelope))
    finally:
        context.detach(token)


def _flush(transport: Transport, timeout: float) -> bool:
    """Whether nothing is left; transports that do not say are believed."""
    try:
        answer: object = transport.flush(timeout)  # type: ignore[func-returns-value]
    except Exception:
        _logger.exception("a transport could not be flushed")
        return False
    return answer is not False
