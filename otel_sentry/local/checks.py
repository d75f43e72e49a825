"""Is this envelope one that Sentry's ingest takes? Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from otel_sentry.protocol.envelope import Envelope


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with one item."""

    item_index: int | None
    path: str
    reason: str

    def __str__(self) -> str:
        return f"{self.path}: {self.reason}"


def check_envelope(envelope: Envelope) -> list[Problem]:
    """Check what each item holds."""
    return [Problem(None, "envelope", "no items")] if not envelope.items else []
