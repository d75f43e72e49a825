"""Imports that wait until something is needed, and who waits for them.

A process that forks while another of its threads imports a module leaves the child the lock of that import, which
nobody there ever lets go: whoever needs the module hangs. What we import late is imported inside `loading()`.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final


class Turnstile:
    """Lets one thread in at a time, as often as it likes, one inside the other too; a forked child begins anew.

    Nobody waits for ever: the thread inside may itself wait for a module that the one outside is importing.

    Args:
        longest_wait: seconds.
        forks_wait: whether a process does not fork while another of its threads is inside.
    """

    def __init__(self, longest_wait: float, *, forks_wait: bool = False) -> None:
        self._longest_wait = longest_wait
        self._start_over()
        if forks_wait and hasattr(os, "register_at_fork"):
            os.register_at_fork(before=self.enter, after_in_parent=self.leave, after_in_child=self._start_over)
        elif hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=self._start_over)

    def enter(self) -> None:
        """Wait until nobody else is inside; `leave` must follow on this thread."""
        self._lock.acquire(timeout=self._longest_wait)

    def leave(self) -> None:
        """Let others in."""
        try:
            self._lock.release()
        except RuntimeError:  # `enter` has waited in vain, or this is a child that was forked inside
            return

    @contextmanager
    def inside(self) -> Iterator[None]:
        """Do something inside; never raises by itself."""
        self.enter()
        try:
            yield
        finally:
            self.leave()

    def _start_over(self) -> None:
        self._lock = threading.RLock()


LONGEST_WAIT_SECONDS: Final = 1.0
_IMPORTS: Final = Turnstile(LONGEST_WAIT_SECONDS, forks_wait=True)  # of the process, as its table of modules is

loading: Final = _IMPORTS.inside
"""Import something inside of this."""
