"""When losses are told: a client report to Sentry now and then, and a log line at most once a minute."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

from otel_sentry.delivery.client_report import loss_line, report_parcel
from otel_sentry.masking.own_log import own_logger
from otel_sentry.protocol.item_kinds import Category, LossReason

if TYPE_CHECKING:
    from otel_sentry.delivery.ledger import Ledger
    from otel_sentry.delivery.parcel import Parcel
    from otel_sentry.delivery.rules.traffic import Traffic
    from otel_sentry.delivery.tuning import Tuning
    from otel_sentry.delivery.wire.compression import Compressor

_logger = own_logger("otel_sentry.delivery")

_WORTH_A_LINE: Final = frozenset(
    {
        LossReason.QUEUE_OVERFLOW,
        LossReason.CACHE_OVERFLOW,
        LossReason.BUFFER_OVERFLOW,
        LossReason.RATELIMIT_BACKOFF,
        LossReason.NETWORK_ERROR,
        LossReason.SEND_ERROR,
        LossReason.INVALID,
        LossReason.INTERNAL_SDK_ERROR,
    }
)
"""Losses that nobody asked for; sampling, filters and hooks drop on purpose."""


class Reporting:
    """Reads the ledger's losses. Owned by the delivery thread.

    Args:
        tuning: the numbers.
        ledger: whose losses.
        now: monotonic second of its birth.
        to_sentry: whether client reports are wanted (sentry-sdk's `send_client_reports`).
    """

    def __init__(self, tuning: Tuning, ledger: Ledger, now: float, *, to_sentry: bool) -> None:
        self._tuning = tuning
        self._ledger = ledger
        self._to_sentry = to_sentry
        self._reported_at = now
        self._logged_at = now - tuning.log_seconds
        self._seen = 0
        self._logged: Counter[tuple[Category, LossReason]] = Counter()

    def due(self, now: float, *, urgent: bool) -> bool:
        """Whether a client report should go."""
        waited = urgent or now - self._reported_at >= self._tuning.report_seconds
        return waited and self._to_sentry and self._ledger.has_unreported

    def report(self, traffic: Traffic, compressor: Compressor, *, now: float, date: float) -> Parcel | None:
        """A client report, or None while it could not arrive: its numbers would be lost with it."""
        if not traffic.flowing or not traffic.allowed(Category.INTERNAL, now):
            return None
        losses = self._ledger.take_unreported()
        self._reported_at = now
        return report_parcel(losses, compressor, now=now, date=date) if losses else None

    def log(self, now: float, trouble: str, *, last: bool = False) -> None:
        """Write the line, if there is something new to tell.

        Args:
            now: monotonic seconds; the line before must be old enough.
            trouble: the last failure.
            last: the process leaves: whatever was not told would never be.
        """
        if not last and (now - self._logged_at < self._tuning.log_seconds or self._ledger.losses == self._seen):
            return
        self._seen = self._ledger.losses
        dropped = self._ledger.dropped(_WORTH_A_LINE)
        news = dropped - self._logged
        if news:
            self._logged, self._logged_at = dropped, now
            _logger.warning("%s", loss_line(news, trouble))
