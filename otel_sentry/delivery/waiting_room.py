"""Where parcels wait for a connection: bounded, most important first, and who must leave when it is full. No I/O.

Fresh parcels go as soon as a connection is free. Late ones have met an outage or a limit; they are paced.
"""

from __future__ import annotations

import heapq
from collections import deque
from itertools import count
from typing import TYPE_CHECKING, Final

from otel_sentry.delivery.rules.pacing import Backlog
from otel_sentry.protocol.item_kinds import Category

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from otel_sentry.delivery.parcel import Parcel

_IMPORTANCE: Final = (
    Category.INTERNAL,
    Category.ERROR,
    Category.FEEDBACK,
    Category.SECURITY,
    Category.MONITOR,
    Category.SESSION,
    Category.TRANSACTION,
    Category.DEFAULT,
    Category.ATTACHMENT,
    Category.LOG_ITEM,
    Category.TRACE_METRIC,
    Category.SPAN,
    Category.PROFILE,
    Category.PROFILE_CHUNK,
    Category.REPLAY,
)
"""First is sent first and given up last."""
_RANK: Final = {category: rank for rank, category in enumerate(_IMPORTANCE)}


class _Lane:
    """Parcels of one category and preciousness, in order of arrival."""

    __slots__ = ("category", "fresh", "late")

    def __init__(self, category: Category) -> None:
        self.category = category
        self.fresh: deque[Parcel] = deque()
        self.late: deque[Parcel] = deque()


class WaitingRoom:
    """Parcels that wait, bounded in bytes. Owned by the delivery thread.

    Args:
        max_bytes: bound of the parcels' weights.
    """

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._lanes: dict[tuple[int, bool], _Lane] = {}
        self._ordered: list[_Lane] = []
        self._resting: list[tuple[float, int, Parcel]] = []
        self._number = count()
        self.bytes = 0
        self.parcels = 0

    def put(self, parcel: Parcel, *, late: bool) -> None:
        """Let a parcel wait; `overflow` tells afterwards who must leave."""
        lane = self._lane_of(parcel)
        (lane.late if late else lane.fresh).append(parcel)
        self._count(parcel, 1)

    def put_first(self, parcel: Parcel, *, late: bool) -> None:
        """Let a parcel wait that had been taken before."""
        lane = self._lane_of(parcel)
        (lane.late if late else lane.fresh).appendleft(parcel)
        self._count(parcel, 1)

    def rest(self, parcel: Parcel, until: float) -> None:
        """Let a parcel wait that may not be taken before monotonic second `until`."""
        heapq.heappush(self._resting, (until, next(self._number), parcel))
        self._count(parcel, 1)

    def wake_rested(self, now: float, *, late: bool) -> None:
        """Let parcels whose time has come wait like the others."""
        while self._resting and self._resting[0][0] <= now:
            parcel = heapq.heappop(self._resting)[2]
            self._count(parcel, -1)
            self.put_first(parcel, late=late)

    @property
    def next_rested(self) -> float | None:
        """When the first resting parcel may go."""
        return self._resting[0][0] if self._resting else None

    def take(self, allowed: Callable[[Category], bool], *, late: bool) -> Parcel | None:
        """The most important parcel whose category is allowed, or None."""
        for lane in self._ordered:
            queue = lane.late if late else lane.fresh
            if queue and allowed(lane.category):
                parcel = queue.popleft()
                self._count(parcel, -1)
                return parcel
        return None

    def has(self, allowed: Callable[[Category], bool], *, late: bool) -> int:
        """How many parcels `take` could give."""
        return sum(len(one.late if late else one.fresh) for one in self._ordered if allowed(one.category))

    @property
    def oldest_fresh(self) -> float | None:
        """When the first fresh parcel that waits was accepted."""
        return min([lane.fresh[0].accepted_at for lane in self._ordered if lane.fresh], default=None)

    def delay(self, blocked: Callable[[Category], bool]) -> None:
        """Fresh parcels of blocked categories are late from now on."""
        for lane in self._ordered:
            if lane.fresh and blocked(lane.category):
                lane.late.extend(lane.fresh)
                lane.fresh.clear()

    @property
    def overfull(self) -> bool:
        """Whether somebody must leave."""
        return self.bytes > self._max_bytes

    def overflow(self) -> Iterator[Parcel]:
        """Take out the least important, oldest parcels until the rest fits."""
        while self.overfull and (parcel := self._least()) is not None:
            self._count(parcel, -1)
            yield parcel

    def expired(self, before: float) -> Iterator[Parcel]:
        """Take out late parcels that were accepted before a monotonic second."""
        for lane in self._ordered:
            while lane.late and lane.late[0].accepted_at < before:
                parcel = lane.late.popleft()
                self._count(parcel, -1)
                yield parcel

    def everything(self) -> list[Parcel]:
        """All that wait; they stay."""
        waiting = [parcel for lane in self._ordered for queue in (lane.late, lane.fresh) for parcel in queue]
        return waiting + [parcel for _, _, parcel in self._resting]

    def remove(self, leaving: Callable[[Parcel], bool]) -> list[Parcel]:
        """Take out every parcel for which `leaving` is true."""
        out: list[Parcel] = []
        for lane in self._ordered:
            for queue in (lane.late, lane.fresh):
                gone = [parcel for parcel in queue if leaving(parcel)]
                if gone:
                    kept = [parcel for parcel in queue if not leaving(parcel)]
                    queue.clear()
                    queue.extend(kept)
                    out += gone
        gone_resting = [entry for entry in self._resting if leaving(entry[2])]
        if gone_resting:
            self._resting = [entry for entry in self._resting if not leaving(entry[2])]
            heapq.heapify(self._resting)
            out += [entry[2] for entry in gone_resting]
        for parcel in out:
            self._count(parcel, -1)
        return out

    def backlog(self, allowed: Callable[[Category], bool]) -> Backlog:
        """Late parcels that `take` could give."""
        queues = [lane.late for lane in self._ordered if lane.late and allowed(lane.category)]
        if not queues:
            return Backlog()
        first = min(queue[0].accepted_at for queue in queues)
        last = max(queue[-1].accepted_at for queue in queues)
        longest = max(queues, key=len)
        middle = longest[len(longest) // 2].accepted_at
        return Backlog.arrived(sum(map(len, queues)), first=first, middle=middle, last=last)

    def _least(self) -> Parcel | None:
        for lane in reversed(self._ordered):
            if lane.late or lane.fresh:
                return (lane.late or lane.fresh).popleft()
        return heapq.heappop(self._resting)[2] if self._resting else None

    def _lane_of(self, parcel: Parcel) -> _Lane:
        key = (_RANK.get(parcel.category, len(_RANK)), not parcel.precious)
        lane = self._lanes.get(key)
        if lane is None:
            lane = self._lanes[key] = _Lane(parcel.category)
            self._ordered = [self._lanes[known] for known in sorted(self._lanes)]
        return lane

    def _count(self, parcel: Parcel, sign: int) -> None:
        self.parcels += sign
        self.bytes += sign * parcel.weight
