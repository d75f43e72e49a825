"""A parcel: one envelope on its way, encoded and compressed, with what the ledger books for it. No I/O.

sentry-sdk's envelopes and ours become the same thing here; what happens to a parcel is decided elsewhere.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timezone
from functools import lru_cache
from itertools import chain
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from sentry_sdk.envelope import PayloadRef

from otel_sentry.delivery.wire.compression import decompress
from otel_sentry.protocol import json_text
from otel_sentry.protocol.envelope import EnvelopeItem, serialize_envelope, serialize_item
from otel_sentry.protocol.item_kinds import CATEGORY_OF_ITEM, Category

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sentry_sdk.envelope import Envelope, Item

    from otel_sentry.delivery.ledger import Report
    from otel_sentry.delivery.outbox import OutgoingEnvelope
    from otel_sentry.delivery.wire.compression import Compressor

Private = Callable[[str, Any], Any]
Counts = tuple[tuple[Category, int], ...]

REDATE_AFTER_SECONDS: Final = 60.0
"""`sent_at` older than this is written anew: Relay shifts all times of an envelope whose clock seems wrong."""

_OVERHEAD_BYTES: Final = 500
"""What a parcel costs in memory besides its body."""
_BYTES_OF: Final = {Category.LOG_ITEM: Category.LOG_BYTE, Category.TRACE_METRIC: Category.TRACE_METRIC_BYTE}
"""Categories that Sentry also counts in bytes."""


@dataclass(slots=True, eq=False)
class Parcel:
    """One envelope on its way; owned by the delivery thread once handed over.

    Args:
        body: the envelope, compressed.
        encoding: how; empty for not at all.
        counts: what the ledger books for it.
        category: of its first item; decides which limit it waits for.
        sent_at: date in seconds that its header names.
        accepted_at: monotonic second at which it was handed over.
        precious: it goes last when there is no room.
        attempts: requests that failed.
        refused: Sentry answered 429 to it, hence counts its loss itself.
        divided: it is a piece of an envelope that was too large.
        place: where it is on disk.
        generation: flushes that came before it; None when no flush waits for it any more.
        report: the losses it tells of, if it is a client report.
    """

    body: bytes
    encoding: str
    counts: Counts
    category: Category
    sent_at: float
    accepted_at: float = 0.0
    precious: bool = False
    attempts: int = 0
    refused: bool = False
    divided: bool = False
    place: Any = None
    generation: int | None = None
    report: Report = field(default_factory=dict)

    @property
    def weight(self) -> int:
        """Bytes of memory."""
        return len(self.body) + _OVERHEAD_BYTES


class Bequest(NamedTuple):
    """What the next process is to deliver if this one dies; replaces the one before.

    Args:
        parcels: of spans that are open for long, as they would leave now.
    """

    parcels: Sequence[Parcel]


def parcel_of_outgoing(envelope: OutgoingEnvelope, compressor: Compressor, date: float) -> Parcel:
    """Turn an envelope of ours into a parcel.

    Args:
        envelope: what to send.
        compressor: for the body.
        date: seconds since the epoch.

    Raises:
        TypeError: a header holds what JSON cannot carry.
    """
    return parcels_of_outgoing([envelope], compressor, date)[0]


def parcels_of_outgoing(envelopes: Sequence[OutgoingEnvelope], compressor: Compressor, date: float) -> list[Parcel]:
    """The same for several: compressed in one step, see `Compressor.compress_all`."""
    plain = [_plain(envelope, date) for envelope in envelopes]
    packed_bodies = compressor.compress_all([body for _, body in plain])
    return [
        Parcel(body, encoding, counts, envelope.category, date, precious=envelope.precious)
        for envelope, (counts, _), (encoding, body) in zip(envelopes, plain, packed_bodies, strict=True)
    ]


def _plain(envelope: OutgoingEnvelope, date: float) -> tuple[Counts, bytes]:
    """What an envelope counts for, and its bytes."""
    payload = envelope.payload if isinstance(envelope.payload, bytes) else b"".join(envelope.payload)
    headers = {**envelope.headers, "sent_at": timestamp(date)}
    counts = counts_of(envelope.category, envelope.quantity, len(payload))
    return counts, serialize_item(headers, envelope.item_headers, payload)


def parcel_of_sdk(envelope: Envelope, compressor: Compressor, date: float, private: Private | None = None) -> Parcel:
    """Turn an envelope of sentry-sdk into a parcel.

    Raises:
        Exception: a payload that even sentry-sdk's own writer could not encode.
    """
    items = [EnvelopeItem(item.headers, payload_bytes(item, private)) for item in envelope.items]
    counts = [counts_of_item(item, len(own.payload)) for item, own in zip(envelope.items, items, strict=True)]
    encoding, body = packed(envelope.headers, items, compressor, date)
    return Parcel(body, encoding, tuple(chain.from_iterable(counts)), category_of_items(items), date)


def category_of_items(items: Sequence[EnvelopeItem]) -> Category:
    """What an envelope counts as: its first item."""
    return CATEGORY_OF_ITEM.get(items[0].type, Category.DEFAULT) if items else Category.DEFAULT


def packed(
    headers: dict[str, Any], items: Sequence[EnvelopeItem], compressor: Compressor, date: float
) -> tuple[str, bytes]:
    """Encoding and bytes of an envelope that is sent at `date`.

    Raises:
        TypeError: a header holds what JSON cannot carry.
    """
    return compressor.compress(serialize_envelope({**headers, "sent_at": timestamp(date)}, items))


def redated(parcel: Parcel, compressor: Compressor, date: float) -> tuple[str, bytes]:
    """The parcel's envelope with a new `sent_at`; as it was when it cannot be read here."""
    try:
        line, newline, rest = decompress(parcel.encoding, parcel.body).partition(b"\n")
        headers = {**json_text.loads(line), "sent_at": timestamp(date)}
    except (ValueError, TypeError):
        return parcel.encoding, parcel.body
    return compressor.compress(json_text.dumps(headers) + newline + rest)


def timestamp(date: float) -> str:
    """RFC 3339, UTC, microseconds."""
    microseconds = round(date * 1_000_000)
    return f"{_second(microseconds // 1_000_000)}.{microseconds % 1_000_000:06d}Z"


@lru_cache(maxsize=4)
def _second(since_1970: int) -> str:
    """The part of a timestamp that many envelopes share."""
    return datetime.fromtimestamp(since_1970, timezone.utc).isoformat()[:19]


def counts_of(category: Category, quantity: int, size: int) -> Counts:
    """What an item counts for.

    Args:
        category: of the item.
        quantity: entries of a container; spans of a transaction with its root.
        size: bytes of the payload.
    """
    if category is Category.INTERNAL:
        return ()
    if category is Category.TRANSACTION:
        return ((Category.TRANSACTION, 1), (Category.SPAN, quantity))
    if category is Category.ATTACHMENT:
        return ((Category.ATTACHMENT, size or 1),)
    if category in _BYTES_OF:
        return ((category, quantity), (_BYTES_OF[category], size))
    return ((category, quantity),)


def counts_of_item(item: Item, size: int) -> Counts:
    """What an item of sentry-sdk counts for.

    Args:
        item: the item.
        size: bytes of its payload.
    """
    category = CATEGORY_OF_ITEM.get(item.type or "", Category.DEFAULT)
    quantity = item.headers.get("item_count")
    if category is Category.TRANSACTION:
        event = item.payload.json
        spans = event.get("spans") if isinstance(event, dict) else None
        quantity = len(spans) + 1 if isinstance(spans, list) else 1
    return counts_of(category, quantity if isinstance(quantity, int) and quantity > 0 else 1, size)


def payload_bytes(item: Item, private: Private | None = None) -> bytes:
    """An item's payload, encoded once; odd values as sentry-sdk writes them.

    Args:
        item: of sentry-sdk.
        private: see `Tuning`.

    Raises:
        Exception: it cannot be encoded.
    """
    payload = item.payload
    if private is not None and payload.json is not None:
        payload = PayloadRef(json=private(item.type or "", payload.json))
    if payload.bytes is None and payload.json is not None:
        try:
            return json_text.dumps(payload.json)
        except TypeError:
            return json.dumps(payload.json, allow_nan=False, separators=(",", ":"), default=repr).encode()
    return payload.get_bytes()
