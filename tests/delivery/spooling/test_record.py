"""Records: parcels as bytes on disk."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otel_sentry.delivery.parcel import Parcel
from otel_sentry.delivery.spooling.record import DONE, STATE_AT, read_records, record_bytes
from otel_sentry.protocol.item_kinds import Category
from tests.delivery.parcels import DATE, parcel

categories = st.sampled_from(list(Category))
parcels = st.builds(
    Parcel,
    body=st.binary(max_size=300),
    encoding=st.sampled_from(["", "gzip", "zstd"]),
    counts=st.lists(st.tuples(categories, st.integers(0, 2**53)), max_size=3).map(tuple),
    category=categories,
    sent_at=st.floats(0, 4e9),
    precious=st.booleans(),
    refused=st.booleans(),
    divided=st.booleans(),
)


def facts(one: Parcel) -> tuple[object, ...]:
    """What must survive."""
    return (
        one.body,
        one.encoding,
        one.counts,
        one.category,
        one.sent_at,
        one.precious,
        one.refused,
        one.divided,
    )


@given(st.lists(parcels, max_size=5), st.floats(0, 4e9))
def test_what_is_written_can_be_read(written: list[Parcel], date: float) -> None:
    """Every parcel comes back as it was, with its place and its date."""
    records = [record_bytes(one, date) for one in written]
    contents = read_records(b"".join(records))

    assert [facts(record.parcel) for record in contents.records] == [facts(one) for one in written]
    assert [record.offset for record in contents.records] == [sum(map(len, records[:n])) for n in range(len(written))]
    assert all(record.waiting and record.date == date for record in contents.records)
    assert not contents.damaged


def test_a_mark_in_place_is_all_that_changes() -> None:
    """A record that is marked as done stays readable."""
    data = bytearray(record_bytes(parcel(), DATE))
    data[STATE_AT : STATE_AT + 1] = DONE
    contents = read_records(bytes(data))

    assert [record.waiting for record in contents.records] == [False]
    assert not contents.damaged


@given(st.lists(parcels, min_size=1, max_size=3), st.data())
def test_a_record_cut_short_costs_only_itself(written: list[Parcel], data: st.DataObject) -> None:
    """A process that dies while writing leaves all complete records readable, and no damage."""
    records = [record_bytes(one, DATE) for one in written]
    cut = data.draw(st.integers(0, len(records[-1]) - 1))
    contents = read_records(b"".join(records[:-1]) + records[-1][:cut])

    assert len(contents.records) == len(written) - 1
    assert not contents.damaged


@given(st.lists(parcels, min_size=3, max_size=3), st.data())
def test_damage_costs_only_the_records_it_hits(written: list[Parcel], data: st.DataObject) -> None:
    """A flipped byte in the middle loses the record it is in; the others are found."""
    records = [bytearray(record_bytes(one, DATE)) for one in written]
    position = data.draw(st.integers(0, len(records[1]) - 1).filter(lambda at: at != STATE_AT))
    records[1][position] ^= data.draw(st.integers(1, 255))
    contents = read_records(b"".join(records))

    assert [facts(record.parcel) for record in contents.records] == [facts(written[0]), facts(written[2])]
    assert contents.damaged


@given(st.binary(max_size=300))
def test_no_bytes_break_the_reader(data: bytes) -> None:
    """Whatever lies in the folder is read without an exception."""
    assert read_records(data).records == []


@given(st.binary(max_size=60))
def test_no_header_breaks_the_reader(tail: bytes) -> None:
    """The same for what starts like a record."""
    assert read_records(b"OSr1W" + tail).records == []


@pytest.mark.parametrize("facts_json", [b"{}", b"[]", b'{"counts":1}', b"nonsense"])
def test_facts_that_make_no_sense_are_damage(facts_json: bytes) -> None:
    """A record whose checksum is right but whose facts are not is skipped, not trusted."""
    import zlib  # noqa: PLC0415  only this test writes records by hand

    sizes = struct.pack(">HId", len(facts_json), 0, DATE)
    checksum = zlib.crc32(b"", zlib.crc32(facts_json, zlib.crc32(sizes)))
    header = struct.pack(">4scHIdI", b"OSr1", b"W", len(facts_json), 0, DATE, checksum)
    contents = read_records(header + facts_json + record_bytes(parcel(), DATE))

    assert len(contents.records) == 1
    assert contents.damaged
