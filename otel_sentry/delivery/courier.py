"""The delivery thread: takes what is handed over, lets the desk work, tells those who wait for a flush.

One thread per transport and process, started with the first envelope. No lock is held over I/O, nor while modules are
loaded for the first time; the lock is re-entrant, because a signal handler may have interrupted its holder. A forked
child starts with nothing of its parent's.
"""

from __future__ import annotations

import os
import threading
import time
import weakref
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from otel_sentry.delivery.inbox import Inbox, Waiting
from otel_sentry.delivery.wire.bell import Bell
from otel_sentry.masking.own_log import own_logger

if TYPE_CHECKING:
    from collections.abc import Callable

    from otel_sentry.delivery.desk import Desk, Handed

_logger = own_logger("otel_sentry.delivery")

_ITEMS_PER_TURN: Final = 32
"""Items taken in between two looks at the connections."""
_LONGEST_NAP_SECONDS: Final = 30.0
_PAUSE_AFTER_ERROR_SECONDS: Final = 0.1
_SAVE_AFTER_SECONDS: Final = 0.25
"""How long a flush hopes for the network before it is content with the disk."""
_FAREWELL_SECONDS: Final = 0.2
"""How long a leaving process lets the thread save and tell what it could not deliver."""
_GIVE_WAY_SECONDS: Final = 0.05
"""Part of a flush's time that is left for its caller to come back."""


@dataclass(slots=True, eq=False)
class _Ticket:
    """Somebody who waits until everything handed over before is safe.

    `save_at`: when to stop hoping for the network and put what is left on disk.
    """

    generation: int
    deadline: float
    save_at: float
    done: threading.Event = field(default_factory=threading.Event)
    seen: bool = False
    safe: bool = False


class Courier:
    """Runs a desk on a thread of its own.

    Args:
        make_desk: makes the desk of a process; is given what wakes the thread.
        max_bytes: most bytes that may wait for the thread.
        displaced: told what gives way to something precious.
        clock: monotonic seconds.
    """

    def __init__(
        self,
        make_desk: Callable[[Callable[[], None]], Desk],
        *,
        max_bytes: int,
        displaced: Callable[[Handed], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._make_desk = make_desk
        self._max_bytes = max_bytes
        self._displaced = displaced
        self._clock = clock
        self._desk: Desk | None = None
        self._start_over()
        if hasattr(os, "register_at_fork"):
            start_over = weakref.WeakMethod(self._start_over)
            os.register_at_fork(after_in_child=lambda: (method := start_over()) and method())

    def _start_over(self) -> None:
        """Begin with nothing: also in a forked child, whose threads, locks and connections are its parent's."""
        if self._desk is not None:
            self._desk.abandon()
        self._pid = os.getpid()
        self._lock = threading.RLock()
        self._inbox = Inbox(self._max_bytes)
        self._generation = 0
        self._tickets: list[_Ticket] = []
        self._asleep = False
        self._leaving = False
        self._desk = None
        self._thread: threading.Thread | None = None
        self._bell: Bell | None = None

    @property
    def forked(self) -> bool:
        """Whether this is a process that was forked behind Python's back (uWSGI forks in C)."""
        return self._pid != os.getpid()

    @property
    def desk(self) -> Desk | None:
        """The desk, once there is something to do."""
        return self._desk

    def submit(self, item: Handed, weight: int, *, precious: bool) -> bool:
        """Hand something over.

        Args:
            item: what to deliver.
            weight: its bytes, roughly.
            precious: see `Waiting`.

        Returns:
            False when there is no room.
        """
        if self.forked:
            self._start_over()
        with self._lock:
            leaving = self._inbox.put(Waiting(item, weight, self._generation, precious))
            if leaving is None:
                return False
            self._leaving = False
        for one in leaving:
            self._displaced(one.item)
        if self._thread is None:
            self._start()
        if self._asleep:
            self._wake()
        return True

    @property
    def waiting(self) -> int:
        """Roughly how many things the process could still lose."""
        desk = self._desk
        return len(self._inbox) + (desk.unsettled() if desk else 0)

    def flush(self, timeout: float, *, anything: bool) -> bool:
        """Wait until what was handed over is safe.

        Args:
            timeout: longest wait in seconds; kept whatever the thread is doing.
            anything: there is something to do even if nothing was handed over.

        Returns:
            Whether it is safe.
        """
        if self.forked:
            self._start_over()
        if self._desk is None and not self._inbox and not anything:
            return True
        ends = self._clock() + timeout
        ticket = self._add_ticket(timeout)
        if self._start():
            self._wake()
            ticket.done.wait(max(0.0, ends - self._clock()))
        else:
            self._work_here(ticket)
        return ticket.safe

    def kill(self) -> None:
        """Let thread and connections go, within a moment. What is handed over later starts them anew."""
        if self.forked:
            self._start_over()
        thread, desk, bell = self._thread, self._desk, self._bell
        self._leaving = True
        self._wake()
        if thread is not None and thread is not threading.current_thread():
            thread.join(_FAREWELL_SECONDS)  # a daemon thread that says what is lost would be cut off by the exit
        elif thread is None and desk is not None and bell is not None:  # no thread: the interpreter is leaving
            self._desk = self._bell = None
            self._leave(desk, bell)

    def _add_ticket(self, timeout: float) -> _Ticket:
        with self._lock:
            now = self._clock()
            deadline = now + timeout - min(_GIVE_WAY_SECONDS, timeout / 4)
            ticket = _Ticket(self._generation, deadline, now + min(_SAVE_AFTER_SECONDS, timeout / 2))
            self._generation += 1
            self._tickets.append(ticket)
        return ticket

    def _start(self) -> bool:
        """Start the thread unless it runs.

        Returns:
            False when the interpreter is leaving and starts no threads.
        """
        made = self._make() if self._desk is None else None
        thread = self._employ(made)
        if thread is None:
            return True
        # Not under the lock: where threads are greenlets (gevent) it runs at once, and takes a lock older than those.
        try:
            thread.start()
        except RuntimeError:
            self._thread = None
            return False
        return True

    def _employ(self, made: tuple[Desk, Bell] | None) -> threading.Thread | None:
        """Give the thread that is to be started a desk; None where one runs.

        Args:
            made: a new desk, unless there was one a moment ago.
        """
        thread: threading.Thread | None = None
        with self._lock:
            self._leaving = False
            if self._desk is None:
                self._desk, self._bell = made or self._make()
                made = None
            if self._thread is None:  # does it live? Under gevent the question alone lets others run
                thread = self._thread = threading.Thread(target=self._run, name="otel_sentry.delivery", daemon=True)
        if made is not None:  # somebody else was quicker
            _close(*made)
        return thread

    def _make(self) -> tuple[Desk, Bell]:
        """A desk and what wakes its thread. Takes a while the first time, as modules are loaded."""
        bell = Bell()
        try:
            desk = self._make_desk(self._wake)
            desk.carrier.watch(bell, bell.silence)
        except BaseException:  # whoever hands over next tries again, with a new one
            bell.close()
            raise
        return desk, bell

    def _wake(self) -> None:
        self._asleep = False
        if self._bell is not None:
            self._bell.ring()

    def _run(self) -> None:
        desk, bell = self._desk, self._bell
        assert desk is not None and bell is not None  # noqa: S101, PT018  for the type checker; `_start` has seen to it
        try:
            while not self._over():
                self._guarded_turn(desk)
            self._leave(desk, bell)
        finally:
            if self._thread is threading.current_thread():  # killed, as greenlets may be
                self._thread = None

    def _over(self) -> bool:
        """Whether the thread may end; if so, whoever hands something over from now on starts another."""
        with self._lock:
            over = self._leaving and not self._inbox
            if over:
                self._desk = self._thread = self._bell = None
            return over

    def _leave(self, desk: Desk, bell: Bell) -> None:
        desk.leave()
        bell.close()
        with self._lock:
            tickets, self._tickets = self._tickets, []
        for ticket in tickets:
            ticket.safe = desk.safe(ticket.generation)
            ticket.done.set()

    def _guarded_turn(self, desk: Desk) -> None:
        try:
            self._turn(desk)
        except Exception:
            _logger.exception("delivery goes on after an error of its own")
            time.sleep(_PAUSE_AFTER_ERROR_SECONDS)

    def _work_here(self, ticket: _Ticket) -> None:
        """Deliver on the caller's thread: no other can be started any more."""
        desk = self._desk
        assert desk is not None  # noqa: S101  for the type checker; `_start` has seen to it
        while not ticket.done.is_set() and self._clock() < ticket.deadline:
            self._turn(desk)
        self._resolve(desk)

    def _turn(self, desk: Desk) -> None:
        for _ in range(_ITEMS_PER_TURN):
            with self._lock:
                one = self._inbox.take()
            if one is None:
                break
            desk.take_in(one.item, one.generation)
        newcomer = bool(self._tickets) and self._greet(desk)
        desk.report(self._tickets[0].generation if self._tickets else self._generation, urgent=newcomer)
        save_at = min([ticket.save_at for ticket in self._tickets], default=None)
        desk.save(save_at)
        self._resolve(desk)
        desk.turn(self._nap(save_at), hurry=bool(self._tickets))
        self._asleep = False
        self._resolve(desk)

    def _greet(self, desk: Desk) -> bool:
        """Whether somebody began to wait since the last turn."""
        newcomers = [ticket for ticket in self._tickets if not ticket.seen]
        for ticket in newcomers:
            ticket.seen = True
        if newcomers:
            desk.hurry()
        return bool(newcomers)

    def _nap(self, save_at: float | None) -> float:
        """How long the desk may wait for events."""
        self._asleep = True  # set first, look second: who hands over after the look rings the bell
        if self._inbox or self._leaving or any(not ticket.seen for ticket in self._tickets):
            return 0.0
        if not self._tickets:
            return _LONGEST_NAP_SECONDS
        now = self._clock()
        moments = [ticket.deadline for ticket in self._tickets]
        if save_at is not None and save_at > now:
            moments.append(save_at)
        return max(0.0, min([_LONGEST_NAP_SECONDS, *(moment - now for moment in moments)]))

    def _resolve(self, desk: Desk) -> None:
        """Answer those whose wait is over."""
        if not self._tickets:
            return
        for ticket in list(self._tickets):
            with self._lock:
                taken_in = ticket.seen and self._inbox.is_past(ticket.generation)
            ticket.safe = taken_in and desk.safe(ticket.generation)
            in_vain = taken_in and desk.stuck_until(ticket.deadline)
            if ticket.safe or in_vain or self._clock() >= ticket.deadline:
                self._tickets.remove(ticket)
                ticket.done.set()


def _close(desk: Desk, bell: Bell) -> None:
    desk.abandon()
    bell.close()
