"""Divides an envelope that Sentry found too large (413) into smaller ones, once. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from otel_sentry.delivery.parcel import Parcel, category_of_items, counts_of, packed
from otel_sentry.delivery.wire.compression import decompress
from otel_sentry.errors import MalformedEnvelope
from otel_sentry.protocol import json_text
from otel_sentry.protocol.envelope import EnvelopeItem, parse_envelope
from otel_sentry.protocol.item_kinds import CATEGORY_OF_ITEM, Category

if TYPE_CHECKING:
    from collections.abc import Sequence

    from otel_sentry.delivery.parcel import Counts
    from otel_sentry.delivery.wire.compression import Compressor


def divided(parcel: Parcel, compressor: Compressor, date: float) -> list[Parcel]:
    """Smaller parcels with the same content.

    Items that ride along (attachments of an event) travel apart from the first; a container is halved.

    Args:
        parcel: what was refused.
        compressor: for the pieces.
        date: seconds since the epoch.

    Returns:
        The pieces, whose counts add up to those of `parcel`; empty when it cannot be divided.
    """
    if parcel.divided:
        return []
    try:
        envelope = parse_envelope(decompress(parcel.encoding, parcel.body))
        groups = _groups(envelope.items)
    except (MalformedEnvelope, ValueError, TypeError, KeyError):
        return []
    if len(groups) < 2:
        return []
    counts = [_counts(group) for group in groups]
    # What the pieces say of themselves may miss a little (bytes of the frame around a container): the first bears it.
    counts[0] = _remainder(parcel.counts, counts)
    pieces = []
    for group, count in zip(groups, counts, strict=True):
        encoding, body = packed(envelope.headers, group, compressor, date)
        pieces.append(
            Parcel(
                body,
                encoding,
                count,
                category_of_items(group),
                date,
                accepted_at=parcel.accepted_at,
                precious=parcel.precious,
                divided=True,
                generation=parcel.generation,
            )
        )
    return pieces


def _groups(items: Sequence[EnvelopeItem]) -> list[Sequence[EnvelopeItem]]:
    """Items that travel together from now on."""
    if len(items) > 1:
        return [items[:1], items[1:]]
    item = items[0]
    number = item.headers.get("item_count")
    if not isinstance(number, int) or number < 2:
        return []
    container = json_text.loads(item.payload)
    entries = container["items"]
    middle = len(entries) // 2
    return [[_part(item, container, part)] for part in (entries[:middle], entries[middle:])]


def _part(item: EnvelopeItem, container: dict[str, Any], entries: list[Any]) -> EnvelopeItem:
    return EnvelopeItem({**item.headers, "item_count": len(entries)}, json_text.dumps({**container, "items": entries}))


def _counts(items: Sequence[EnvelopeItem]) -> Counts:
    found: list[tuple[Category, int]] = []
    for item in items:
        number = item.headers.get("item_count", 1)
        found += counts_of(CATEGORY_OF_ITEM.get(item.type, Category.DEFAULT), number, len(item.payload))
    return tuple(found)


def _remainder(whole: Counts, pieces: Sequence[Counts]) -> Counts:
    """`whole` without all pieces but the first."""
    left = dict.fromkeys((category for category, _ in whole), 0)
    for category, number in whole:
        left[category] += number
    for counts in pieces[1:]:
        for category, number in counts:
            left[category] = left.get(category, 0) - number
    return tuple(left.items())
