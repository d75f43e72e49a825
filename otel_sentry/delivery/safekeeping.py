"""What the spool does for parcels in trouble: writes them down, lets them leave memory, brings them back. Stub."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from otel_sentry.delivery.parcel import Parcel
    from otel_sentry.delivery.traffic import Traffic
    from otel_sentry.delivery.waiting_room import WaitingRoom


class Safekeeping:
    """Nothing is kept."""

    def __init__(self, room: WaitingRoom, traffic: Traffic) -> None:
        self._room = room
        self._traffic = traffic

    def backlog(self, now: float) -> tuple[int, float, float]:
        """Late parcels."""
        return self._room.backlog(lambda category: self._traffic.allowed(category, now))

    def done(self, parcel: Parcel) -> None:
        """Forget."""

    def released(self, parcel: Parcel) -> bool:
        """Whether on disk."""
        return False
