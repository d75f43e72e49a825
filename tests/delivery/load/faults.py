"""What each fault of Sentry or of the disk costs the application's thread, beside a healthy Sentry.

`make faults` prints a table. For each fault an application with a healthy Sentry and one with the fault take turns of
two thirds of a second, many times, in the order A B B A: what else the machine does meets both. A turn's p99 is its
slowest request, and the figure is the median over the turns: what disturbs fewer than half of them does not move it.
Time in which threads waited for a core of the machine is taken off (`core_waits.py`), but for the last figure.
"""

from __future__ import annotations

import json
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, NamedTuple

from tests.delivery.servers import Server, Talk, answering, closed_port

if TYPE_CHECKING:
    from collections.abc import Callable

TURNS = 16
FIGURES = ("p50", "p99", "p99 of CPU time", "p99 of wall time")
LIMIT = 1.2
"""The most that a fault may cost: p99 beside p99 of the healthy run."""


def says(status: str, *headers: str) -> Callable[[Talk], None]:
    """A Sentry that gives everybody the same answer."""
    head = "\r\n".join([f"HTTP/1.1 {status}", *headers, "Content-Length: 0", "", ""])
    return answering(answer=head.encode())


def drips(talk: Talk) -> None:
    """Answer a byte at a time."""
    talk.request()
    for _ in range(100):
        talk.say(b"H")
        time.sleep(0.2)


class Fault(NamedTuple):
    """How Sentry or the disk misbehaves.

    Attributes:
        script: of the server; None where nobody listens.
        dsn: instead of the server's.
        spool: the application has a spool; a text names the folder.
        file_bytes: most that it may write to a file.
        vanishes: the spool is removed before each turn.
    """

    script: Callable[[Talk], None] | None = None
    dsn: str = ""
    spool: bool | str = False
    file_bytes: str = ""
    vanishes: bool = False


FAULTS: dict[str, Fault] = {
    "healthy, for comparison": Fault(answering()),
    "refuses": Fault(),
    "refuses, spool": Fault(spool=True),
    "name unknown": Fault(dsn="http://k@nobody.invalid/1"),
    "resets": Fault(lambda talk: talk.sock.close()),
    "resets in the body": Fault(lambda talk: (talk.sock.recv(200), talk.sock.close())[1]),
    "500": Fault(says("500 Oops")),
    "500, spool": Fault(says("500 Oops"), spool=True),
    "503 with Retry-After": Fault(says("503 Busy", "Retry-After: 1")),
    "429 for spans": Fault(says("429 Limited", "X-Sentry-Rate-Limits: 60:span:org")),
    "413": Fault(says("413 Large")),
    "hangs": Fault(lambda talk: time.sleep(60)),
    "drips": Fault(drips),
    "garbage": Fault(lambda talk: talk.say(b"\x00garbage\r\n\r\n")),
    "500, disk full": Fault(says("500 Oops"), spool=True, file_bytes="100"),
    "500, spool cannot be written": Fault(says("500 Oops"), spool="/proc/nowhere"),
    "500, spool vanishes": Fault(says("500 Oops"), spool=True, vanishes=True),
}


class Application:
    """A process that makes a turn when it is told to.

    Args:
        dsn: of its Sentry.
        spool: its folder, or nothing.
        file_bytes: see `Fault`.
    """

    def __init__(self, dsn: str, spool: str = "", file_bytes: str = "") -> None:
        command = [sys.executable, "-m", "tests.delivery.load.turns", dsn, spool, file_bytes]
        pipe = subprocess.PIPE
        self._process = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL, text=True)

    def turn(self) -> dict[str, float]:
        """Have it make one, and say what that took."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        print(file=self._process.stdin, flush=True)
        found: dict[str, float] = json.loads(self._process.stdout.readline())
        return found

    def books(self) -> dict[str, Any]:
        """Let it end."""
        out, _ = self._process.communicate(timeout=120)
        found: dict[str, Any] = json.loads(out)
        return found


def measured(fault: Fault) -> tuple[dict[str, float], dict[str, float], dict[str, Any]]:
    """Figures of the healthy run and of the one with the fault, and the latter's books."""
    with ExitStack() as stack:
        well = Application(stack.enter_context(Server(answering())).dsn)
        dsn = fault.dsn or f"http://k@127.0.0.1:{closed_port()}/1"
        if fault.script is not None:
            dsn = stack.enter_context(Server(fault.script)).dsn
        folder = stack.enter_context(tempfile.TemporaryDirectory(ignore_cleanup_errors=True))
        spool = (fault.spool if isinstance(fault.spool, str) else folder) if fault.spool else ""
        ill = Application(dsn, spool, fault.file_bytes)
        taken: dict[Application, list[dict[str, float]]] = {well: [], ill: []}
        for number in range(TURNS):
            if fault.vanishes:
                shutil.rmtree(folder, ignore_errors=True)
            for one in (well, ill) if number % 2 else (ill, well):
                taken[one].append(one.turn())
        well.books()
        return middle(taken[well]), middle(taken[ill]), ill.books()


def middle(turns: list[dict[str, float]]) -> dict[str, float]:
    """The median of each figure; the first turn imports and connects."""
    return {figure: statistics.median(turn[figure] for turn in turns[1:]) for figure in FIGURES}


def main(wanted: list[str]) -> int:
    """Print the table; the exit status says whether a p99 is above the limit or books do not balance."""
    bad = 0
    print(f"| Sentry | {' | '.join(FIGURES)} | p99, ms | books balance |\n|---|---|---|---|---|---|---|")  # noqa: T201
    for name in wanted or FAULTS:
        well, ill, books = measured(FAULTS[name])
        ratios = {figure: ill[figure] / well[figure] for figure in FIGURES}
        bad += ratios["p99"] > LIMIT or not books["balanced"]
        cells = " | ".join(f"{ratio:.2f}" for ratio in ratios.values())
        print(f"| {name} | {cells} | {ill['p99'] * 1000:.1f} | {'yes' if books['balanced'] else books} |", flush=True)  # noqa: T201
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
