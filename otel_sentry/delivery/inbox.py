"""What was handed over and waits for the delivery thread: bounded in bytes, and who gives way when it is full."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

    from otel_sentry.delivery.desk import Handed

_RESERVE: Final = 1.25
"""What the precious may use, as a multiple of the bound."""


class Waiting(NamedTuple):
    """Something that was handed over.

    Args:
        item: what to deliver.
        weight: its bytes, roughly.
        generation: flushes that came before it.
        precious: it may use the reserve when there is no room for others, and the oldest of those give way to it.
    """

    item: Handed
    weight: int
    generation: int
    precious: bool


class Inbox:
    """Guarded by a re-entrant lock of its owner: a signal handler of the same thread may put in the midst of it.

    Args:
        max_bytes: most bytes that may wait.
    """

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._waiting: deque[Waiting] = deque()
        self._bytes = self._ordinary = 0  # the latter: of what is not precious

    def __len__(self) -> int:
        return len(self._waiting)

    def put(self, one: Waiting) -> Sequence[Waiting] | None:
        """Let something wait.

        Returns:
            What has left to make room; None when there is none.
        """
        leaving = self._make_room(precious=one.precious)
        if leaving is not None:
            self._waiting.append(one)
            self._bytes += one.weight
            self._ordinary += 0 if one.precious else one.weight
        return leaving

    def take(self) -> Waiting | None:
        """What has waited longest."""
        if not self._waiting:
            return None
        one = self._waiting.popleft()
        self._forget(one)
        return one

    def is_past(self, generation: int) -> bool:
        """Whether nothing waits of this generation or those before."""
        return not self._waiting or self._waiting[0].generation > generation

    def _make_room(self, *, precious: bool) -> Sequence[Waiting] | None:
        """What leaves so that there is room, with some to spare."""
        limit = self._max_bytes * (_RESERVE if precious else 1.0)
        if self._bytes <= limit:
            return ()
        if not precious or self._bytes - self._ordinary > limit:
            return None
        leaving: list[Waiting] = []
        for _ in range(len(self._waiting)):  # once around, in place, because of signal handlers
            try:
                one = self._waiting.popleft()
            except IndexError:  # such a handler has delivered it all
                break
            if one.precious or self._bytes <= self._max_bytes:
                self._waiting.append(one)
            else:
                leaving.append(one)
                self._forget(one)
        return leaving

    def _forget(self, one: Waiting) -> None:
        self._bytes -= one.weight
        self._ordinary -= 0 if one.precious else one.weight
