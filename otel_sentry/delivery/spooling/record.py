"""How a parcel lies on disk: one record after another, each with its own checksum. Pure: bytes in, values out.

A record is `header | facts as JSON | body`. One byte of the header says whether it still waits; it alone is ever
changed in place, and the checksum leaves it out.
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass
from typing import Final

from otel_sentry.delivery.parcel import Parcel
from otel_sentry.protocol import json_text
from otel_sentry.protocol.item_kinds import Category

STATE_AT: Final = 4
"""Where in a record the state byte is."""
DONE: Final = b"D"
_WAITING: Final = b"W"
_MAGIC: Final = b"OSr1"
_HEADER: Final = struct.Struct(">4scHIdI")  # magic, state, bytes of facts, bytes of body, date, checksum


@dataclass(frozen=True, slots=True)
class Record:
    """A parcel as it was found on disk.

    Args:
        offset: of the record in its file.
        waiting: it was not delivered yet.
        date: seconds since the epoch at which it was written.
        parcel: the parcel; its `accepted_at` is unknown.
    """

    offset: int
    waiting: bool
    date: float
    parcel: Parcel


@dataclass(frozen=True, slots=True)
class Contents:
    """What a file holds.

    Args:
        records: those whose checksum is right.
        damaged: something else is there too. A record cut short at the end is no damage: it was never complete.
    """

    records: list[Record]
    damaged: bool


def record_bytes(parcel: Parcel, date: float) -> bytes:
    """A parcel as a record.

    Args:
        parcel: what to write.
        date: seconds since the epoch.
    """
    facts = json_text.dumps(
        {
            "counts": [(category.value, number) for category, number in parcel.counts],
            "category": parcel.category.value,
            "encoding": parcel.encoding,
            "sent_at": parcel.sent_at,
            "precious": parcel.precious,
            "refused": parcel.refused,
            "divided": parcel.divided,
        }
    )
    checksum = _checksum(len(facts), len(parcel.body), date, facts, parcel.body)
    return _HEADER.pack(_MAGIC, _WAITING, len(facts), len(parcel.body), date, checksum) + facts + parcel.body


def read_records(data: bytes) -> Contents:
    """Everything that can be read in a file; damage costs only the records it hits."""
    records: list[Record] = []
    damaged, at = False, 0
    while at < len(data):
        found = _record_at(data, at)
        if found is None:
            following = data.find(_MAGIC, at + 1)
            if following < 0:
                return Contents(records, damaged or not _cut_short(data, at))
            damaged, at = True, following
            continue
        record, at = found
        records.append(record)
    return Contents(records, damaged)


def _record_at(data: bytes, at: int) -> tuple[Record, int] | None:
    """The record at an offset and the offset behind it, or None if there is no good one."""
    if len(data) - at < _HEADER.size or not data.startswith(_MAGIC, at):
        return None
    _, state, facts_size, body_size, date, checksum = _HEADER.unpack_from(data, at)
    facts_at = at + _HEADER.size
    body_at = facts_at + facts_size
    end = body_at + body_size
    if end > len(data):
        return None
    facts, body = data[facts_at:body_at], data[body_at:end]
    if _checksum(facts_size, body_size, date, facts, body) != checksum:
        return None
    try:
        parcel = _parcel(json_text.loads(facts), body)
    except (ValueError, TypeError, KeyError):
        return None
    return Record(at, state != DONE, date, parcel), end


def _cut_short(data: bytes, at: int) -> bool:
    """Whether the rest of the file is the beginning of a record whose end is missing."""
    rest = data[at:]
    if len(rest) < _HEADER.size:
        return _MAGIC.startswith(rest[: len(_MAGIC)]) or rest.startswith(_MAGIC)
    if not rest.startswith(_MAGIC):
        return False
    _, _, facts_size, body_size, _, _ = _HEADER.unpack_from(rest)
    return bool(_HEADER.size + facts_size + body_size > len(rest))


def _checksum(facts_size: int, body_size: int, date: float, facts: bytes, body: bytes) -> int:
    return zlib.crc32(body, zlib.crc32(facts, zlib.crc32(struct.pack(">HId", facts_size, body_size, date))))


def _parcel(facts: dict[str, object], body: bytes) -> Parcel:
    counts = facts["counts"]
    if not isinstance(counts, list):
        raise TypeError("counts")
    return Parcel(
        body,
        str(facts["encoding"]),
        tuple((Category(category), int(number)) for category, number in counts),
        Category(facts["category"]),
        float(str(facts["sent_at"])),
        precious=bool(facts["precious"]),
        refused=bool(facts["refused"]),
        divided=bool(facts["divided"]),
    )
