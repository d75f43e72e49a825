"""FLOOR, running beside a peer: serves slices of the same load for ever, and on SIGTERM says what a span cost."""

from __future__ import annotations

import gc
import os
import signal
import sys

from tests.benchmarks.loads.catalogue import WORKLOADS
from tests.benchmarks.message import say
from tests.benchmarks.peers.catalogue import PEERS


class Reference:
    """FLOOR's cost so far."""

    def __init__(self, workload_name: str) -> None:
        self._workload = WORKLOADS[workload_name].reference
        os.environ.update(WORKLOADS[workload_name].environment)
        self._dialect = PEERS["floor"].set_up("").dialect
        self._ended = False
        self.cpu_ns = 0
        self.spans = 0

    def run(self) -> None:
        """Serve slices until told to end; the slice that is interrupted counts whole."""
        signal.signal(signal.SIGTERM, lambda *_: self._end())
        for _ in range(3):
            self._workload.run(self._dialect, self._workload.warm_up)
        gc.collect()
        say({"ready": True})
        while not self._ended or not self.spans:
            self.cpu_ns += self._workload.run(self._dialect, self._workload.warm_up).cpu_ns
            self.spans += self._workload.warm_up * self._workload.spans_per_round

    def _end(self) -> None:
        self._ended = True


if __name__ == "__main__":
    reference = Reference(sys.argv[1])
    reference.run()
    say({"unit_ns": reference.cpu_ns / reference.spans, "spans": reference.spans})
