"""Imports that wait until something is needed, and forks that wait for them.

A process that forks while another of its threads imports a module leaves the child the lock of that import, which
nobody there ever lets go: whoever needs the module hangs. What we import late is imported inside `loading()`.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

LONGEST_WAIT_SECONDS: Final = 1.0
"""Nobody waits longer: the thread that imports may itself wait for a module that the one which forks is importing."""


class ForkGuard:
    """Keeps forks out of imports. Any thread, any number of times, one inside the other too."""

    def __init__(self) -> None:
        self._start_over()
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(before=self.enter, after_in_parent=self.leave, after_in_child=self._start_over)

    def enter(self) -> None:
        """Wait until nobody else imports or forks, and keep others from it; `leave` must follow on this thread."""
        self._lock.acquire(timeout=LONGEST_WAIT_SECONDS)

    def leave(self) -> None:
        """Let others import and fork."""
        try:
            self._lock.release()
        except RuntimeError:  # `enter` has waited in vain, or this is a child that was forked inside
            return

    def _start_over(self) -> None:
        self._lock = threading.RLock()


_GUARD: Final = ForkGuard()  # of the process, as its table of modules is


@contextmanager
def loading() -> Iterator[None]:
    """Import something inside of this; never raises by itself."""
    _GUARD.enter()
    try:
        yield
    finally:
        _GUARD.leave()
