"""A peer whose receiver never answers, in a process of its own: how much memory do the spans that wait take?"""

from __future__ import annotations

import argparse
import gc
import sys
import time
import tracemalloc
import warnings

from tests.benchmarks.loads.sequential import paced
from tests.benchmarks.message import say
from tests.benchmarks.peers.catalogue import PEERS


def main() -> None:
    """Fill, settle, weigh, wait for the word, deliver."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("peer", choices=PEERS)
    parser.add_argument("url", help="address of the sink")
    parser.add_argument("--requests", type=int, default=600)
    parser.add_argument("--pace", type=float, default=100.0, help="slow enough for every peer to encode what it gets")
    parser.add_argument("--settle", type=float, default=7.0, help="seconds, longer than any peer's schedule delay")
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")
    rig = PEERS[arguments.peer].set_up(arguments.url)
    paced(rig.dialect, 50)
    rig.deliver()
    say({"ready": True})
    sys.stdin.readline()

    gc.collect()
    tracemalloc.start()
    paced(rig.dialect, arguments.requests, arguments.pace)
    time.sleep(arguments.settle)
    gc.collect()
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    say({"held_bytes": held})
    sys.stdin.readline()
    rig.deliver()
    say({"delivered": True})


if __name__ == "__main__":
    main()
