"""Half a million spans through one process: memory stays flat, everything arrives. `make soak`."""

from __future__ import annotations

import json
import subprocess
import sys
import time

from tests.delivery.load.application import CHILDREN
from tests.delivery.servers import OK, Server, Talk

SPANS = 500_000
FLAT = 0.05
"""Most that memory may grow after the first tenth."""


class Counting:
    """A healthy Sentry that counts what it gets."""

    def __init__(self) -> None:
        self.requests = self.bytes = 0

    def __call__(self, talk: Talk) -> None:
        while True:
            _, _, body = talk.request()
            self.requests += 1
            self.bytes += len(body)
            talk.say(OK)


def main(spans: int = SPANS) -> int:
    """Run, print, and say by the exit status whether memory was flat and the books complete."""
    requests = spans // (CHILDREN + 1) + 1
    started = time.monotonic()
    sentry = Counting()
    with Server(sentry) as server:
        command = [sys.executable, "-m", "tests.delivery.load.application", server.dsn, str(requests)]
        out = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    told = json.loads(out)
    settled = told["memory"][2:]
    growth = max(settled) / settled[0] - 1
    millions = told["books"]["created"] / 1e6
    lines = (
        f"spans per second of CPU: {told['books']['created'] / told['cpu']:.0f}; connections: {server.connections}",
        f"per million spans: {sentry.requests / millions:.0f} requests, {sentry.bytes / millions / 1e6:.0f} MB",
        f"{told['books']['created']} spans in {time.monotonic() - started:.0f} s: {told['books']}",
        f"memory by tenths, MB: {[round(one / 1e6, 1) for one in told['memory']]}",
        f"growth since the second tenth: {growth:.1%}",
    )
    print("\n".join(lines))  # noqa: T201
    complete = told["books"]["delivered"] == told["books"]["created"] >= spans
    return 0 if complete and growth <= FLAT else 1


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
