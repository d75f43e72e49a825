"""What arrived, in memory, bounded by count and bytes; the oldest envelope leaves first. Thread-safe, no I/O."""

from __future__ import annotations

import itertools
import threading
from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from otel_sentry.local.arrivals import Arrival, Kind, arrivals_of

if TYPE_CHECKING:
    from otel_sentry.local.fields import Problem
    from otel_sentry.protocol.envelope import Envelope

DEFAULT_MAX_ITEMS: Final = 200_000
DEFAULT_MAX_BYTES: Final = 64 * 2**20
MAX_PROBLEMS: Final = 1_000


@dataclass(frozen=True, slots=True)
class Received:
    """One envelope that was taken.

    Attributes:
        number: counts from 1, never reused.
        at: epoch seconds of its arrival.
        project: project id of the URL it was POSTed to.
        public_key: key it was sent with.
        headers: the envelope's header.
        arrivals: its content, flattened.
        raw: the decompressed bytes.
        problems: what Sentry would have taken away from it.
    """

    number: int
    at: float
    project: str
    public_key: str
    headers: dict[str, Any]
    arrivals: list[Arrival]
    raw: bytes
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class Refused:
    """One request that was turned away.

    Attributes:
        at: epoch seconds.
        status: HTTP status of the answer.
        detail: the answer in a sentence.
        problems: why.
    """

    at: float
    status: int
    detail: str
    problems: tuple[Problem, ...]


class TraceContent(NamedTuple):
    """What is kept of a trace, and how many arrivals before that had to leave.

    `born` is the change of the store that began it: a trace that left and came again has another.
    """

    trace_id: str
    born: int
    left: int
    arrivals: list[Arrival]


Listener = Callable[[Received | Refused], None]


@dataclass(slots=True)
class _Trace:
    """Arrivals of one trace, and the change of the store that brought the last of them."""

    arrivals: deque[Arrival] = field(default_factory=deque)
    born: int = 0
    changed: int = 0
    left: int = 0


@dataclass(slots=True)
class _State:
    received: deque[Received] = field(default_factory=deque)
    traces: OrderedDict[str, _Trace] = field(default_factory=OrderedDict)
    """By last change, the latest at the end."""
    problems: deque[Problem] = field(default_factory=lambda: deque(maxlen=MAX_PROBLEMS))
    items: int = 0
    size: int = 0
    number: int = 0
    evicted: int = 0
    changes: int = 0


class Store:
    """Keeps the newest envelopes and the newest thousand problems.

    Args:
        max_items: spans, issues, logs, … together.
        max_bytes: bytes of the decompressed envelopes; in memory the parsed form needs several times that.
    """

    def __init__(self, *, max_items: int = DEFAULT_MAX_ITEMS, max_bytes: int = DEFAULT_MAX_BYTES) -> None:
        self._max_items = max_items
        self._max_bytes = max_bytes
        self._lock = threading.Lock()
        self._state = _State()
        self._listeners: list[Listener] = []

    def add(
        self,
        envelope: Envelope,
        raw: bytes,
        *,
        at: float,
        project: str = "1",
        public_key: str = "",
        problems: tuple[Problem, ...] = (),
    ) -> Received:
        """Keep an envelope, push the oldest out if there is no room, then tell the listeners in this thread."""
        arrivals = arrivals_of(envelope)
        with self._lock:
            state = self._state
            state.number += 1
            received = Received(state.number, at, project, public_key, envelope.headers, arrivals, raw, problems)
            state.changes += 1
            state.received.append(received)
            state.problems.extend(problems)
            state.items += len(arrivals)
            state.size += len(raw)
            self._index(arrivals)
            self._make_room()
        self._tell(received)
        return received

    def refuse(self, refused: Refused) -> None:
        """Remember why a request was turned away and tell the listeners in this thread."""
        with self._lock:
            self._state.changes += 1
            self._state.problems.extend(refused.problems)
        self._tell(refused)

    def _index(self, arrivals: list[Arrival]) -> None:
        traces = self._state.traces
        for arrival in arrivals:
            if arrival.trace_id is not None:
                trace = traces.setdefault(arrival.trace_id, _Trace(born=self._state.changes))
                trace.arrivals.append(arrival)
                if trace.changed != self._state.changes:
                    trace.changed = self._state.changes
                    traces.move_to_end(arrival.trace_id)

    def _forget(self, arrivals: list[Arrival]) -> None:
        """Arrivals leave in the order of their coming, so each is the first of its trace."""
        traces = self._state.traces
        for arrival in arrivals:
            if arrival.trace_id is not None:
                trace = traces[arrival.trace_id]
                trace.arrivals.popleft()
                trace.left += 1
                if not trace.arrivals:
                    del traces[arrival.trace_id]

    def _make_room(self) -> None:
        state = self._state
        while state.received and (state.items > self._max_items or state.size > self._max_bytes):
            oldest = state.received.popleft()
            state.items -= len(oldest.arrivals)
            state.size -= len(oldest.raw)
            state.evicted += len(oldest.arrivals)
            self._forget(oldest.arrivals)

    def _tell(self, news: Received | Refused) -> None:
        with self._lock:
            listeners = tuple(self._listeners)
        for listener in listeners:
            listener(news)

    @property
    def evicted(self) -> int:
        """How many items had to leave because the store was full."""
        return self._state.evicted

    def envelopes(self) -> list[Received]:
        """Everything kept, oldest first."""
        with self._lock:
            return list(self._state.received)

    def payloads(self, kind: Kind) -> list[dict[str, Any]]:
        """Payloads of one kind, oldest first."""
        kept = self.envelopes()
        return [arrival.payload for received in kept for arrival in received.arrivals if arrival.kind is kind]

    def trace(self, trace_id: str) -> list[Arrival]:
        """What belongs to one trace, oldest first."""
        with self._lock:
            trace = self._state.traces.get(trace_id)
            return list(trace.arrivals) if trace else []

    def by_trace(self) -> dict[str, list[Arrival]]:
        """Arrivals grouped by trace, the trace that changed last at the end; what has no trace is left out."""
        with self._lock:
            return {trace_id: list(trace.arrivals) for trace_id, trace in self._state.traces.items()}

    def contents(self) -> list[TraceContent]:
        """All traces, the one that changed last first."""
        with self._lock:
            traces = reversed(self._state.traces.items())
            return [TraceContent(trace_id, trace.born, trace.left, list(trace.arrivals)) for trace_id, trace in traces]

    @property
    def changes(self) -> int:
        """Counts what happened; equal numbers mean that nothing did in between."""
        return self._state.changes

    def changed_since(self, changes: int) -> list[str]:
        """Traces that changed after `changes` had that value, the latest first."""
        with self._lock:
            traces = self._state.traces
            newer = itertools.takewhile(lambda trace_id: traces[trace_id].changed > changes, reversed(traces))
            return list(newer)

    def problems(self) -> list[Problem]:
        """What was wrong with what came, oldest first."""
        with self._lock:
            return list(self._state.problems)

    def take_problems(self) -> list[Problem]:
        """The problems so far, which are forgotten."""
        with self._lock:
            problems = list(self._state.problems)
            self._state.problems.clear()
        return problems

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Call `listener` with each envelope or refusal from now on, in the receiving thread.

        It must be quick and never raise.

        Returns:
            What ends the subscription.
        """
        with self._lock:
            self._listeners.append(listener)

        def unsubscribe() -> None:
            with self._lock:
                if listener in self._listeners:
                    self._listeners.remove(listener)

        return unsubscribe

    def clear(self) -> None:
        """Forget everything; numbers go on, listeners stay."""
        with self._lock:
            self._state = _State(number=self._state.number, changes=self._state.changes + 1)
