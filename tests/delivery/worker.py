"""A process that delivers, told by its arguments what to do; run by `test_processes`.

`python worker.py DSN SPOOL_DIR ROLE NUMBER` prints the numbers of envelopes that are handed over.
"""

from __future__ import annotations

import atexit
import os
import signal
import sys
import threading
import time
from pathlib import Path

if sys.argv[3:4] == ["gevent"]:
    from gevent import monkey

    monkey.patch_all()

sys.path.insert(0, os.fspath(Path(__file__).parents[2]))

from otel_sentry.protocol.item_kinds import Category, LossReason
from tests.delivery.conftest import new_transport
from tests.delivery.parcels import span_envelope


class Worker:
    """Sends numbered envelopes in one of several ways."""

    def __init__(self, dsn: str, spool_dir: str, start: int) -> None:
        self.key = dsn.split("//")[1].split("@", maxsplit=1)[0]
        self.start = start
        self.transport = new_transport(dsn, spool_dir=spool_dir or None)

    def send(self, number: int) -> None:
        """Hand one envelope over."""
        self.transport.send(span_envelope(number, key=self.key, date=time.time()))

    def leave(self) -> None:
        """Deliver, and end as a script ends."""
        for number in range(self.start, self.start + 20):
            self.send(number)
        assert self.transport.flush(10)
        told(*range(self.start, self.start + 20))

    def die(self) -> None:
        """Hand over, flush, and be killed."""
        self.leave()
        os.kill(os.getpid(), signal.SIGKILL)

    def steady(self) -> None:
        """Hand over and flush in turn until somebody kills us."""
        for number in range(self.start, self.start + 100_000):
            self.send(number)
            if self.transport.flush(5):
                told(number)

    def losses(self) -> None:
        """Lose something, and be killed before anything is reported."""
        self.send(self.start)
        self.transport.ledger.lose(LossReason.QUEUE_OVERFLOW, ((Category.SPAN, 7),))
        time.sleep(2.5)
        os.kill(os.getpid(), signal.SIGKILL)

    def atexit(self) -> None:
        """Hand the first envelope over when the interpreter is leaving already."""

        def last() -> None:
            self.send(self.start)
            if self.transport.flush(5):
                told(self.start)
            self.transport.kill()

        atexit.register(last)

    def fork(self) -> None:
        """Fork while a thread hands over; children deliver theirs and leave by `os._exit`."""
        stop, sent = threading.Event(), []

        def busy() -> None:
            for number in range(self.start, self.start + 10_000):
                if stop.is_set():
                    break
                self.send(number)
                sent.append(number)
                time.sleep(0.001)

        thread = threading.Thread(target=busy)
        thread.start()
        children = [self._child(self.start + 10_000 + child) for child in range(8)]
        codes = [os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) for pid in children]
        stop.set()
        thread.join()
        assert codes == [0] * 8, codes
        assert self.transport.flush(10)
        told(*sent)

    def _child(self, number: int) -> int:
        time.sleep(0.02)
        pid = os.fork()
        if pid:
            return pid
        self.send(number)
        flushed = self.transport.flush(10)
        if flushed:
            told(number)
        os._exit(0 if flushed else 1)


def told(*numbers: int) -> None:
    """Say that envelopes are handed over."""
    for number in numbers:
        print(number, flush=True)  # noqa: T201  the parent reads it


if __name__ == "__main__":
    worker = Worker(sys.argv[1], sys.argv[2], int(sys.argv[4]))
    role = {"exit": worker.leave, "gevent": worker.leave}.get(sys.argv[3]) or getattr(worker, sys.argv[3])
    role()
