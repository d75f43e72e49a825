"""Locks that stop no greenlet: made when they are needed, in place of those that sentry-sdk starts threads under."""

from __future__ import annotations

import os
import signal
import threading
from typing import TYPE_CHECKING, Any

import pytest
import sentry_sdk

from otel_sentry.delivery.late_lock import LateLock, soften

if TYPE_CHECKING:
    from collections.abc import Callable

DSN = "http://key@127.0.0.1:1/1"


def enters(lock: LateLock, seconds: float = 0.05) -> bool:
    """Whether another thread gets in within `seconds`; if not, it goes on waiting."""
    inside = threading.Event()

    def enter() -> None:
        with lock:
            inside.set()

    threading.Thread(target=enter, daemon=True).start()
    return inside.wait(seconds)


def test_one_at_a_time() -> None:
    """It is a lock."""
    lock = LateLock()
    with lock:
        assert not enters(lock)

    assert enters(lock, 10)


def test_a_lock_older_than_the_patch_is_left_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    """Gevent puts its own kind in the place of `threading.Lock`, and from then on that kind is used."""
    lock = LateLock()
    with lock:
        monkeypatch.setattr(threading, "Lock", threading.RLock)

        assert enters(lock, 10)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")
def test_a_forked_child_does_not_wait_for_its_parent() -> None:
    """Whoever holds it at the fork is not there to let go."""
    lock = LateLock()
    with lock:
        child = os.fork()
        if child == 0:
            signal.alarm(10)
            with lock:
                os._exit(0)
        status = os.waitpid(child, 0)[1]

    assert status == 0


@pytest.mark.parametrize(
    "lock_of",
    [
        pytest.param(lambda client: client.session_flusher._thread_lock, id="release health"),
        pytest.param(lambda client: client.monitor._thread_lock, id="back-pressure"),
        pytest.param(lambda client: client.log_batcher._lock, id="logs"),
        pytest.param(lambda client: client.metrics_batcher._lock, id="metrics"),
    ],
)
def test_sentry_sdk_starts_no_thread_under_a_lock_of_its_own(lock_of: Callable[[Any], object]) -> None:
    """Each part that does has a late lock, and keeps it when asked again."""
    client = sentry_sdk.Client(
        dsn=DSN, default_integrations=False, _experiments={"enable_logs": True}, enable_logs=True
    )
    soften(client)
    late = lock_of(client)
    soften(client)

    assert isinstance(late, LateLock)
    assert lock_of(client) is late
    client.close(timeout=0)


def test_what_is_not_there_is_passed_over() -> None:
    """A client that has gone, or one of another release."""
    client = sentry_sdk.client.NonRecordingClient()
    before = dict(vars(client))
    soften(None)
    soften(client)

    assert vars(client) == before
