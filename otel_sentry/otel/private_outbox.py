"""An outbox through which no wallet leaves in plain: the last look at what we send ourselves, before wire and disk.

`user.*` and `wallet.*` are private long before; this is for addresses in names, URLs, messages and other attributes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from otel_sentry.identity.privacy import Privacy
from otel_sentry.identity.redaction import WalletRedaction

if TYPE_CHECKING:
    from collections.abc import Sequence

    from otel_sentry.delivery.outbox import Outbox, OutgoingEnvelope
    from otel_sentry.protocol.item_kinds import Category, LossReason
    from otel_sentry.settings.settings import Settings


class PrivateOutbox:
    """Hides wallets in payload and trace header, then hands over.

    Args:
        outbox: does the work.
        redaction: of the privacy mode.
    """

    def __init__(self, outbox: Outbox, redaction: WalletRedaction) -> None:
        self._outbox = outbox
        self._redaction = redaction

    def send(self, envelope: OutgoingEnvelope) -> None:
        """Take the envelope over; see `Outbox`."""
        self._outbox.send(self._private(envelope))

    def send_all(self, envelopes: Sequence[OutgoingEnvelope]) -> None:
        """Take several envelopes over; see `Outbox`."""
        self._outbox.send_all([self._private(envelope) for envelope in envelopes])

    def lost(self, reason: LossReason, category: Category, quantity: int) -> None:
        """Count a loss; see `Outbox`."""
        self._outbox.lost(reason, category, quantity)

    def bequeath(self, envelopes: Sequence[OutgoingEnvelope]) -> None:
        """Keep what is to be delivered if this process dies; see `Outbox`."""
        self._outbox.bequeath([self._private(envelope) for envelope in envelopes])

    def flush(self, timeout: float) -> bool:
        """Wait until everything is delivered or on disk; see `Outbox`."""
        return self._outbox.flush(timeout)

    def close(self, timeout: float) -> bool:
        """Flush, then let go; see `Outbox`."""
        return self._outbox.close(timeout)

    def _private(self, envelope: OutgoingEnvelope) -> OutgoingEnvelope:
        redaction, payload = self._redaction, envelope.payload
        private = redaction.json(payload) if isinstance(payload, bytes) else [redaction.json(part) for part in payload]
        return envelope._replace(payload=private, headers=redaction.tree(envelope.headers))


def private(outbox: Outbox, settings: Settings) -> Outbox:
    """`outbox`, behind a `PrivateOutbox` in every mode but `plain`."""
    privacy = Privacy(settings.wallet_privacy.value, settings.wallet_hash_key)
    return outbox if privacy.plain else PrivateOutbox(outbox, WalletRedaction(privacy))
