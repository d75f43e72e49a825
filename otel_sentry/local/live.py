"""Which traces to print, and when, while they arrive: each when it falls quiet, again when late spans follow.

The receiver's thread only takes notes here; printing happens in the thread that calls `tick`.
"""

from __future__ import annotations

import threading
from collections import OrderedDict, deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from otel_sentry.local.arrivals import Kind
from otel_sentry.local.rows import IssueRow, rows_of
from otel_sentry.local.store import Received, Refused
from otel_sentry.local.tree import trace_tree

if TYPE_CHECKING:
    from collections.abc import Callable

    from otel_sentry.local.store import Store
    from otel_sentry.local.terminal import TreePrinter

QUIET_SECONDS: Final = 0.7
PATIENCE_SECONDS: Final = 5.0
_REMEMBERED: Final = 10_000
_SHOWN_KINDS: Final = frozenset((Kind.SPAN, Kind.ISSUE, Kind.LOG))


@dataclass(slots=True)
class _Pending:
    first: float
    last: float


class LiveTraces:
    """Follows a store and prints what arrives.

    Args:
        store: to follow.
        printer: where trees go.
        clock: monotonic seconds.
    """

    def __init__(self, store: Store, printer: TreePrinter, clock: Callable[[], float]) -> None:
        self._store = store
        self._printer = printer
        self._clock = clock
        self._lock = threading.Lock()
        self._pending: dict[str, _Pending] = {}
        self._loose: deque[IssueRow | str] = deque(maxlen=1_000)
        self._printed: OrderedDict[str, int] = OrderedDict()
        self._unsubscribe = store.subscribe(self._note)

    def tick(self, *, last: bool = False) -> None:
        """Print what is due: refusals and issues without a trace at once, traces when quiet.

        Args:
            last: print all that is pending.
        """
        now = self._clock()
        with self._lock:
            loose = list(self._loose)
            self._loose.clear()
            due = [trace_id for trace_id, pending in self._pending.items() if last or _is_due(pending, now)]
            for trace_id in due:
                del self._pending[trace_id]
        for entry in loose:
            if isinstance(entry, IssueRow):
                self._printer.issue(entry)
            else:
                self._printer.note(entry, "yellow")
        for trace_id in due:
            self._print(trace_id)

    def close(self) -> None:
        """Print what is pending and stop following."""
        self._unsubscribe()
        self.tick(last=True)

    def _note(self, news: Received | Refused) -> None:
        now = self._clock()
        with self._lock:
            if isinstance(news, Refused):
                causes = "; ".join(str(problem) for problem in news.problems if problem.reason != news.detail)
                self._loose.append(f"refused with {news.status}: {news.detail}{': ' + causes if causes else ''}")
                return
            self._loose.extend(f"Sentry would not keep: {problem}" for problem in news.problems)
            for arrival in news.arrivals:
                if arrival.trace_id is not None and arrival.kind in _SHOWN_KINDS:
                    self._pending.setdefault(arrival.trace_id, _Pending(now, now)).last = now
            without_trace = [arrival for arrival in news.arrivals if arrival.trace_id is None]
            self._loose.extend(row for row in rows_of(without_trace) if isinstance(row, IssueRow))

    def _print(self, trace_id: str) -> None:
        rows = rows_of(self._store.trace(trace_id))
        tree = trace_tree(trace_id, rows)
        before = self._printed.pop(trace_id, None)
        self._printed[trace_id] = len(rows)
        while len(self._printed) > _REMEMBERED:
            self._printed.popitem(last=False)
        if not tree.roots:
            return
        self._printer.tree(tree, note="" if before is None else f"again, {max(0, len(rows) - before)} more arrived")


def _is_due(pending: _Pending, now: float) -> bool:
    return now - pending.last >= QUIET_SECONDS or now - pending.first >= PATIENCE_SECONDS
