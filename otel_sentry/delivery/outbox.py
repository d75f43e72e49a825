"""What the rooms above need of delivery: hand over an envelope, tell of a loss, wait. Imports nothing heavy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from otel_sentry.protocol.item_kinds import Category, LossReason

BOOKS_SCOPE: Final = "otel_sentry.delivery"
"""Instrumentation scope of delivery's own metrics. Not for Sentry, which learns of losses from client reports."""


class OutgoingEnvelope(NamedTuple):
    """One envelope with one item, already encoded.

    Args:
        headers: envelope header: `trace` where the item kind wants it, `event_id` of events and transactions. `sent_at`
            is set by delivery.
        item_headers: `type`, `content_type` and, for containers, `item_count`; `length` is added by delivery.
        payload: the item's bytes, or pieces of them in order.
        category: what the item counts as.
        quantity: how many spans, logs or metrics it holds; of a transaction, its spans with the root.
        precious: it goes last when there is no room: the envelope holds a segment span or failed spans.
    """

    headers: dict[str, Any]
    item_headers: dict[str, Any]
    payload: bytes | list[bytes]
    category: Category
    quantity: int = 1
    precious: bool = False


class Outbox(Protocol):
    """Where encoded telemetry goes. Every method may be called from any thread; none raises."""

    def send(self, envelope: OutgoingEnvelope) -> None:
        """Take the envelope over; never blocks. What becomes of it is in the ledger."""

    def send_all(self, envelopes: Sequence[OutgoingEnvelope]) -> None:
        """Take several envelopes over: as `send` for each, at less cost."""

    def lost(self, reason: LossReason, category: Category, quantity: int) -> None:
        """Count what was dropped before it became an envelope, so that Sentry and the ledger know of it."""

    def bequeath(self, envelopes: Sequence[OutgoingEnvelope]) -> None:
        """Keep what is to be delivered if, and only if, this process dies; takes the place of what was kept before.

        Needs a spool; without one it does nothing. Counts as created when somebody delivers it.
        """

    def flush(self, timeout: float) -> bool:
        """Wait until everything taken is delivered or on disk, at most `timeout` seconds.

        Returns:
            True when nothing is left that the process could lose.
        """

    def close(self, timeout: float) -> bool:
        """Flush within `timeout` seconds, then let threads and connections go. Answers as `flush` does."""
