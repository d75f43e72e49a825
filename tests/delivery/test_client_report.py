"""Losses as client reports and as log lines."""

from __future__ import annotations

from otel_sentry.delivery.client_report import loss_line, report_parcel, report_payload
from otel_sentry.protocol import json_text
from otel_sentry.protocol.envelope import parse_envelope
from otel_sentry.protocol.item_kinds import Category, LossReason
from tests.delivery.parcels import DATE, PLAIN

LOSSES = {
    (Category.SPAN, LossReason.QUEUE_OVERFLOW): 7,
    (Category.LOG_BYTE, LossReason.NETWORK_ERROR): 300,
    (Category.ERROR, LossReason.BEFORE_SEND): 0,
}


def test_a_report_is_what_sentry_reads() -> None:
    """Reason, category and quantity; nothing that is zero."""
    assert report_payload(LOSSES, DATE) == {
        "timestamp": DATE,
        "discarded_events": [
            {"reason": "network_error", "category": "log_byte", "quantity": 300},
            {"reason": "queue_overflow", "category": "span", "quantity": 7},
        ],
    }


def test_a_report_travels_alone_and_counts_for_nothing() -> None:
    """Its parcel has one item, no counts, and remembers what it tells."""
    parcel = report_parcel(LOSSES, PLAIN, now=5, date=DATE)
    (item,) = parse_envelope(parcel.body).items

    assert item.type == "client_report"
    assert json_text.loads(item.payload) == report_payload(LOSSES, DATE)
    assert (parcel.counts, parcel.category, parcel.report) == ((), Category.INTERNAL, LOSSES)


def test_a_line_says_what_and_why() -> None:
    """Items and reasons, without bytes; and the last failure if there is one."""
    assert loss_line({(Category.SPAN, LossReason.QUEUE_OVERFLOW): 7}, "") == (
        "did not reach Sentry: 7 span (queue_overflow)"
    )
    assert loss_line(LOSSES, "HTTP 500 oops").endswith("; last failure: HTTP 500 oops")
    assert "log_byte" not in loss_line(LOSSES, "")
