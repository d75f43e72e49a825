"""Delivery as sentry-sdk sees it: a `Transport` that keeps several requests in flight."""

from __future__ import annotations

import os
import threading
import time
from collections import deque
from contextlib import suppress
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

import urllib3
from opentelemetry import context
from opentelemetry.instrumentation.utils import suppress_instrumentation
from sentry_sdk.transport import HttpTransport, Transport

from otel_sentry.delivery.compression import Compressor
from otel_sentry.delivery.ledger import Ledger
from otel_sentry.delivery.parcel import Parcel, counts_of, parcel_of_outgoing, parcel_of_sdk
from otel_sentry.protocol.item_kinds import CATEGORY_OF_ITEM, Category, LossReason

if TYPE_CHECKING:
    from collections.abc import Callable

    from sentry_sdk.envelope import Envelope, Item

    from otel_sentry.delivery.outbox import OutgoingEnvelope

del context
_IN_FLIGHT = 8
_MAX_PARCELS = 50_000


class SentryTransport(Transport):
    """Sends envelopes of every kind, several at a time.

    Args:
        options: options of the sentry-sdk client it belongs to.
        ledger: where to count; its own if none is given.
    """

    def __init__(self, options: dict[str, Any], *, ledger: Ledger | None = None) -> None:
        super().__init__(options)
        self.ledger = ledger or Ledger()
        self._compressor = Compressor()
        self._pool = _pool_of(options)
        auth = self.parsed_dsn.to_auth("otel_sentry")
        self._url = auth.get_api_url()
        self._headers = {
            "Content-Type": "application/x-sentry-envelope",
            "X-Sentry-Auth": auth.to_header(),
            "User-Agent": "otel_sentry",
        }
        self._start_over()

    def _start_over(self) -> None:
        self._pid = os.getpid()
        self._waiting: deque[Parcel] = deque()
        self._changed = threading.Condition()
        self._busy = 0
        self._idle = 0
        self._threads = 0
        self._closed = False

    def capture_envelope(self, envelope: Envelope) -> None:
        """Take an envelope of sentry-sdk."""
        with suppress(Exception):
            self._put(parcel_of_sdk(envelope, self._compressor, time.time()))

    def send(self, envelope: OutgoingEnvelope) -> None:
        """Take an envelope of ours."""
        with suppress(Exception):
            self._put(parcel_of_outgoing(envelope, self._compressor, time.time()))

    def _put(self, parcel: Parcel) -> None:
        if self._pid != os.getpid():
            self._start_over()
        self.ledger.accept(parcel.counts)
        with self._changed:
            if self._closed or len(self._waiting) >= _MAX_PARCELS:
                self.ledger.drop(LossReason.QUEUE_OVERFLOW, parcel.counts)
                return
            self._waiting.append(parcel)
            if not self._idle and self._threads < _IN_FLIGHT:
                self._threads += 1
                threading.Thread(target=self._work, name="otel_sentry.delivery", daemon=True).start()
            self._changed.notify()

    def _work(self) -> None:
        with suppress_instrumentation():
            while (parcel := self._next()) is not None:
                try:
                    self._post(parcel)
                finally:
                    with self._changed:
                        self._busy -= 1
                        self._changed.notify_all()

    def _next(self) -> Parcel | None:
        with self._changed:
            self._idle += 1
            self._changed.wait_for(lambda: self._waiting or self._closed, timeout=10)
            self._idle -= 1
            if not self._waiting:
                self._threads -= 1
                return None
            self._busy += 1
            return self._waiting.popleft()

    def _post(self, parcel: Parcel) -> None:
        headers = {**self._headers, "Content-Encoding": parcel.encoding} if parcel.encoding else self._headers
        try:
            answer = self._pool.request("POST", self._url, body=parcel.body, headers=headers, retries=False)
        except Exception:  # noqa: BLE001  whatever goes wrong, the parcel is counted
            self.ledger.drop(LossReason.NETWORK_ERROR, parcel.counts)
            return
        if 200 <= answer.status < 300:
            self.ledger.deliver(parcel.counts)
        else:
            self.ledger.drop(LossReason.SEND_ERROR, parcel.counts)

    def flush(self, timeout: float, callback: Callable[[int, float], None] | None = None) -> bool:  # type: ignore[override]
        """Wait until nothing is left, at most `timeout` seconds."""
        deadline = time.monotonic() + timeout
        with self._changed:
            return self._changed.wait_for(
                lambda: not self._waiting and not self._busy, timeout=max(0.0, deadline - time.monotonic())
            )

    def kill(self) -> None:
        """Let threads end."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def record_lost_event(
        self,
        reason: str,
        data_category: str | None = None,
        item: Item | None = None,
        *,
        quantity: int = 1,
    ) -> None:
        """Count what sentry-sdk dropped."""
        with suppress(ValueError):
            if item is not None:
                category = CATEGORY_OF_ITEM.get(item.type or "", Category.DEFAULT)
                counts = counts_of(category, item.headers.get("item_count") or 1, len(item.get_bytes()))
            else:
                counts = ((Category(data_category), quantity),)
            self.ledger.lose(LossReason(reason), counts)

    def is_healthy(self) -> bool:
        """Whether there is room."""
        return len(self._waiting) < _MAX_PARCELS


def _pool_of(options: dict[str, Any]) -> Any:
    """The pool that sentry-sdk's own transport would use: proxies, TLS, certificates by its options."""
    pool = HttpTransport(options)._pool  # noqa: SLF001  for now
    pool.connection_pool_kw["maxsize"] = _IN_FLIGHT
    if not isinstance(pool, urllib3.PoolManager):
        raise TypeError(type(pool).__name__)
    return pool
