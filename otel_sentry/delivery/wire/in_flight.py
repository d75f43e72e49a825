"""Requests in flight: several connections, one selector, one thread. A `Carrier`.

urllib3 opens the connections; requests are written to its sockets here, because every client that the base dependencies
bring costs six to eleven times the CPU, more than the spans in a request, and those that come near are extensions that
not every platform has (figures: `docs/explanation/delivery.md`).
"""

from __future__ import annotations

import selectors
import threading
import time
from collections import deque
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar

from otel_sentry.delivery.wire.carrier import Outcome
from otel_sentry.delivery.wire.connection import Connection
from otel_sentry.delivery.wire.message import BadAnswer, request_bytes

if TYPE_CHECKING:
    from collections.abc import Callable

    from otel_sentry.delivery.wire.dialler import Dialler
    from otel_sentry.delivery.wire.message import Answer

T = TypeVar("T")

CONNECT_TIMEOUT_SECONDS: Final = 10.0
"""Longest wait for one address to accept, and for a handshake."""
_LAST_DIAL_SECONDS: Final = 0.5
_READ: Final = selectors.EVENT_READ
_READ_WRITE: Final = selectors.EVENT_READ | selectors.EVENT_WRITE


@dataclass(frozen=True, slots=True)
class Timeouts:
    """How long things may take, in seconds.

    Args:
        dial: an attempt to connect, resolver included.
        silence: a request without a byte in either direction.
        total: a request from start to answer.
        idle: how long an unused connection is kept.
    """

    dial: float = 20.0
    silence: float = 15.0
    total: float = 60.0
    idle: float = 30.0


class Flights(Generic[T]):
    """Several requests at once, over connections that are opened when needed and kept.

    Args:
        dialler: opens connections, each on a short-lived thread: no selector waits for a resolver.
        wake: called from such a thread when it is done; must end a `poll`.
        timeouts: of everything.
        clock: monotonic seconds.
    """

    def __init__(
        self,
        dialler: Dialler,
        wake: Callable[[], None],
        timeouts: Timeouts | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._dialler = dialler
        self._wake = wake
        self._timeouts = timeouts or Timeouts()
        self._clock = clock
        self._selector = selectors.DefaultSelector()
        self._idle: deque[Connection[T]] = deque()
        self._busy: set[Connection[T]] = set()
        self._dials: dict[int, float] = {}
        self._dial_number = 0
        self._dialled: deque[tuple[int, Any]] = deque()
        self._outcomes: list[Outcome[T]] = []
        self._closed = False

    def watch(self, readable: Any, empty: Callable[[], None]) -> None:
        """Let a poll end when `readable` has something to read, which `empty` then reads."""
        self._selector.register(readable, _READ, empty)

    @property
    def idle(self) -> int:
        """Connections that could carry a request now."""
        return len(self._idle)

    @property
    def open(self) -> int:
        """Connections open or being opened."""
        return len(self._idle) + len(self._busy) + len(self._dials)

    @property
    def cargos(self) -> list[T]:
        """What is under way."""
        return [connection.cargo for connection in self._busy if connection.cargo is not None]

    @property
    def dialling(self) -> int:
        """Connections being opened."""
        return len(self._dials)

    def want(self, waiting: int, most: int) -> bool:
        """Open one more connection if more requests wait than there are connections, and those are fewer than `most`.

        Returns:
            Whether an attempt was started; its outcome has no cargo.
        """
        if self._idle or waiting <= self.open or self.open >= most:
            return False
        self._dial_number += 1
        self._dials[self._dial_number] = self._clock()
        dial = threading.Thread(target=self._dial, args=(self._dial_number,), name="otel_sentry.dial", daemon=True)
        try:
            dial.start()
        except RuntimeError:  # the interpreter is leaving and starts no threads: dial here, but not for long
            self._dial(self._dial_number, _LAST_DIAL_SECONDS)
        return True

    def start(self, cargo: T, encoding: str, body: bytes) -> None:
        """Send a request on an idle connection; only while `idle` is positive."""
        connection = self._idle.pop()
        self._busy.add(connection)
        connection.load(cargo, request_bytes(self._dialler.request_start, encoding, body), self._clock())
        self._push(connection)

    def poll(self, timeout: float | None, *, gather: float = 0.0) -> list[Outcome[T]]:
        """Send and receive what can be, waiting for at most `timeout` seconds (None: no limit) for something to happen.

        Args:
            timeout: seconds.
            gather: seconds to wait for more answers where one has come and others are to come; not where `watch` has
                something to read.

        Returns:
            Outcomes since the last call.
        """
        patience = 0.0 if self._outcomes or self._dialled else self._patience(timeout)
        ready = self._selector.select(patience)
        if gather and patience != 0.0 and len(ready) < len(self._busy) and _are_answers(ready):
            time.sleep(gather)
            ready = self._selector.select(0)
        for key, mask in ready:
            if isinstance(key.data, Connection):
                self._serve(key.data, mask)
            else:
                key.data()
        self._admit()
        self._expire()
        outcomes, self._outcomes = self._outcomes, []
        return outcomes

    def close(self) -> None:
        """Drop every connection and whatever it carries."""
        self._closed = True
        self._discard_dialled()
        for connection in (*self._idle, *self._busy):
            connection.close()
        self._idle.clear()
        self._busy.clear()
        self._dials.clear()
        self._selector.close()

    def _dial(self, number: int, timeout: float = CONNECT_TIMEOUT_SECONDS) -> None:
        """On a thread of its own: open a connection and hand it over."""
        try:
            result: Any = self._dialler.dial(timeout)
        except Exception as error:  # noqa: BLE001  told to the delivery thread, which counts it
            result = error
        self._dialled.append((number, result))
        if self._closed:
            self._discard_dialled()
        else:
            self._wake()

    def _discard_dialled(self) -> None:
        """Close connections that came too late for anybody."""
        with suppress(IndexError):  # emptied by another thread meanwhile
            while self._dialled:
                result = self._dialled.popleft()[1]
                if not isinstance(result, Exception):
                    result.close()

    def _admit(self) -> None:
        while self._dialled:
            number, result = self._dialled.popleft()
            awaited = self._dials.pop(number, None) is not None
            if isinstance(result, Exception):
                if awaited:
                    self._outcomes.append(Outcome(None, error=_described(result)))
                continue
            connection: Connection[T] = Connection(result, self._clock())
            if awaited:
                self._selector.register(result, _READ, connection)
                self._idle.append(connection)
                self._outcomes.append(Outcome(None))
            else:
                connection.close()

    def _serve(self, connection: Connection[T], mask: int) -> None:
        if mask & selectors.EVENT_WRITE:
            self._push(connection)
        if mask & selectors.EVENT_READ and (connection in self._busy or connection in self._idle):
            self._pull(connection)

    def _push(self, connection: Connection[T]) -> None:
        waited = connection.wants_write
        try:
            connection.push(self._clock())
        except OSError as error:
            answer = connection.last_words(self._clock())
            if answer is None:
                self._fail(connection, _described(error))
            else:
                self._land(connection, answer)
            return
        if connection.wants_write is not waited:
            self._selector.modify(connection.sock, _READ_WRITE if connection.wants_write else _READ, connection)

    def _pull(self, connection: Connection[T]) -> None:
        if connection.cargo is None:  # the other side closed, or talks out of turn
            if connection.quiet():
                return
            self._drop(connection)
            return
        try:
            answer = connection.pull(self._clock())
        except (OSError, BadAnswer) as error:
            self._fail(connection, _described(error))
            return
        if answer is not None:
            self._land(connection, answer)

    def _land(self, connection: Connection[T], answer: Answer) -> None:
        reusable = connection.reusable_after(answer)
        self._outcomes.append(Outcome(connection.unload(), answer))
        if reusable:
            self._busy.discard(connection)
            self._idle.append(connection)
        else:
            self._drop(connection)

    def _fail(self, connection: Connection[T], error: str) -> None:
        stale = connection.stale
        self._outcomes.append(Outcome(connection.unload(), error=error, stale=stale))
        self._drop(connection)

    def _drop(self, connection: Connection[T]) -> None:
        self._busy.discard(connection)
        if connection in self._idle:
            self._idle.remove(connection)
        self._selector.unregister(connection.sock)
        connection.close()

    def _expire(self) -> None:
        """Give up what takes too long."""
        now, limits = self._clock(), self._timeouts
        while self._idle and now - self._idle[0].progress_at > limits.idle:
            self._drop(self._idle[0])
        late = [one for one in self._busy if now >= self._deadline(one)]
        for connection in late:
            # Not stale: the other side had its time, so this counts as a failure.
            self._outcomes.append(Outcome(connection.unload(), error="no answer in time"))
            self._drop(connection)
        for number in [number for number, since in self._dials.items() if now - since > limits.dial]:
            del self._dials[number]
            self._outcomes.append(Outcome(None, error="no connection in time"))

    def _deadline(self, connection: Connection[T]) -> float:
        return min(connection.progress_at + self._timeouts.silence, connection.started_at + self._timeouts.total)

    def _patience(self, timeout: float | None) -> float | None:
        """Seconds until something must be given up, `timeout` at most."""
        ends = [self._deadline(one) for one in self._busy]
        ends += [since + self._timeouts.dial for since in self._dials.values()]
        if self._idle:
            ends.append(self._idle[0].progress_at + self._timeouts.idle)
        if not ends:
            return timeout
        until = max(0.0, min(ends) - self._clock()) + 0.001
        return until if timeout is None else min(timeout, until)


def _described(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"


def _are_answers(ready: list[tuple[selectors.SelectorKey, int]]) -> bool:
    """Whether nothing but connections has something to read, and at least one."""
    return bool(ready) and all(isinstance(key.data, Connection) and mask == _READ for key, mask in ready)
