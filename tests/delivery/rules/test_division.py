"""Envelopes that were too large, divided."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sentry_sdk.envelope import Envelope, Item, PayloadRef

from otel_sentry.delivery.parcel import Parcel, parcel_of_outgoing, parcel_of_sdk
from otel_sentry.delivery.rules.division import divided
from otel_sentry.delivery.wire.compression import Compressor, decompress
from otel_sentry.protocol import json_text
from otel_sentry.protocol.envelope import parse_envelope
from otel_sentry.protocol.item_kinds import Category
from tests.delivery.parcels import DATE, PLAIN, log_envelope, parcel, span_envelope


def total(parcels: list[Parcel]) -> dict[Category, int]:
    """What parcels count for together."""
    sums: Counter[Category] = Counter()
    for one in parcels:
        for category, number in one.counts:
            sums[category] += number
    return dict(sums)


def entries(one: Parcel) -> list[object]:
    """Entries of a container."""
    (item,) = parse_envelope(decompress(one.encoding, one.body)).items
    found = json_text.loads(item.payload)["items"]
    assert item.headers["item_count"] == len(found)
    return list(found)


@given(st.integers(2, 30), st.sampled_from(["", "gzip", "zstd"]), st.booleans())
def test_halves_hold_what_the_whole_held(number: int, encoding: str, logs: bool) -> None:
    """Both halves together have every entry, in order, and the counts of the whole."""
    compressor = Compressor(encoding)
    make = log_envelope if logs else span_envelope
    whole = parcel_of_outgoing(make(0, number), compressor, DATE)
    pieces = divided(whole, compressor, DATE)

    assert [len(entries(piece)) for piece in pieces] == [number // 2, number - number // 2]
    assert entries(pieces[0]) + entries(pieces[1]) == entries(whole)
    assert total(pieces) == total([whole])
    assert {piece.category for piece in pieces} == {whole.category}


def test_once_is_enough() -> None:
    """A piece is not divided again."""
    first = divided(parcel(0, 8), PLAIN, DATE)

    assert [divided(piece, PLAIN, DATE) for piece in first] == [[], []]


def test_an_event_travels_apart_from_its_attachments() -> None:
    """The event may be small enough by itself."""
    items = [
        Item(PayloadRef(json={"message": "hi"}), type="event"),
        Item(b"x" * 100, type="attachment"),
        Item(b"y" * 50, type="attachment"),
    ]
    whole = parcel_of_sdk(Envelope({"event_id": "a" * 32}, items), PLAIN, DATE)
    pieces = divided(whole, PLAIN, DATE)

    assert [piece.category for piece in pieces] == [Category.ERROR, Category.ATTACHMENT]
    assert [piece.counts for piece in pieces] == [
        ((Category.ERROR, 1), (Category.ATTACHMENT, 0)),
        ((Category.ATTACHMENT, 100), (Category.ATTACHMENT, 50)),
    ]
    assert all(parse_envelope(piece.body).headers["event_id"] == "a" * 32 for piece in pieces)


@pytest.mark.parametrize(
    "whole",
    [
        pytest.param(parcel(0, 1), id="one span"),
        pytest.param(parcel_of_sdk(Envelope({}, [Item(b"{}", type="event")]), PLAIN, DATE), id="one event"),
        pytest.param(Parcel(b"nonsense", "zstd", (), Category.SPAN, DATE), id="unreadable"),
        pytest.param(Parcel(b"nonsense", "", (), Category.SPAN, DATE), id="no envelope"),
        pytest.param(Parcel(b'{}\n{"type":"span","item_count":2}\n{}\n', "", (), Category.SPAN, DATE), id="no entries"),
    ],
)
def test_some_cannot_be_divided(whole: Parcel) -> None:
    """What has no parts stays whole."""
    assert divided(whole, PLAIN, DATE) == []


def test_pieces_wait_as_long_as_the_whole() -> None:
    """Age, preciousness and the flush that waits are inherited."""
    whole = parcel(0, 4, accepted_at=5)
    whole.precious, whole.generation = True, 3

    assert [(one.accepted_at, one.precious, one.generation) for one in divided(whole, PLAIN, DATE)] == [
        (5, True, 3)
    ] * 2
