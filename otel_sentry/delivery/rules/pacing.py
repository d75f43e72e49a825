"""How fast a backlog is sent after an outage: slower than it came in, so that a fleet never doubles its usual rate.

Pure: frozen values; the present and randomness are arguments. The fleet simulation runs exactly this code.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

_SHARE_OF_ARRIVAL_RATE: Final = 0.7
"""A backlog that took an hour to grow takes an hour and a half to go; live traffic flows beside it."""
_SHORTEST_GROWTH_SECONDS: Final = 1.0
_ENOUGH_TO_TELL: Final = 8
_LONG_PAUSE: Final = 20
"""A first half that took so many times as long as the second holds a pause, or a clock that was set meanwhile."""
_MAX_CATCH_UP_SECONDS: Final = 0.5
"""How much of a pause (a busy process, a suspended machine) may be made good in a burst."""


@dataclass(frozen=True, slots=True)
class Backlog:
    """Late pieces that could be sent.

    Args:
        number: how many.
        per_second: how fast they came.
    """

    number: int = 0
    per_second: float = 0.0

    @classmethod
    def grown(cls, number: int, seconds: float) -> Backlog:
        """A backlog of one process that grew for so many seconds."""
        return cls(number, max(number - 1, 1) / max(seconds, _SHORTEST_GROWTH_SECONDS)) if number else cls()

    @classmethod
    def arrived(cls, number: int, *, first: float, middle: float, last: float) -> Backlog:
        """A backlog of one process by when its pieces came: the first, the one in the middle, the last.

        What an earlier outage or a dead process left must not slow down what came in the newest one.
        """
        older, newer = middle - first, last - middle
        paused = number >= _ENOUGH_TO_TELL and older > _LONG_PAUSE * max(newer, _SHORTEST_GROWTH_SECONDS)
        return cls.grown(number, 2 * newer if paused else last - first)

    def __add__(self, other: Backlog) -> Backlog:
        """Backlogs that grew beside each other, in several processes."""
        return Backlog(self.number + other.number, self.per_second + other.per_second)


@dataclass(frozen=True, slots=True)
class Pace:
    """When the next piece of a backlog may go.

    Args:
        per_second: pieces per second.
        next_at: moment of the next one.
    """

    per_second: float
    next_at: float

    def ready(self, now: float) -> bool:
        """Whether a piece may go at `now`."""
        return now >= self.next_at

    def sent(self, now: float) -> Pace:
        """After a piece went."""
        return replace(self, next_at=max(self.next_at, now - _MAX_CATCH_UP_SECONDS) + 1 / self.per_second)


def pace_of_backlog(backlog: Backlog, *, now: float, random: float) -> Pace:
    """The pace for a backlog.

    Sent oldest first at the rate at which it came in, every piece arrives about one outage late, hence within the age
    cap if the outage was shorter than that.

    Args:
        backlog: what waits; not empty.
        now: monotonic seconds.
        random: evenly spread in [0, 1); shifts the start so that processes do not begin together.
    """
    per_second = _SHARE_OF_ARRIVAL_RATE * backlog.per_second
    return Pace(per_second, now + random / per_second)
