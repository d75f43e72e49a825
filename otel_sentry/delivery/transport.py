"""Delivery as sentry-sdk sees it: a `Transport` that keeps several requests in flight and survives outages.

A thin shell: `init(transport=SentryTransport)` is all it takes. Nothing here blocks or raises into the application.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Final

from sentry_sdk.transport import Transport

from otel_sentry._version import __version__
from otel_sentry.delivery.courier import Courier
from otel_sentry.delivery.ledger import Ledger
from otel_sentry.delivery.parcel import Bequest, Parcel, counts_of_item, parcel_of_outgoing, parcels_of_outgoing
from otel_sentry.delivery.tuning import Tuning
from otel_sentry.delivery.wire.compression import Compressor
from otel_sentry.delivery.wire.dialler import Urllib3Dialler
from otel_sentry.loading import loading
from otel_sentry.masking.own_log import own_logger
from otel_sentry.protocol.item_kinds import Category, LossReason

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sentry_sdk.envelope import Envelope, Item

    from otel_sentry.delivery.desk import Desk, Handed
    from otel_sentry.delivery.outbox import OutgoingEnvelope
    from otel_sentry.delivery.spooling.spool import Spool
    from otel_sentry.delivery.wire.in_flight import Flights

_logger = own_logger("otel_sentry.delivery")

_SDK_ENVELOPE_BYTES: Final = 4096
"""What an envelope of sentry-sdk is taken to weigh before it is encoded."""
_QUIET_FLUSH_SECONDS: Final = 0.1
"""A flush that takes longer tells its callback, as sentry-sdk's own does."""
_CATEGORIES: Final = {category.value: category for category in Category}
_REASONS: Final = {reason.value: reason for reason in LossReason}


class SentryTransport(Transport):
    """Sends envelopes of every kind, several at a time; retries, spools, and counts what is lost.

    Args:
        options: options of the sentry-sdk client it belongs to.
        tuning: the numbers of delivery.
        ledger: where to count; its own if none is given.
    """

    def __init__(self, options: dict[str, Any], *, tuning: Tuning | None = None, ledger: Ledger | None = None) -> None:
        super().__init__(options)
        if self.parsed_dsn is None:
            raise ValueError("a DSN is needed to deliver")
        self.ledger = ledger or Ledger()
        self._tuning = tuning or Tuning()
        self._compressor = Compressor(self._tuning.encoding)
        self._auth = self.parsed_dsn.to_auth(f"sentry.python.otel/{__version__}")
        self._dialler: Urllib3Dialler | None = None
        self._courier = Courier(self._desk, max_bytes=self._tuning.max_bytes, displaced=self._drop)

    def capture_envelope(self, envelope: Envelope) -> None:
        """Take an envelope of sentry-sdk; it is encoded on the delivery thread."""
        try:
            if not self._courier.submit(envelope, _SDK_ENVELOPE_BYTES, precious=True):
                self._lose(LossReason.QUEUE_OVERFLOW, envelope)
        except Exception:  # telemetry must not fail the application
            _logger.exception("an envelope could not be taken")

    def send(self, envelope: OutgoingEnvelope) -> None:
        """Take an envelope of ours; the caller pays for its compression."""
        try:
            parcel = parcel_of_outgoing(envelope, self._compressor, time.time())
        except Exception:
            _logger.exception("an envelope could not be taken")
            self.ledger.lose(LossReason.INTERNAL_SDK_ERROR, ((envelope.category, envelope.quantity),))
        else:
            self._submit(parcel)

    def send_all(self, envelopes: Sequence[OutgoingEnvelope]) -> None:
        """Take several envelopes; cheaper than one by one."""
        try:
            parcels = parcels_of_outgoing(envelopes, self._compressor, time.time())
        except Exception:  # noqa: BLE001  one of them cannot be encoded: only that one is lost
            for envelope in envelopes:
                self.send(envelope)
            return
        for parcel in parcels:
            self._submit(parcel)

    def bequeath(self, envelopes: Sequence[OutgoingEnvelope]) -> None:
        """Keep what the next process is to deliver if this one dies; see `Outbox`."""
        if self._tuning.spool_dir is None:
            return
        parcels = [parcel_of_outgoing(envelope, self._compressor, time.time()) for envelope in envelopes]
        self._courier.submit(Bequest(parcels), 0, precious=True)

    def flush(self, timeout: float, callback: Callable[[int, float], Any] | None = None) -> bool:  # type: ignore[override]
        """Wait until what was handed over is delivered or on disk.

        Args:
            timeout: longest wait in seconds; kept whatever Sentry does.
            callback: told the number of waiting envelopes and `timeout` if it takes more than a moment.

        Returns:
            True when the process could lose nothing any more. (sentry-sdk ignores the answer.)
        """
        if timeout <= 0:
            return self._courier.waiting == 0
        quiet = min(_QUIET_FLUSH_SECONDS, timeout) if callback is not None else timeout
        started = time.monotonic()
        safe = self._courier.flush(quiet, anything=self.ledger.has_unreported)
        left = timeout - (time.monotonic() - started)
        if safe or callback is None or left <= 0:
            return safe
        callback(self._courier.waiting, timeout)
        return self._courier.flush(left, anything=False)

    def kill(self) -> None:
        """Let the thread and the connections go, within a moment; what could not be delivered is counted and logged."""
        self._courier.kill()

    def record_lost_event(
        self,
        reason: str,
        data_category: str | None = None,
        item: Item | None = None,
        *,
        quantity: int = 1,
    ) -> None:
        """Count what sentry-sdk dropped; see its `Transport.record_lost_event`."""
        known = _REASONS.get(reason, LossReason.INTERNAL_SDK_ERROR)
        if item is not None:
            self.ledger.lose(known, counts_of_item(item, len(item.get_bytes())))
        elif data_category is not None:
            self.ledger.lose(known, ((_CATEGORIES.get(data_category, Category.DEFAULT), quantity),))

    @property
    def idle(self) -> bool:
        """Whether nothing is left that the process could lose."""
        return self._courier.waiting == 0

    def is_healthy(self) -> bool:
        """Whether Sentry takes what it is sent; sentry-sdk samples less while not."""
        desk = self._courier.desk
        return desk is None or desk.healthy

    def _desk(self, wake: Callable[[], None]) -> Desk:
        """Made, and loaded, with the first envelope of a process: importing and configuring open nothing."""
        with loading():
            from otel_sentry.delivery.desk import Desk  # noqa: PLC0415
            from otel_sentry.delivery.wire.in_flight import Flights  # noqa: PLC0415
        if self._dialler is None:
            headers = {
                "Content-Type": "application/x-sentry-envelope",
                "User-Agent": str(self._auth.client),
                "X-Sentry-Auth": self._auth.to_header(),
            }
            self._dialler = Urllib3Dialler(self.options or {}, self._auth.get_api_url(), headers)
        wants_reports = bool((self.options or {}).get("send_client_reports", True))
        open_spool = self._open_spool if self._tuning.spool_dir else None
        flights: Flights[Parcel] = Flights(self._dialler, wake, self._tuning.timeouts)
        return Desk(
            self._tuning,
            flights,
            self.ledger,
            self._compressor,
            reports=wants_reports,
            open_spool=open_spool,
        )

    def _submit(self, parcel: Parcel) -> None:
        parcel.accepted_at = time.monotonic()
        self.ledger.accept(parcel.counts)
        try:
            taken = self._courier.submit(parcel, parcel.weight, precious=parcel.precious)
        except Exception:  # the thread could not start: the parcel waits, and the next one tries again
            _logger.exception("delivery could not begin")
            return
        if not taken:
            self.ledger.drop(LossReason.QUEUE_OVERFLOW, parcel.counts)

    def _open_spool(self) -> Spool:
        with loading():
            from otel_sentry.delivery.spooling.home import folder_for  # noqa: PLC0415
            from otel_sentry.delivery.spooling.spool import Spool  # noqa: PLC0415
        return Spool(
            folder_for(self._tuning.spool_dir or "", f"{self._auth.get_api_url()} {self._auth.public_key}"),
            max_bytes=self._tuning.spool_max_bytes,
            max_age_seconds=self._tuning.max_age_seconds,
        )

    def _drop(self, displaced: Handed) -> None:
        """Count what gave way to something precious; sentry-sdk's envelopes and bequests are precious themselves."""
        if isinstance(displaced, Parcel):
            self.ledger.drop(LossReason.QUEUE_OVERFLOW, displaced.counts)

    def _lose(self, reason: LossReason, envelope: Envelope) -> None:
        for item in envelope.items:
            self.ledger.lose(reason, counts_of_item(item, 0))
