"""`otel-sentry show FILE`: saved envelopes as trees, as far as they can be read."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from otel_sentry.cli.main import EXIT_DONE, EXIT_FAILED
from otel_sentry.local.arrivals import Arrival, arrivals_of, attribute_values
from otel_sentry.local.checks import check_envelope
from otel_sentry.local.rows import IssueRow, Row, rows_of
from otel_sentry.local.saved import Damage, read_saved, readable_part
from otel_sentry.local.tree import trace_tree
from otel_sentry.protocol import json_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from otel_sentry.local.saved import Saved

_MAX_COMPLAINTS: Final = 20

DESCRIPTION: Final = """\
Print the traces of saved envelopes as trees, with their issues; the same view as otel-sentry dev.
FILE is what otel-sentry dev --save wrote, or one bare envelope as other SDKs save them; either may be gzipped.
A file that is cut or damaged is shown as far as it can be read.
"""
_EPILOG: Final = """\
examples:
  otel-sentry show today.envelopes
  otel-sentry show today.envelopes --trace 0af7   traces whose id starts so
  otel-sentry show today.envelopes --check        also say what Sentry would refuse
  otel-sentry show today.envelopes --json | jq .  one line of JSON per span, issue, log …

exit status: 0 all was shown; 1 something could not be read or does not pass --check; 2 wrong options."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Show a file; returns the exit status."""
    options = _parser().parse_args(arguments)
    complaints = _Complaints()
    try:
        with options.file.open("rb") as stream:
            arrivals = _arrivals(read_saved(stream), complaints, check=options.check)
            (_print_json if options.json else _print_trees)(arrivals, options)
    except BrokenPipeError:
        raise
    except OSError as exc:
        complaints.add(f"{options.file} cannot be read: {exc.strerror or exc}")
    return complaints.tell()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="otel-sentry show",
        description=DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("file", type=Path, metavar="FILE")
    parser.add_argument("--trace", default="", metavar="ID", help="only traces whose id starts with ID")
    parser.add_argument("--logs", action="store_true", help="print log lines below their spans")
    parser.add_argument("--check", action="store_true", help="check each envelope as strictly as Sentry does")
    parser.add_argument("--json", action="store_true", help="print one line of JSON per item instead of trees")
    return parser


class _Complaints:
    """What was wrong with the file; the first twenty are told, the rest is counted."""

    def __init__(self) -> None:
        self._told: list[str] = []
        self._count = 0

    def add(self, complaint: str) -> None:
        self._count += 1
        if self._count <= _MAX_COMPLAINTS:
            self._told.append(complaint)

    def tell(self) -> int:
        """Write them to standard error; the exit status."""
        sys.stdout.flush()
        untold = self._count - len(self._told)
        more = [f"{untold} more of the kind"] if untold else []
        sys.stderr.write("".join(f"otel-sentry show: {line}\n" for line in self._told + more))
        return EXIT_FAILED if self._count else EXIT_DONE


def _arrivals(saved: Iterator[Saved | Damage], complaints: _Complaints, *, check: bool) -> Iterator[Arrival]:
    for number, entry in enumerate(saved, start=1):
        if isinstance(entry, Damage):
            complaints.add(entry.reason)
            continue
        envelope, damage = readable_part(entry.raw)
        if damage is not None:
            complaints.add(f"envelope {number} is shown in part: {damage}")
        for problem in check_envelope(envelope, entry.at) if check else ():
            complaints.add(f"envelope {number}: {problem} ({problem.consequence.value})")
        yield from arrivals_of(envelope)


def _print_trees(arrivals: Iterator[Arrival], options: argparse.Namespace) -> None:
    """Keep only the rows, so that a file of 100 MB needs a fraction of that; print when all is read."""
    from otel_sentry.local.terminal import TreePrinter  # noqa: PLC0415 - --json works without the extra

    printer = TreePrinter(logs=options.logs)
    traces: dict[str, list[Row]] = {}
    loose: list[IssueRow] = []
    others: dict[str, int] = {}
    for arrival in arrivals:
        for row in rows_of([arrival]):
            if row.trace_id:
                traces.setdefault(row.trace_id, []).append(row)
            elif isinstance(row, IssueRow):
                loose.append(row)
        others[arrival.kind.value] = others.get(arrival.kind.value, 0) + 1
    for trace_id, rows in traces.items():
        if trace_id.startswith(options.trace):
            tree = trace_tree(trace_id, rows)
            if tree.spans or tree.issues or options.logs:
                printer.tree(tree)
    for issue in loose:
        printer.issue(issue)
    printer.note("read: " + (", ".join(f"{count} {kind}" for kind, count in others.items()) or "nothing"))


def _print_json(arrivals: Iterator[Arrival], options: argparse.Namespace) -> None:
    for arrival in arrivals:
        if not options.trace or (arrival.trace_id or "").startswith(options.trace):
            payload = attribute_values(arrival.payload)
            line: dict[str, Any] = {"kind": arrival.kind.value, "trace_id": arrival.trace_id, "payload": payload}
            sys.stdout.write(json_text.dumps(line).decode() + "\n")
