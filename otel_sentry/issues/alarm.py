"""Wakes the issues room when an incident has waited long enough. The room's only thread; runs only while one waits."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable

_LINGER_SECONDS = 5.0


class Alarm:
    """Calls `ring` at or after a given time, on a daemon thread that starts when it is first needed.

    Args:
        ring: releases what is due; returns when the next one is, None if none waits. Must not raise.
        clock: monotonic seconds.
    """

    def __init__(self, ring: Callable[[], float | None], clock: Callable[[], float] = time.monotonic) -> None:
        self._ring = ring
        self._clock = clock
        self._pid = os.getpid()
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._due: float | None = None

    def set(self, due: float) -> None:
        """Make sure that `ring` is called at `due`, a monotonic second."""
        if os.getpid() != self._pid:
            self._start_over()
        new: threading.Thread | None = None
        with self._changed:
            if self._thread is None:
                self._due = due
                new = self._thread = threading.Thread(target=self._run, name="otel_sentry.issues", daemon=True)
            elif self._due is None or due < self._due:
                self._due = due
                self._changed.notify()
        if new is not None:  # not under the lock: where threads are greenlets (gevent) it runs at once
            new.start()

    def _run(self) -> None:
        changed = self._changed
        while self._waited(changed):
            following = self._ring()
            with changed:
                if following is not None and (self._due is None or following < self._due):
                    self._due = following

    def _waited(self, changed: threading.Condition) -> bool:
        """Wait until something is due; False if nothing was for a while, and the thread may end."""
        with changed:
            while True:
                now = self._clock()
                if self._due is None:
                    changed.wait(_LINGER_SECONDS)
                    if self._due is None:
                        self._thread = None
                        return False
                elif self._due > now:
                    changed.wait(self._due - now)
                else:
                    self._due = None
                    return True

    def _start_over(self) -> None:
        """Begin without a thread: in a forked child there is none."""
        self._changed = threading.Condition()
        self._thread = None
        self._due = None
        self._pid = os.getpid()
