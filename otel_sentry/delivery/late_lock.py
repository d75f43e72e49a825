"""Locks for sections in which a thread is started, wherever the lock was made.

A thread's `start` waits until it runs. Where threads are greenlets (gevent) that wait lets others run, and whoever of
them wants the same lock stops the process for ever if the lock is one of the system's: gunicorn's gevent worker patches
after the fork, so everything that `--preload` has loaded is full of these, and so is what `opentelemetry-instrument`
set up.
"""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from types import TracebackType

_STARTERS: Final = (
    ("session_flusher", "_thread_lock"),
    ("monitor", "_thread_lock"),
    ("log_batcher", "_lock"),
    ("metrics_batcher", "_lock"),
)
"""Parts of a sentry-sdk client, 2.x and 3.x, that start their thread under a lock of theirs, and its name."""


class LateLock:
    """A lock that is made when it is needed: anew in each forked child, and anew once threads have become greenlets.

    A context manager, like `threading.Lock`; for several threads.
    """

    def __init__(self) -> None:
        self._made: dict[tuple[int, object], Any] = {}
        self._held: list[Any] = []

    def __enter__(self) -> None:
        lock = self._made.setdefault((os.getpid(), threading.Lock), threading.Lock())
        lock.acquire()
        self._held.append(lock)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._held.pop().release()


def soften(client: object) -> None:
    """Give a sentry-sdk client late locks where it starts threads.

    To be repeated in a forked child, where sentry-sdk makes new ones. Parts that another release of sentry-sdk does not
    have are passed over.
    """
    for part, name in _STARTERS:
        holder = getattr(client, part, None)
        if hasattr(holder, name) and not isinstance(getattr(holder, name), LateLock):
            setattr(holder, name, LateLock())
