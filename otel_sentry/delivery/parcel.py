"""A parcel: one envelope on its way, as encoded items with what they count for. Values only.

sentry-sdk's envelopes and ours become the same thing here; what happens to it later is decided elsewhere.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from otel_sentry.protocol import json_text
from otel_sentry.protocol.envelope import EnvelopeItem, serialize_envelope
from otel_sentry.protocol.item_kinds import CATEGORY_OF_ITEM, Category

if TYPE_CHECKING:
    from sentry_sdk.envelope import Envelope, Item

    from otel_sentry.delivery.outbox import OutgoingEnvelope

Counts = tuple[tuple[Category, int], ...]

_BYTES_OF = {Category.LOG_ITEM: Category.LOG_BYTE, Category.TRACE_METRIC: Category.TRACE_METRIC_BYTE}
"""Categories that Sentry also counts in bytes."""


@dataclass(slots=True)
class Parcel:
    """One envelope on its way.

    Args:
        headers: envelope header.
        items: encoded items.
        counts: what the ledger books for it, in order of items.
    """

    headers: dict[str, Any]
    items: list[EnvelopeItem]
    counts: Counts

    def serialize(self) -> bytes:
        """The envelope as bytes."""
        return serialize_envelope(self.headers, self.items)


def parcel_of_outgoing(envelope: OutgoingEnvelope) -> Parcel:
    """Turn an envelope of ours into a parcel."""
    payload = envelope.payload
    item = EnvelopeItem(envelope.item_headers, payload if isinstance(payload, bytes) else b"".join(payload))
    return Parcel(envelope.headers, [item], counts_of(envelope.category, envelope.quantity, len(item.payload)))


def parcel_of_sdk(envelope: Envelope) -> Parcel:
    """Turn an envelope of sentry-sdk into a parcel.

    Raises:
        ValueError, TypeError: a payload that even sentry-sdk's own writer cannot encode.
    """
    items = [EnvelopeItem(item.headers, payload_bytes(item)) for item in envelope.items]
    counts = [count for item, ours in zip(envelope.items, items, strict=True) for count in _counts_of_item(item, ours)]
    return Parcel(envelope.headers, items, tuple(counts))


def counts_of(category: Category, quantity: int, size: int) -> Counts:
    """What an item counts for.

    Args:
        category: of the item.
        quantity: entries of a container; spans of a transaction with its root.
        size: bytes of the payload.
    """
    if category is Category.TRANSACTION:
        return ((Category.TRANSACTION, 1), (Category.SPAN, quantity))
    if category is Category.ATTACHMENT:
        return ((Category.ATTACHMENT, size or 1),)
    if category in _BYTES_OF:
        return ((category, quantity), (_BYTES_OF[category], size))
    return ((category, quantity),)


def payload_bytes(item: Item) -> bytes:
    """An item's payload, encoded once; odd values as sentry-sdk writes them."""
    payload = item.payload
    if payload.bytes is None and payload.json is not None:
        try:
            return json_text.dumps(payload.json)
        except TypeError:
            return json.dumps(payload.json, allow_nan=False, separators=(",", ":"), default=repr).encode()
    return payload.get_bytes()


def _counts_of_item(item: Item, encoded: EnvelopeItem) -> Counts:
    category = CATEGORY_OF_ITEM.get(encoded.type, Category.DEFAULT)
    if category is Category.INTERNAL:
        return ()
    if category is Category.TRANSACTION:
        spans = (item.payload.json or {}).get("spans")
        return counts_of(category, len(spans) + 1 if isinstance(spans, list) else 1, 0)
    quantity = encoded.headers.get("item_count")
    return counts_of(category, quantity if isinstance(quantity, int) and quantity > 0 else 1, len(encoded.payload))
