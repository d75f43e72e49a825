"""How a process leaves without `atexit`: SIGTERM, and children that end by `os._exit`.

What would have happened happens all the same, a bounded moment later.

Delivery runs on a thread of its own, because the handler may have interrupted one that holds a lock; it is waited for
within `OTEL_SENTRY_SHUTDOWN_TIMEOUT`.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import weakref
from collections.abc import Callable
from types import FrameType
from typing import TYPE_CHECKING, Any, Final

from otel_sentry.masking.own_log import own_logger

if TYPE_CHECKING:
    from otel_sentry.setup.telemetry import Telemetry

_logger = own_logger(__name__)

Departure = Callable[[], object]
"""Delivers within its own limit."""

_GREEN: Final[dict[str, Callable[[Any], bool]]] = {
    "gevent.monkey": lambda monkey: bool(monkey.is_module_patched("threading")),
    "eventlet.patcher": lambda patcher: bool(patcher.is_monkey_patched("thread")),
}
"""Modules that may have made greenlets of threads, and how they tell."""
_GRACE_SECONDS: Final = 0.25
"""What a delivery that keeps to its limit may need beyond it, to be scheduled at all."""


class TerminationHandler:
    """What runs at SIGTERM: deliver, then do what the signal would have done.

    Args:
        flush: delivers what has ended; used where the application has a handler of its own and goes on for a while.
        leave: delivers everything, open spans included; used where the signal ends the process.
        timeout: seconds that either may take.
        previous: the disposition before ours.
    """

    def __init__(self, *, flush: Departure, leave: Departure, timeout: float, previous: Any) -> None:
        self._flush = flush
        self._leave = leave
        self._timeout = timeout
        self.previous = previous

    def __call__(self, number: int, frame: FrameType | None) -> None:
        """The signal handler; runs on the main thread, between two of its bytecodes."""
        previous = self.previous
        if callable(previous):
            bounded(self._flush, self._timeout)
            previous(number, frame)
        else:
            bounded(self._leave, self._timeout, lambda: _end_by(number))


def on_sigterm(*, flush: Departure, leave: Departure, timeout: float) -> TerminationHandler | None:
    """Chain a handler before whatever SIGTERM does now.

    Returns:
        The handler; None where none was set: off the main thread, where the signal is ignored, where ours is there, or
        where a handler was installed by something that is not Python.
    """
    if threading.current_thread() is not threading.main_thread():
        return None
    previous = signal.getsignal(signal.SIGTERM)
    if previous is None or previous is signal.SIG_IGN or isinstance(previous, TerminationHandler):
        return None
    handler = TerminationHandler(flush=flush, leave=leave, timeout=timeout, previous=previous)
    try:
        signal.signal(signal.SIGTERM, handler)
    except ValueError:  # a sub-interpreter has no signals
        return None
    return handler


def again_in_children(arm: Callable[[], object]) -> Callable[[], None]:
    """What to call with the first span of each process, so that a forked one is armed too.

    A server that loads the application before it forks (gunicorn --preload) sets its own handlers after the fork.
    """
    armed = {os.getpid()}

    def first_span() -> None:
        if os.getpid() not in armed:
            armed.clear()
            armed.add(os.getpid())
            arm()

    return first_span


def before_child_exits(telemetry: Telemetry) -> None:
    """Deliver when a child made by `multiprocessing`, or a Celery pool worker, is about to `os._exit`.

    Args:
        telemetry: whose `shutdown` keeps to its limit; held weakly.
    """
    if not _watch_multiprocessing(telemetry) and hasattr(os, "register_at_fork"):
        told = weakref.ref(telemetry)
        # `multiprocessing` forks, and runs what is registered only then: there is time yet, and no need to load it.
        os.register_at_fork(after_in_child=lambda: (one := told()) and _watch_multiprocessing(one))
    _before_celery_worker_exits(telemetry.shutdown)


def _watch_multiprocessing(telemetry: Telemetry) -> bool:
    """Be called in the children of `multiprocessing`; whether it is loaded."""
    multiprocessing: Any = sys.modules.get("multiprocessing.util")
    if multiprocessing is not None:
        multiprocessing.register_after_fork(telemetry, _in_child)
    return multiprocessing is not None


def _in_child(telemetry: Telemetry) -> None:
    """Runs in a child made by `multiprocessing`, whose inherited finalizers are gone by now."""
    sys.modules["multiprocessing.util"].Finalize(None, telemetry.shutdown, exitpriority=0)


def _before_celery_worker_exits(leave: Departure) -> None:
    """Celery's pool (billiard) runs no finalizers of `multiprocessing`; it does send this signal, recycled or not."""
    if "celery" not in sys.modules and not _is_celery_command():
        return
    try:
        from celery.signals import worker_process_shutdown  # noqa: PLC0415
    except ImportError:
        return
    worker_process_shutdown.connect(lambda **_: leave(), weak=False)


def _is_celery_command() -> bool:
    return os.path.basename(sys.argv[0] if sys.argv else "").startswith("celery")  # noqa: PTH119


def bounded(departure: Departure, timeout: float, afterwards: Callable[[], None] = lambda: None) -> None:
    """Run `departure` on a thread of its own, wait for it at most `timeout` seconds, then do what follows.

    It never raises. Where threads are greenlets nobody waits: the handler may have interrupted the very greenlet that
    delivers, or gevent's hub, on which nobody may wait. What follows then happens on the departure's greenlet.
    """
    green = _threads_are_greenlets()

    def run() -> None:
        try:
            departure()
        except Exception:
            _logger.exception("otel_sentry could not deliver before leaving")
        if green:
            afterwards()

    thread = threading.Thread(target=run, name="otel_sentry.departure", daemon=True)
    try:
        thread.start()
        if not green:
            thread.join(timeout + _GRACE_SECONDS)
    except Exception:  # gevent's hub may not even wait for the start, which comes about all the same
        if not green:
            _logger.exception("otel_sentry could not deliver before leaving")
    if not green:
        afterwards()


def _threads_are_greenlets() -> bool:
    return any(name in sys.modules and asked(sys.modules[name]) for name, asked in _GREEN.items())


def _end_by(number: int) -> None:
    """End as the signal would have: its default disposition is restored, so that the exit status tells."""
    signal.signal(number, signal.SIG_DFL)
    os.kill(os.getpid(), number)
