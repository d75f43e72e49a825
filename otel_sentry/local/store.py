"""What arrived, in memory, bounded by count and bytes; the oldest envelope leaves first. Thread-safe, no I/O."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

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


Listener = Callable[[Received | Refused], None]


@dataclass(slots=True)
class _State:
    received: deque[Received] = field(default_factory=deque)
    problems: deque[Problem] = field(default_factory=lambda: deque(maxlen=MAX_PROBLEMS))
    items: int = 0
    size: int = 0
    number: int = 0
    evicted: int = 0


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
            state.received.append(received)
            state.problems.extend(problems)
            state.items += len(arrivals)
            state.size += len(raw)
            self._make_room()
        self._tell(received)
        return received

    def refuse(self, refused: Refused) -> None:
        """Remember why a request was turned away and tell the listeners in this thread."""
        with self._lock:
            self._state.problems.extend(refused.problems)
        self._tell(refused)

    def _make_room(self) -> None:
        state = self._state
        while state.received and (state.items > self._max_items or state.size > self._max_bytes):
            oldest = state.received.popleft()
            state.items -= len(oldest.arrivals)
            state.size -= len(oldest.raw)
            state.evicted += len(oldest.arrivals)

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
        kept = self.envelopes()
        return [arrival for received in kept for arrival in received.arrivals if arrival.trace_id == trace_id]

    def by_trace(self) -> dict[str, list[Arrival]]:
        """Arrivals grouped by trace, in order of the trace's first arrival; what has no trace is left out."""
        grouped: dict[str, list[Arrival]] = {}
        for received in self.envelopes():
            for arrival in received.arrivals:
                if arrival.trace_id is not None:
                    grouped.setdefault(arrival.trace_id, []).append(arrival)
        return grouped

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
            self._state = _State(number=self._state.number)
