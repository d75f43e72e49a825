"""What each fault of Sentry costs the application's thread, beside a healthy Sentry at the same time.

`make faults` prints ratios to the healthy run; both applications run side by side, so that what else the machine does
meets both.
"""

from __future__ import annotations

import json
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

REQUESTS, PER_SECOND, ROUNDS = 250, 50, 3
FIGURES = ("p50", "p99", "cpu p99")
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
    """How Sentry misbehaves.

    Attributes:
        script: of the server; None where nobody listens.
        dsn: instead of the server's.
        spool: the application has a spool.
    """

    script: Callable[[Talk], None] | None = None
    dsn: str = ""
    spool: bool = False


FAULTS: dict[str, Fault] = {
    "healthy, for comparison": Fault(answering()),
    "refuses": Fault(),
    "refuses, spool": Fault(spool=True),
    "name unknown": Fault(dsn="http://k@nobody.invalid/1"),
    "resets": Fault(lambda talk: talk.sock.close()),
    "500": Fault(says("500 Oops")),
    "500, spool": Fault(says("500 Oops"), spool=True),
    "503 with Retry-After": Fault(says("503 Busy", "Retry-After: 1")),
    "429 for spans": Fault(says("429 Limited", "X-Sentry-Rate-Limits: 60:span:org")),
    "413": Fault(says("413 Large")),
    "hangs": Fault(lambda talk: time.sleep(60)),
    "drips": Fault(drips),
    "garbage": Fault(lambda talk: talk.say(b"\x00garbage\r\n\r\n")),
}


def application(dsn: str, spool: str) -> subprocess.Popen[str]:
    """Start one."""
    command = [sys.executable, "-m", "tests.delivery.load.application", dsn, spool, str(REQUESTS), str(PER_SECOND)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)


def told(process: subprocess.Popen[str]) -> dict[str, Any]:
    """What an application said at its end."""
    out, _ = process.communicate(timeout=120)
    found: dict[str, Any] = json.loads(out)
    return found


def side_by_side(fault: Fault) -> tuple[dict[str, Any], dict[str, Any]]:
    """A healthy run and one with the fault, at the same time."""
    with ExitStack() as stack:
        well = stack.enter_context(Server(answering()))
        dsn = fault.dsn or f"http://k@127.0.0.1:{closed_port()}/1"
        if fault.script is not None:
            dsn = stack.enter_context(Server(fault.script)).dsn
        spool = stack.enter_context(tempfile.TemporaryDirectory()) if fault.spool else ""
        processes = application(well.dsn, ""), application(dsn, spool)
        return told(processes[0]), told(processes[1])


def main(wanted: list[str]) -> None:
    """Print the table."""
    print("| Sentry | p50 | p99 | p99 of CPU time | books balance |\n|---|---|---|---|---|")  # noqa: T201
    for name in wanted or FAULTS:
        pairs = [side_by_side(FAULTS[name]) for _ in range(ROUNDS)]
        p50, p99, cpu = (statistics.median(bad[key] / well[key] for well, bad in pairs) for key in FIGURES)
        balance = all(one["balanced"] for pair in pairs for one in pair)
        print(f"| {name} | {p50:.2f} | {p99:.2f}{' !' if p99 > LIMIT else ''} | {cpu:.2f} | {balance} |", flush=True)  # noqa: T201


if __name__ == "__main__":
    main(sys.argv[1:])
