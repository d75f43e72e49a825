"""The room's only thread: rings in time, once, and goes away."""

from __future__ import annotations

import os
import threading
import time

import pytest

from otel_sentry.issues import alarm as alarm_module
from otel_sentry.issues.alarm import Alarm


def test_rings_when_it_is_due() -> None:
    """Not before; earlier times win over later ones."""
    rung: list[float] = []
    heard = threading.Event()

    def ring() -> None:
        rung.append(time.monotonic())
        heard.set()

    alarm = Alarm(ring)
    asked = time.monotonic()
    alarm.set(asked + 60)
    alarm.set(asked + 0.05)

    assert heard.wait(10)
    assert rung[0] >= asked + 0.05


def test_rings_again_as_long_as_something_waits() -> None:
    """What the ring returns is the next time."""
    left = [0.0, 0.0]
    heard = threading.Event()

    def ring() -> float | None:
        if left:
            return left.pop()
        heard.set()
        return None

    Alarm(ring).set(0.0)

    assert heard.wait(10)


def test_no_thread_before_it_is_needed_and_none_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    """It starts with the first incident, ends when none came for a while, and starts again."""
    monkeypatch.setattr(alarm_module, "_LINGER_SECONDS", 0.2)
    heard = threading.Semaphore(0)
    alarm = Alarm(heard.release)  # type: ignore[arg-type]

    assert alarm._thread is None
    for _ in range(2):
        alarm.set(0.0)
        thread = alarm._thread

        assert heard.acquire(timeout=10)
        assert thread is not None
        assert thread.daemon
        thread.join(10)
        assert alarm._thread is None


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_forked_child_has_its_own() -> None:
    """A child that inherits an alarm without its thread starts one."""
    heard = threading.Event()
    alarm = Alarm(heard.set)  # type: ignore[arg-type]
    alarm.set(time.monotonic() + 60)
    child = os.fork()
    if child == 0:
        alarm.set(0.0)
        os._exit(0 if heard.wait(10) else 1)
    _, status = os.waitpid(child, 0)

    assert os.waitstatus_to_exitcode(status) == 0
