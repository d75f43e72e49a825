"""loading(): imports that wait until something is needed, and forks that wait for them."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from typing import TYPE_CHECKING

import pytest

from otel_sentry.loading import Turnstile, loading

if TYPE_CHECKING:
    from pathlib import Path

FORKS_WHILE_A_THREAD_IMPORTS = """
import os, signal, sys, threading
from otel_sentry.loading import loading

def load():
    with loading():
        begun.set()
        import slow

begun = threading.Event()
thread = threading.Thread(target=load)
thread.start()
begun.wait()
child = os.fork()
if child == 0:
    signal.alarm(10)  # the child of an unguarded fork hangs in the next line
    import slow
    os._exit(slow.ANSWER)
thread.join()
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_fork_waits_for_an_import(tmp_path: Path) -> None:
    """A child that is forked while a thread imports can import the same module."""
    (tmp_path / "slow.py").write_text("import time\ntime.sleep(0.5)\nANSWER = 42\n")

    ended = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", FORKS_WHILE_A_THREAD_IMPORTS],
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        timeout=60,
        check=False,
    )

    assert ended.returncode == 42


def test_inside_one_another() -> None:
    """What is imported late may itself import late; others come after it."""
    with loading(), loading():
        pass
    entered = threading.Event()

    def enter() -> None:
        with loading():
            entered.set()

    thread = threading.Thread(target=enter)
    with loading():
        thread.start()
        assert not entered.wait(0.05)
    thread.join(10)

    assert entered.is_set()


def test_leaving_without_having_entered() -> None:
    """Whoever has waited in vain leaves all the same, and keeps nobody from entering."""
    guard, entered = Turnstile(1.0), threading.Event()
    guard.leave()
    thread = threading.Thread(target=lambda: (guard.enter(), entered.set(), guard.leave()))
    thread.start()
    thread.join(10)

    assert entered.is_set()
