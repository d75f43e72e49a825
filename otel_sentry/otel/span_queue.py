"""The span queue and its one thread: spans are appended by the application and consumed here, in small pieces.

The thread starts with the first span, once per process id; it polls while spans come and sleeps when none do.
"""

from __future__ import annotations

import math
import os
import threading
import time
import weakref
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Protocol, TypeVar

from otel_sentry.convert.pressed_span import pressed
from otel_sentry.masking.own_log import own_logger
from otel_sentry.otel.waiting_spans import WaitingSpans

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import ReadableSpan

    from otel_sentry.convert.pressed_span import PressedSpan
    from otel_sentry.otel.segments import Segment

_logger = own_logger(__name__)

_POLL_SECONDS = 0.00625
"""How long spans wait for the thread while they keep coming.

What waits longer is not in the processor's cache when its memory is used again, which the application's thread pays;
what is taken more often finds the code that encodes it out of the cache, which the batch thread pays. Figures: the
performance page.
"""
_DOUBLINGS = 3
"""How often that time doubles at most, once for each poll without a span."""
_HAND_OVER_SECONDS = 0.05
"""How often what is ready is handed to delivery, which wakes other threads."""
_WAKE_AT = 256
"""Waiting spans at which the thread is woken early. Fewer would wake it within a request, which then waits for it."""
_LOOK_EVERY = 64
"""Waiting spans after which one is looked at more closely."""
_MOST_AT_CONSUMER = 8192
"""Spans there, beyond which those that come meanwhile wait here, where their number and bytes are bounded."""
_QUIET_POLLS = 20
"""Polls with nothing here or at the consumer after which the thread sleeps until it is woken."""
_YIELD_EVERY = 20
"""Spans after which the thread offers the GIL, so that a request that wakes from I/O need not wait 5 ms for it."""
_YIELD_EVERY_OF_BUSY = 2000
"""The same where the application computes: what it is offered it keeps for 5 ms, and thousands of spans would wait."""
_BUSY_SECONDS = 0.003
"""An offer that is kept so long shows that."""
_YIELD_EVERY_AMONG_GREENLETS = 200
"""The same where threads are greenlets, which nothing interrupts after 5 ms."""
_MOMENT_SECONDS = 0.1
"""What closing the queue may take in any case: its thread waits for no network."""


Meanwhile = Callable[[], object]


def nothing() -> None:
    """What happens between two steps of a flush for which somebody waits."""


class SpanConsumer(Protocol):
    """What the thread feeds. All calls come from the queue's thread; none may raise."""

    def add(self, span: ReadableSpan | PressedSpan, segment: Segment | None) -> None:
        """Take one ended span."""

    def flush(self, now: float, *, everything: bool, meanwhile: Meanwhile = nothing) -> None:
        """Hand over what is due at monotonic second `now`, or all. `now` is infinite at the very end.

        Calls `meanwhile` between two steps that give the GIL away; it may add spans.
        """

    def pending(self) -> int:
        """Spans taken and not yet handed over."""

    def clear(self) -> None:
        """Forget everything: a forked child must not send its parent's spans."""


Stage = TypeVar("Stage", bound=SpanConsumer)


class SpanQueue:
    """A bounded queue of ended spans.

    Args:
        consumer: gets the spans, on this queue's thread.
        max_spans: bound in spans.
        max_bytes: bound in bytes, estimated.
        refused: told how many spans do not fit, give way to others, or are left when the queue must close.
        forked: called in a forked child.
        chore: called on this queue's thread now and then, idle or not; gives the seconds until it wants to be again.
        clock: monotonic seconds.

    Attributes:
        pid: the process that it works for.
        thread: its thread, None while there is none.
        on_begin: called when the first span of a process has come, on the application's thread.
        on_thread: called on this queue's thread when it starts, for what requests should not wait for.
    """

    def __init__(
        self,
        consumer: SpanConsumer,
        *,
        max_spans: int,
        max_bytes: int = 256 << 20,
        refused: Callable[[int], None],
        forked: Callable[[], None] = lambda: None,
        chore: Callable[[], float] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._consumer = consumer
        self._max_spans = max_spans
        self._max_bytes = max_bytes
        self._refused = refused
        self._forked = forked
        self._chore = chore
        self._clock = clock
        self._closing = False
        self._closed = False
        self.on_begin: Callable[[], None] = lambda: None
        self.on_thread: Callable[[], object] = lambda: None
        self._start_over()
        if hasattr(os, "register_at_fork"):
            start_over = weakref.WeakMethod(self._start_over_in_child)
            os.register_at_fork(after_in_child=lambda: (method := start_over()) and method())

    def _start_over(self) -> None:
        self._waiting = WaitingSpans(max_spans=self._max_spans, max_bytes=self._max_bytes, displaced=self._refused)
        self._items = self._waiting.items
        self._weigh_from = 0 if self._closed else self._waiting.weigh_from
        self._idle = True
        self._turns = 0  # odd while one is under way
        self._hand_over_at = 0.0
        self._every_of_busy = _YIELD_EVERY_OF_BUSY
        self._lock = threading.RLock()
        self._wake = threading.Event()
        self._flushes: list[threading.Event] = []
        self.thread: threading.Thread | None = None
        self.pid = os.getpid()

    def _start_over_in_child(self) -> None:
        self._start_over()
        self._consumer.clear()
        self._forked()

    def put(self, span: ReadableSpan, segment: Segment | None) -> None:
        """Append an ended span; refuses it when the queue is closed, or full and nothing may give way to it."""
        items = self._items
        if len(items) < self._weigh_from:
            items.append(pressed(span, segment) or (span, segment, 0))
        elif self._closed or not self._waiting.add(span, segment):
            self._refused(1)
            return
        if self._idle:
            self._rouse()
        elif not len(items) % _LOOK_EVERY:
            self._look_up()

    def put_first(self, span: ReadableSpan, segment: Segment | None) -> None:
        """Put a span before all others, whether there is room or not; for a few, when the process leaves."""
        self._items.appendleft((span, segment, 0))
        self._rouse()

    def flush(self, timeout: float) -> bool:
        """Have everything handed over that was put before this call.

        Args:
            timeout: seconds to wait at most.

        Returns:
            True when it was done in time.
        """
        turns = self._turns
        nothing_waits = not self._items and not self._consumer.pending()
        if nothing_waits and not turns % 2 and turns == self._turns:  # nor was any on its way from one to the other
            return True
        done = threading.Event()
        with self._lock:
            self._flushes.append(done)
        self._rouse()
        return done.wait(max(0.0, timeout))

    def close(self, timeout: float) -> bool:
        """Flush, refuse what comes later and let the thread end; what waits yet when the time is over is refused."""
        self._closing = True
        flushed = self.flush(max(timeout, _MOMENT_SECONDS))
        self._closed = True
        self._weigh_from = 0  # whatever comes later is refused
        self._wake.set()
        if not flushed:
            self._give_up()
        return flushed

    def pending(self) -> int:
        """Spans that wait here or at the consumer."""
        return len(self._items) + self._consumer.pending()

    def interpose(self, stage: Callable[[SpanConsumer], Stage | None]) -> Stage | None:
        """Put what `stage` makes, if anything, between this queue and its consumer."""
        made = stage(self._consumer)
        self._consumer = self._consumer if made is None else made
        return made

    def attend(self) -> None:
        """A segment begins without a thread, or in a process forked behind Python's back: have one for the chore."""
        if self.pid != os.getpid():
            self._start_over_in_child()
        if self.thread is None and self._chore is not None and not self._closed:
            with suppress(RuntimeError):  # the interpreter is leaving; the span itself may still be handed over
                self._rouse()

    def _give_up(self) -> None:
        """Count what nobody will deliver, and let the thread hand over what it has in hand."""
        left = 0
        with suppress(IndexError):  # the thread takes too
            while True:
                self._items.popleft()
                left += 1
        if left:
            self._refused(left)
        if self.thread is not None and self.thread is not threading.current_thread():
            self.thread.join(_MOMENT_SECONDS)

    def _look_up(self) -> None:
        """One span in many: wake the thread if it is high time, and learn from how many on they must be weighed."""
        if len(self._items) >= _WAKE_AT:
            self._wake.set()
        with suppress(Exception):  # a span that cannot be weighed is in the queue all the same
            self._waiting.judge()
        if not self._closed:
            self._weigh_from = self._waiting.weigh_from
        if self._closed:  # meanwhile: the later look counts
            self._weigh_from = 0

    def _rouse(self) -> None:
        """Wake the thread, or start it. Nobody asks it whether it lives: under gevent the question lets others run."""
        new: threading.Thread | None = None
        with self._lock:
            self._idle = False
            if self.thread is None:
                new = self.thread = threading.Thread(target=self._live, name="otel_sentry.spans", daemon=True)
        if new is not None:
            self._start(new)
            self.on_begin()
        self._wake.set()

    def _start(self, thread: threading.Thread) -> None:
        """Not under the lock: where threads are greenlets (gevent) it runs at once, and the lock is older."""
        try:
            thread.start()
        except RuntimeError:  # the interpreter is leaving and starts no threads
            self.thread = None
            raise

    def _live(self) -> None:
        try:
            self._run()
        finally:  # closed, or killed as greenlets may be: whoever puts something from now on starts another
            self.thread = None
            self._idle = True

    def _run(self) -> None:
        with suppress(Exception):
            self.on_thread()
        are_threads = type(threading.Lock()).__module__ == "_thread"  # gevent and eventlet put theirs into its place
        self._every_of_busy = _YIELD_EVERY_OF_BUSY if are_threads else _YIELD_EVERY_AMONG_GREENLETS
        empty = quiet = 0
        chore_at = self._clock()
        while not self._closed:
            nap = max(0.0, chore_at - self._clock()) if self._chore is not None else None
            poll = _POLL_SECONDS * 2 ** min(empty, _DOUBLINGS)
            self._wake.wait(nap if self._idle else poll)
            self._wake.clear()
            if self._chore is not None and self._clock() >= chore_at:
                chore_at = self._clock() + self._chore()
            empty = 0 if self._turn() else empty + 1
            quiet = quiet + 1 if empty and not self._consumer.pending() else 0
            # Set first, look second: whoever appends after the look sees the flag and wakes us.
            self._idle = quiet >= _QUIET_POLLS
            if self._idle and (self._items or self._flushes):
                self._idle = False
        self._turn()

    def _turn(self) -> bool:
        """Consume what waits; whether there was anything to do."""
        self._turns += 1
        with self._lock:
            flushes, self._flushes = self._flushes, []
        came = bool(flushes) or bool(self._items)
        try:
            self._drain()
            now = math.inf if self._closing else self._clock()
            if flushes or now >= self._hand_over_at:
                self._hand_over_at = now + _HAND_OVER_SECONDS
                everything = bool(flushes) or self._closing
                self._consumer.flush(now, everything=everything, meanwhile=nothing if everything else self._meanwhile)
        except Exception:  # telemetry must not stop because one span is odd
            _logger.exception("otel_sentry could not hand over spans")
        finally:
            self._turns += 1
            for done in flushes:
                done.set()
        return came

    def _meanwhile(self) -> None:
        """Go on encoding while the consumer hands over, lest thousands wait where the GIL is left to nobody."""
        if not self._flushes and not self._closing and self._consumer.pending() < _MOST_AT_CONSUMER:
            self._drain()

    def _drain(self) -> None:
        add, until_offer = self._consumer.add, _YIELD_EVERY
        for span, segment in self._waiting.take():
            add(span, segment)
            until_offer -= 1
            if not until_offer:
                until_offer = self._every_of_busy if _offer_gil() > _BUSY_SECONDS else _YIELD_EVERY


def _offer_gil() -> float:
    """Let another thread have the GIL; for how many seconds it was kept."""
    offered = time.perf_counter()
    time.sleep(0)
    return time.perf_counter() - offered
