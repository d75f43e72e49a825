"""What the rest of delivery needs of an HTTP client. Another one fits in here; `in_flight` says why it is this one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

    from otel_sentry.delivery.wire.message import Answer

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Outcome(Generic[T]):
    """What became of a request, or of an attempt to connect.

    Args:
        cargo: what was sent; None for an attempt to connect.
        answer: None when there was none.
        error: why there was none; empty when a connection was opened.
        stale: the kept-alive connection turned out dead; the request may go again at once.
    """

    cargo: T | None
    answer: Answer | None = None
    error: str = ""
    stale: bool = False


class Carrier(Protocol[T]):
    """Carries requests to one destination, several at a time. Used by the delivery thread only; never raises."""

    @property
    def idle(self) -> int:
        """Requests that could be started now."""

    @property
    def dialling(self) -> int:
        """Connections being opened."""

    @property
    def cargos(self) -> list[T]:
        """What is under way."""

    def watch(self, readable: Any, empty: Callable[[], None]) -> None:
        """Let a poll end when `readable` (with a `fileno`) has something to read, which `empty` then reads."""

    def want(self, waiting: int, most: int) -> bool:
        """Open one more connection, `most` in all, if so many waiting requests deserve it; its outcome has no cargo."""

    def start(self, cargo: T, encoding: str, body: bytes) -> None:
        """Send a request; only while `idle` is positive."""

    def poll(self, timeout: float | None, *, gather: float = 0.0) -> list[Outcome[T]]:
        """Outcomes since the last call; waits for at most `timeout` seconds for the first.

        Where other requests are under way it then waits `gather` seconds more, so that answers that come together are
        dealt with together: to wake costs the thread as much as three of them.
        """

    def close(self) -> None:
        """Drop every connection and whatever it carries."""
