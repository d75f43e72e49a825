"""`python -m tests.benchmarks quick | short | full | report | instructions`, from the checkout."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tests.benchmarks import instructions, quick, report, short
from tests.benchmarks.peers.catalogue import PEERS
from tests.benchmarks.process import CHECKOUT
from tests.benchmarks.sections.catalogue import SECTIONS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from tests.benchmarks.sections.section import Record

SAVED: Final = CHECKOUT / "build" / "benchmarks.jsonl"
"""Records of the last full run, one per line."""


def save(records: Iterable[Record], saved: Path) -> None:
    """Append each record as it comes, so that an interrupted run is not lost."""
    saved.parent.mkdir(parents=True, exist_ok=True)
    with saved.open("a") as file:
        for record in records:
            line = json.dumps(record)
            file.write(line + "\n")
            file.flush()
            sys.stderr.write(line + "\n")


def full(peers: Sequence[str], sections: Sequence[str], repetitions: int) -> Iterator[Record]:
    """Measure everything named."""
    for repetition in range(repetitions):
        for name in sections:
            for record in SECTIONS[name].measure(peers, repetition):
                yield {"section": name, **record}


def _names(text: str) -> list[str]:
    return [name for name in text.split(",") if name]


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("quick", help="a minute: otel_sentry, OTLP and sentry-sdk streaming, three workloads")
    musts = commands.add_parser("short", help="a quarter of an hour: all that must be reached; then the report")
    musts.add_argument("--minutes", type=float, default=16.0)
    musts.add_argument("--saved", type=Path, default=SAVED)
    everything = commands.add_parser("full", help="all peers, all questions; then the report. Takes hours")
    everything.add_argument("--peers", type=_names, default=list(PEERS))
    everything.add_argument("--sections", type=_names, default=list(SECTIONS))
    everything.add_argument("--repetitions", type=int, default=5)
    everything.add_argument("--saved", type=Path, default=SAVED)
    everything.add_argument("--no-report", action="store_true", help="only save the records")
    again = commands.add_parser("report", help="write the page and its chart from saved records")
    again.add_argument("--saved", type=Path, default=SAVED)
    counted = commands.add_parser("instructions", help="compare the hot path's instructions with the baseline")
    counted.add_argument("--update", action="store_true", help="make today's counts the baseline")
    return parser.parse_args()


def main() -> int:
    """Do what the command line says; the answer is the exit status."""
    arguments = _arguments()
    if arguments.command == "quick":
        sys.stdout.write(quick.run())
        return 0
    if arguments.command == "instructions":
        return instructions.check(update=arguments.update)
    if arguments.command == "short":
        arguments.saved.unlink(missing_ok=True)
        save(short.records(arguments.minutes), arguments.saved)
    if arguments.command == "full":
        save(full(arguments.peers, arguments.sections, arguments.repetitions), arguments.saved)
        if arguments.no_report:
            return 0
    report.write(arguments.saved)
    return 0


if __name__ == "__main__":
    sys.exit(main())
