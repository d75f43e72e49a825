"""Envelopes become parcels."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sentry_sdk.envelope import Envelope, Item, PayloadRef

from otel_sentry.delivery.parcel import (
    counts_of,
    counts_of_item,
    parcel_of_outgoing,
    parcel_of_sdk,
    payload_bytes,
    redated,
    timestamp,
)
from otel_sentry.delivery.wire.compression import GZIP, ZSTD, Compressor, decompress
from otel_sentry.protocol.envelope import parse_envelope
from otel_sentry.protocol.item_kinds import Category
from tests.delivery.parcels import DATE, PLAIN, span_envelope


def test_an_envelope_of_ours_is_written_whole() -> None:
    """Header with `sent_at`, item header with `length`, payload."""
    parcel = parcel_of_outgoing(span_envelope(0, 2, precious=True), Compressor(ZSTD), DATE)
    envelope = parse_envelope(decompress(parcel.encoding, parcel.body))

    assert envelope.headers["sent_at"] == timestamp(DATE)
    assert envelope.headers["trace"]["trace_id"] == f"{1:032x}"
    assert [item.type for item in envelope.items] == ["span"]
    assert (parcel.category, parcel.counts, parcel.precious) == (Category.SPAN, ((Category.SPAN, 2),), True)


def test_an_envelope_of_sentry_sdk_keeps_its_items() -> None:
    """Every item with its headers; counts are those of all items."""
    event = Item(PayloadRef(json={"message": "hi"}), type="event")
    attachment = Item(b"12345", type="attachment", filename="a.txt")
    logs = Item(b"{}", {"item_count": 3}, type="log")
    parcel = parcel_of_sdk(Envelope({"event_id": "a" * 32}, [event, attachment, logs]), PLAIN, DATE)
    envelope = parse_envelope(parcel.body)

    assert [item.type for item in envelope.items] == ["event", "attachment", "log"]
    assert envelope.items[1].headers["filename"] == "a.txt"
    assert parcel.category is Category.ERROR
    assert parcel.counts == (
        (Category.ERROR, 1),
        (Category.ATTACHMENT, 5),
        (Category.LOG_ITEM, 3),
        (Category.LOG_BYTE, 2),
    )


@pytest.mark.parametrize(
    ("category", "expected"),
    [
        pytest.param(Category.SPAN, ((Category.SPAN, 7),), id="spans"),
        pytest.param(Category.TRANSACTION, ((Category.TRANSACTION, 1), (Category.SPAN, 7)), id="a transaction"),
        pytest.param(Category.LOG_ITEM, ((Category.LOG_ITEM, 7), (Category.LOG_BYTE, 100)), id="logs and bytes"),
        pytest.param(
            Category.TRACE_METRIC,
            ((Category.TRACE_METRIC, 7), (Category.TRACE_METRIC_BYTE, 100)),
            id="metrics and bytes",
        ),
        pytest.param(Category.ATTACHMENT, ((Category.ATTACHMENT, 100),), id="attachments by bytes"),
        pytest.param(Category.INTERNAL, (), id="client reports do not count"),
    ],
)
def test_counts_as_sentry_counts(category: Category, expected: object) -> None:
    """Each kind of item counts for the categories of Sentry's client reports."""
    assert counts_of(category, 7, 100) == expected


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        pytest.param(Item(b"{}", type="statsd"), ((Category.DEFAULT, 1),), id="unknown kind"),
        pytest.param(Item(b"{}", {"item_count": 0}, type="span"), ((Category.SPAN, 1),), id="no count"),
        pytest.param(
            Item(b"{}", type="transaction"),
            ((Category.TRANSACTION, 1), (Category.SPAN, 1)),
            id="bytes of a transaction",
        ),
        pytest.param(Item(b"", type="attachment"), ((Category.ATTACHMENT, 1),), id="an empty attachment is one"),
    ],
)
def test_counts_odd_items(item: Item, expected: object) -> None:
    """Items that say little count as one."""
    assert counts_of_item(item, 0) == expected


def test_encodes_a_payload_once() -> None:
    """Bytes are taken as they are; JSON is written compactly."""
    assert payload_bytes(Item(b"{ }", type="event")) == b"{ }"
    assert payload_bytes(Item(PayloadRef(json={"a": [1]}), type="event")) == b'{"a":[1]}'


def test_reads_a_payload_from_a_file(tmp_path: object) -> None:
    """Attachments may be given by path."""
    path = f"{tmp_path}/a.bin"
    with open(path, "wb") as file:  # noqa: PTH123  a plain path is what sentry-sdk gets
        file.write(b"content")

    assert payload_bytes(Item(PayloadRef(path=path), type="attachment")) == b"content"


@given(st.sampled_from([ZSTD, GZIP, ""]), st.floats(0, 4e9))
def test_a_new_date_changes_nothing_else(encoding: str, date: float) -> None:
    """Redating replaces `sent_at` and keeps everything else."""
    compressor = Compressor(encoding)
    parcel = parcel_of_outgoing(span_envelope(0, 3), compressor, DATE)
    before = parse_envelope(decompress(parcel.encoding, parcel.body))
    after = parse_envelope(decompress(*redated(parcel, compressor, date)))

    assert after.headers == {**before.headers, "sent_at": timestamp(date)}
    assert after.items == before.items


def test_what_cannot_be_read_keeps_its_date() -> None:
    """A body that cannot be decompressed here is sent as it is."""
    parcel = parcel_of_outgoing(span_envelope(0, 3), PLAIN, DATE)
    parcel.encoding, parcel.body = "zstd", b"damaged"

    assert redated(parcel, PLAIN, DATE + 100) == ("zstd", b"damaged")


def test_dates_are_rfc_3339() -> None:
    """UTC, microseconds, Z."""
    assert (timestamp(DATE), timestamp(DATE + 0.25)) == ("2026-11-22T05:19:28.000000Z", "2026-11-22T05:19:28.250000Z")
