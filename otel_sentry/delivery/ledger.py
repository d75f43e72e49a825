"""The books of delivery: created = delivered + dropped(reason) + pending, for every category, at any moment.

Every change is one booking under one lock, re-entrant for the sake of signal handlers; what is read is a copy. Knows no
clock and no network.
"""

from __future__ import annotations

import os
import threading
import weakref
from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from otel_sentry.protocol.item_kinds import Category, LossReason

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping

    Counts = Iterable[tuple[Category, int]]

Report = dict[tuple[Category, LossReason], int]
"""Losses for a client report."""


class Balance(NamedTuple):
    """One category's books.

    Args:
        created: items that delivery was told of.
        delivered: items that Sentry acknowledged.
        dropped: items lost, by reason.
        pending: items waiting in memory, in flight or on disk.
    """

    created: int
    delivered: int
    dropped: Mapping[LossReason, int]
    pending: int

    @property
    def balanced(self) -> bool:
        """Whether the books add up."""
        return self.created == self.delivered + sum(self.dropped.values()) + self.pending


class Ledger:
    """Counts what becomes of every item. Methods may be called from any thread, also by a signal handler; none raises.

    Such a handler may find a booking half done. What is read is therefore copied in one step before it is walked.
    """

    def __init__(self) -> None:
        self._watched: dict[Category, list[Callable[[], int]]] = {}
        self.start_over()
        if hasattr(os, "register_at_fork"):
            start_over = weakref.WeakMethod(self.start_over)
            os.register_at_fork(after_in_child=lambda: (method := start_over()) and method())

    def start_over(self) -> None:
        """Empty books: a forked child does not account for its parent."""
        self._lock = threading.RLock()
        self._created: Counter[Category] = Counter()
        self._delivered: Counter[Category] = Counter()
        self._pending: Counter[Category] = Counter()
        self._dropped: Counter[tuple[Category, LossReason]] = Counter()
        self._unreported: Counter[tuple[Category, LossReason]] = Counter()
        self._telling: Counter[tuple[Category, LossReason]] = Counter()
        self.losses = 0
        """How often something was booked as lost: whoever has seen this number has seen them all."""

    def accept(self, counts: Counts) -> None:
        """Book items that were handed to delivery."""
        with self._lock:
            for category, quantity in counts:
                self._created[category] += quantity
                self._pending[category] += quantity

    def deliver(self, counts: Counts) -> None:
        """Book accepted items as acknowledged by Sentry."""
        with self._lock:
            for category, quantity in counts:
                self._pending[category] -= quantity
                self._delivered[category] += quantity

    def drop(self, reason: LossReason, counts: Counts, *, known_to_sentry: bool = False) -> None:
        """Book accepted items as lost.

        Args:
            reason: why.
            counts: what.
            known_to_sentry: Sentry counted the loss itself (it answered 429), so no client report may count it again.
        """
        with self._lock:
            self.losses += 1
            for category, quantity in counts:
                self._pending[category] -= quantity
                self._dropped[category, reason] += quantity
                if not known_to_sentry:
                    self._unreported[category, reason] += quantity

    def lose(self, reason: LossReason, counts: Counts) -> None:
        """Book items that were lost before they were handed over."""
        with self._lock:
            self.losses += 1
            for category, quantity in counts:
                self._created[category] += quantity
                self._dropped[category, reason] += quantity
                self._unreported[category, reason] += quantity

    def watch(self, category: Category, waiting: Callable[[], int]) -> None:
        """Let the snapshot see items that wait in a queue before delivery.

        Args:
            category: what waits there.
            waiting: gives their number; must be quick and must not raise.
        """
        with self._lock:
            self._watched.setdefault(category, []).append(waiting)

    def take_unreported(self) -> Report:
        """Losses for a client report; `told` or `give_back` must follow."""
        with self._lock:
            taken, self._unreported = self._unreported, Counter()
            self._telling.update(taken)
        return dict(taken)

    def told(self, report: Report) -> None:
        """A client report arrived."""
        with self._lock:
            self._telling -= Counter(report)

    def give_back(self, report: Report) -> None:
        """A client report did not arrive, or a dead process left these losses: they go into the next one."""
        with self._lock:
            self._telling -= Counter(report)
            self._unreported.update(report)

    def untold(self) -> Report:
        """Losses that Sentry does not know of as far as this process knows."""
        with self._lock:
            return dict(Counter(self._unreported) + Counter(self._telling))

    @property
    def has_unreported(self) -> bool:
        """Whether a client report is due."""
        return bool(self._unreported)

    def dropped(self, reasons: Collection[LossReason]) -> Counter[tuple[Category, LossReason]]:
        """What was lost for certain reasons, since the process began."""
        with self._lock:
            return Counter({key: number for key, number in list(self._dropped.items()) if key[1] in reasons})

    def snapshot(self) -> dict[Category, Balance]:
        """The books of every category that ever moved."""
        with self._lock:
            waiting = {category: sum(gauge() for gauge in gauges) for category, gauges in self._watched.items()}
            moved = self._created.keys() | {category for category, number in waiting.items() if number}
            return {category: self._balance(category, waiting.get(category, 0)) for category in sorted(moved)}

    def _balance(self, category: Category, waiting: int) -> Balance:
        dropped = {reason: number for (of, reason), number in list(self._dropped.items()) if of is category}
        return Balance(
            created=self._created[category] + waiting,
            delivered=self._delivered[category],
            dropped=dropped,
            pending=self._pending[category] + waiting,
        )
