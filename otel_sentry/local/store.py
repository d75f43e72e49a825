"""What arrived, in memory, bounded by count and bytes; the oldest envelope leaves first. Thread-safe, no I/O."""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from otel_sentry.local.arrivals import Arrival, Kind, arrivals_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from otel_sentry.protocol.envelope import Envelope

    Listener = Callable[["Received"], None]

DEFAULT_MAX_ITEMS = 200_000
DEFAULT_MAX_BYTES = 64 * 2**20


@dataclass(frozen=True, slots=True)
class Received:
    """One envelope as it was kept.

    Attributes:
        number: counts from 1, never reused.
        at: epoch seconds of its arrival.
        project: project id of the URL it was POSTed to.
        public_key: key it was sent with.
        headers: the envelope's header.
        arrivals: its content, flattened.
        raw: the decompressed bytes.
    """

    number: int
    at: float
    project: str
    public_key: str
    headers: dict[str, Any]
    arrivals: list[Arrival]
    raw: bytes


@dataclass(slots=True)
class _State:
    received: deque[Received] = field(default_factory=deque)
    items: int = 0
    size: int = 0
    number: int = 0
    evicted: int = 0


class Store:
    """Keeps the newest envelopes.

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

    def add(self, envelope: Envelope, raw: bytes, *, at: float, project: str = "1", public_key: str = "") -> Received:
        """Keep an envelope, push the oldest out if there is no room, then tell the listeners in this thread."""
        arrivals = arrivals_of(envelope)
        with self._lock:
            state = self._state
            state.number += 1
            received = Received(state.number, at, project, public_key, envelope.headers, arrivals, raw)
            state.received.append(received)
            state.items += len(arrivals)
            state.size += len(raw)
            self._make_room()
            listeners = tuple(self._listeners)
        for listener in listeners:
            listener(received)
        return received

    def _make_room(self) -> None:
        state = self._state
        while state.received and (state.items > self._max_items or state.size > self._max_bytes):
            oldest = state.received.popleft()
            state.items -= len(oldest.arrivals)
            state.size -= len(oldest.raw)
            state.evicted += len(oldest.arrivals)

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
        return [
            arrival.payload for received in self.envelopes() for arrival in received.arrivals if arrival.kind is kind
        ]

    def by_trace(self) -> dict[str, list[Arrival]]:
        """Arrivals grouped by trace, in order of the trace's first arrival; what has no trace is left out."""
        grouped: dict[str, list[Arrival]] = {}
        for received in self.envelopes():
            for arrival in received.arrivals:
                if arrival.trace_id is not None:
                    grouped.setdefault(arrival.trace_id, []).append(arrival)
        return grouped

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Call `listener` with each envelope from now on, in the receiving thread; it must be quick and never raise.

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
        """Forget everything; numbers go on."""
        with self._lock:
            self._state = _State(number=self._state.number)
