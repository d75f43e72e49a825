"""Tells Sentry, and the log, what was lost. Pure: payloads and lines from the ledger's numbers.

Source: develop docs "client reports" 1.20.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from otel_sentry.delivery.parcel import Parcel, packed
from otel_sentry.protocol import json_text
from otel_sentry.protocol.envelope import EnvelopeItem
from otel_sentry.protocol.item_kinds import Category

if TYPE_CHECKING:
    from collections.abc import Mapping

    from otel_sentry.delivery.ledger import Report
    from otel_sentry.delivery.wire.compression import Compressor
    from otel_sentry.protocol.item_kinds import LossReason


def report_payload(losses: Report, date: float) -> dict[str, Any]:
    """Payload of a `client_report` item.

    Args:
        losses: what was lost since the last report.
        date: seconds since the epoch.
    """
    discarded = [
        {"reason": reason.value, "category": category.value, "quantity": quantity}
        for (category, reason), quantity in sorted(losses.items())
        if quantity > 0
    ]
    return {"timestamp": date, "discarded_events": discarded}


def report_parcel(losses: Report, compressor: Compressor, *, now: float, date: float) -> Parcel:
    """A parcel that carries only a client report.

    Args:
        losses: what was lost since the last report.
        compressor: for the body.
        now: monotonic seconds.
        date: seconds since the epoch.
    """
    payload = json_text.dumps(report_payload(losses, date))
    item = EnvelopeItem({"type": "client_report", "content_type": "application/json"}, payload)
    encoding, body = packed({}, (item,), compressor, date)
    return Parcel(body, encoding, (), Category.INTERNAL, date, accepted_at=now, precious=True, report=losses)


def loss_line(losses: Mapping[tuple[Category, LossReason], int], trouble: str) -> str:
    """One line about what was lost.

    Args:
        losses: since the last line.
        trouble: the last failure, empty if none is known.
    """
    parts = [
        f"{quantity} {category.value} ({reason.value})"
        for (category, reason), quantity in sorted(losses.items())
        if not category.value.endswith("_byte")
    ]
    return f"did not reach Sentry: {', '.join(parts)}" + (f"; last failure: {trouble}" if trouble else "")
