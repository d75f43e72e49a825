"""What several local roots of one trace share in a process: one verdict, one dynamic sampling context.

Bounded; the oldest traces are forgotten first. No locks: each step is one operation of a dictionary.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from otel_sentry.propagation.trace import IncomingTrace, Verdict

_MAX_TRACES = 2_000

Dsc = Mapping[str, str]


class TraceMemory:
    """Verdicts and frozen contexts of the latest traces. May be used by any thread.

    Args:
        max_traces: traces that are remembered.

    Attributes:
        known: trace id → verdict and context; to be read by others, not changed.
    """

    def __init__(self, max_traces: int = _MAX_TRACES) -> None:
        self._max_traces = max_traces
        self.known: OrderedDict[int, tuple[Verdict, Dsc | None]] = OrderedDict()

    def verdict(self, trace_id: int, incoming: IncomingTrace | None) -> Verdict | None:
        """The verdict that this process has told already; a caller's own decision is worth more."""
        known = self.known.get(trace_id)
        return None if known is None or (incoming is not None and incoming.sampled is not None) else known[0]

    def remember(self, trace_id: int, verdict: Verdict) -> None:
        """Keep a verdict for the local roots that follow, before its context is frozen."""
        if trace_id not in self.known:
            self._put(trace_id, verdict, None)

    def share(self, trace_id: int, verdict: Verdict, dsc: Dsc) -> Dsc:
        """The context of the trace: that of its first local root, unless it is empty or tells another decision.

        Args:
            trace_id: 128-bit id.
            verdict: on the local root that asks.
            dsc: what its context would be.
        """
        known = self.known.get(trace_id)
        if known is not None and known[1] and known[0].sampled is verdict.sampled:
            return known[1]
        self._put(trace_id, verdict, dsc)
        return dsc

    def _put(self, trace_id: int, verdict: Verdict, dsc: Dsc | None) -> None:
        self.known[trace_id] = (verdict, dsc)
        if len(self.known) > self._max_traces:
            try:
                self.known.popitem(last=False)
            except KeyError:  # another thread has made room
                return
