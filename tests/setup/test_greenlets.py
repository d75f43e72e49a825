"""gevent that comes after us: `gunicorn --preload` sets up, forks, and only the child makes greenlets of threads."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from otel_sentry.local.receiver import Receiver

PRELOADED = """
import faulthandler, gc, os, sys, threading
sys.modules["django"] = None  # gevent's patch looks at every object, and Django's settings raise where nobody set them
import otel_sentry, sentry_sdk
from opentelemetry import trace
from sentry_sdk.sessions import track_session

telemetry = otel_sentry.configure()
child = os.fork()
if child:
    os._exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
faulthandler.dump_traceback_later(60, exit=True)
Native = type(threading.Lock())
from gevent import monkey
monkey.patch_all()
import gevent, greenlet
gevent.reinit()
tracer = trace.get_tracer("app")

old = {}
for one in gc.get_objects():
    if str(type(one).__module__).partition(".")[0] in ("otel_sentry", "sentry_sdk"):
        for name, lock in getattr(one, "__dict__", {}).items():
            if isinstance(lock, Native):
                old[f"{type(one).__name__}.{name}"] = lock
held = set()
greenlet.settrace(lambda *_: held.update(name for name, lock in old.items() if lock.locked()))

def request(_):
    with track_session(sentry_sdk.get_isolation_scope(), session_mode="request"):
        with tracer.start_as_current_span("request"):
            gevent.sleep(0)

def at_once(what):
    gevent.joinall([gevent.spawn(what, number) for number in range(6)])

at_once(request)
gevent.sleep(2)  # the span queue sleeps by now
at_once(request)
at_once(lambda _: telemetry.flush(20))
greenlet.settrace(None)
print(sorted(held), bool(old), flush=True)
os._exit(0)
"""


def test_no_greenlet_waits_for_a_lock_older_than_gevent(receiver: Receiver, tmp_path: Path) -> None:
    """Requests at once and flushes at once end, and none lets others run while it holds such a lock."""
    pytest.importorskip("gevent")
    (tmp_path / "app.py").write_text(PRELOADED)
    variables = {
        **{name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ},
        "SENTRY_DSN": receiver.dsn,
        "SENTRY_RELEASE": "shop@1",  # without a release there are no sessions
        "OTEL_PYTHON_DISABLED_INSTRUMENTATIONS": "*",
    }
    command = [sys.executable, "-W", "ignore", str(tmp_path / "app.py")]
    ended = subprocess.run(command, env=variables, capture_output=True, text=True, timeout=120, check=False)

    assert ended.stdout == "[] True\n", ended.stderr
    receiver.wait_for(lambda: len(receiver.spans) == 12)
