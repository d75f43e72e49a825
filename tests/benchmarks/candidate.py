"""One run of one peer, in a process of its own: set up, warm up, wait for the word, run the load, deliver, report."""

from __future__ import annotations

import argparse
import gc
import os
import statistics
import sys
import time
import warnings

from tests.benchmarks.loads.catalogue import WORKLOADS
from tests.benchmarks.message import say
from tests.benchmarks.peers.catalogue import PEERS


def main() -> None:
    """Measure the peer, workload and number of rounds that the command line names."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("peer", choices=PEERS)
    parser.add_argument("workload", choices=WORKLOADS)
    parser.add_argument("url", help="address of the sink")
    parser.add_argument("--rounds", type=int, default=0, help="how long to run; 0 means the workload's own length")
    parser.add_argument("--pace", type=float, default=0.0, help="rounds per second, for workloads that keep a pace")
    arguments = parser.parse_args()
    workload = WORKLOADS[arguments.workload]
    rounds = arguments.rounds or workload.rounds
    pace = (arguments.pace,) if arguments.pace else ()
    warnings.simplefilter("ignore")
    os.environ.update(workload.environment)
    rig = PEERS[arguments.peer].set_up(arguments.url)
    workload.reference.run(rig.dialect, workload.reference.warm_up)
    rig.deliver()
    gc.collect()
    say({"ready": True})
    sys.stdin.readline()

    process_started, wall_started = time.process_time_ns(), time.perf_counter_ns()
    application = workload.run(rig.dialect, rounds, *pace)
    load_ended = time.perf_counter_ns()
    rig.deliver()
    process_ended, wall_ended = time.process_time_ns(), time.perf_counter_ns()
    latencies = sorted(application.latencies_ns)
    say(
        {
            "spans": rounds * workload.spans_per_round,
            "issues": rounds * workload.issues_per_round,
            "application_cpu_ns": application.cpu_ns,
            "process_cpu_ns": process_ended - process_started,
            "load_seconds": (load_ended - wall_started) / 1e9,
            "delivery_seconds": (wall_ended - load_ended) / 1e9,
            "latency_p50_us": statistics.median(latencies) / 1000,
            "latency_p99_us": latencies[len(latencies) * 99 // 100] / 1000,
        }
    )


if __name__ == "__main__":
    main()
