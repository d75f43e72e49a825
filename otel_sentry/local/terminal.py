"""Traces as trees in a terminal. rich enters here.

Rule: text of strangers goes through `visible` and into `Text`, never through markup. rich respects NO_COLOR.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Final

from otel_sentry.errors import MissingExtra
from otel_sentry.local.plain_text import visible
from otel_sentry.local.rows import IssueRow, LogRow, duration_text
from otel_sentry.local.tree import Node, Tree, walk

try:
    from rich.console import Console
    from rich.text import Text
except ImportError as exc:
    raise MissingExtra("the terminal view", "dev") from exc

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import IO

    from rich.console import OverflowMethod

    from otel_sentry.local.rows import SpanRow

_DURATION_WIDTH: Final = 9
_OP_WIDTH: Final = 14
_BATCH: Final = 500
_OP_FROM_WIDTH: Final = 60
_BAR_SHARES: Final = ((90, 4), (80, 6), (60, 8))
"""Terminals from so many columns on give the bar one part in so many, the widest first; narrower ones have none."""
_OP_STYLES: Final = {
    "http": "blue",
    "db": "magenta",
    "cache": "yellow",
    "file": "yellow",
    "queue": "cyan",
    "rpc": "blue",
    "web3": "green",
}
"""First part of the op → colour of its bar; others are white."""


@dataclass(frozen=True, slots=True)
class Glyphs:
    """What lines are drawn with."""

    branch: str
    last: str
    pass_by: str
    bar: str
    failed: str
    issue: str
    more: str
    separator: str
    micro: str


UNICODE: Final = Glyphs("├─ ", "╰─ ", "│  ", "━", "✖", "✖", "…", " · ", "µ")
ASCII: Final = Glyphs("|- ", "`- ", "|  ", "=", "x", "x", "~", " - ", "u")
"""For streams that cannot carry the others."""


class TreePrinter:
    """Prints trees to a stream, as wide as its terminal.

    Args:
        stream: where to print; None is standard output.
        width: columns; None asks the terminal.
        logs: whether log lines are shown below their span.
        max_rows: rows of one trace that are printed; the rest is counted.
    """

    def __init__(
        self,
        stream: IO[str] | None = None,
        *,
        width: int | None = None,
        logs: bool = False,
        max_rows: int | None = None,
    ) -> None:
        self._console = Console(file=stream, width=width, highlight=False, markup=False, emoji=False, soft_wrap=False)
        can_unicode = (self._console.encoding or "").lower().replace("-", "").startswith("utf")
        self._glyphs = UNICODE if can_unicode else ASCII
        self._columns = _columns(self._console.width)
        self._overflow: OverflowMethod = "ellipsis" if can_unicode else "crop"
        self._logs = logs
        self._max_rows = max_rows

    def tree(self, tree: Tree, *, note: str = "") -> None:
        """Print one trace: a heading, then a line per span, issue and (if wanted) log."""
        self._columns = _columns(self._console.width)
        lines = self._tree_lines(tree, note)
        while batch := list(islice(lines, _BATCH)):
            self._lines(batch)

    def issue(self, issue: IssueRow) -> None:
        """Print an issue that belongs to no trace."""
        self._lines([self._issue_text(issue)])

    def note(self, text: str, style: str = "dim") -> None:
        """Print a line of our own."""
        self._lines([Text(visible(text, 2_000), style)])

    def _lines(self, lines: list[Text]) -> None:
        """Many at once: a call of rich costs more than a line."""
        self._console.print(Text("\n").join(lines), no_wrap=True, overflow=self._overflow, crop=True)

    def _tree_lines(self, tree: Tree, note: str) -> Iterator[Text]:
        yield self._heading(tree, note)
        for printed, (node, levels) in enumerate(walk(tree.roots)):
            if self._max_rows is not None and printed >= self._max_rows:
                yield Text(f"{self._glyphs.more} {tree.spans - printed} more spans of this trace", "dim")
                break
            yield from self._node_lines(tree, node, levels)
        yield Text()

    def _duration(self, seconds: float) -> str:
        return duration_text(seconds).replace("µ", self._glyphs.micro)

    def _heading(self, tree: Tree, note: str) -> Text:
        clock = time.strftime("%H:%M:%S", time.localtime(tree.start)) if 0 < tree.start < 1e11 else ""
        parts = [
            f"{tree.spans} span{'' if tree.spans == 1 else 's'}",
            ", ".join(visible(service, 40) for service in tree.services),
            self._duration(tree.end - tree.start),
            f"{tree.issues} issue{'' if tree.issues == 1 else 's'}" if tree.issues else "",
            "failed" if tree.failed else "",
            clock,
            note,
        ]
        heading = Text("trace ", "bold")
        heading.append(visible(tree.trace_id, 40), "bold cyan")
        return heading.append(
            self._glyphs.separator.join(["", *filter(None, parts)]), "red" if tree.failed else "default"
        )

    def _node_lines(self, tree: Tree, node: Node, levels: tuple[bool, ...]) -> Iterator[Text]:
        guide = self._guide(levels)
        if node.span is None:
            what = "parent" if node.children else "span"
            label = f"({what} {visible(node.span_id, 16)} not seen)" if node.span_id else "(no span)"
            yield Text(guide).append(label, "italic")
        else:
            yield self._span_line(tree, node.span, guide)
        below = self._below(levels, has_children=bool(node.children))
        if node.span is not None and node.span.is_segment and node.span.user:
            yield Text().append(below + "user ", "dim").append(visible(node.span.user, 200), "cyan")
        for issue in node.issues:
            yield Text().append(below, "dim").append_text(self._issue_text(issue))
        for log in node.logs if self._logs else ():
            yield Text().append(below, "dim").append_text(_log_text(log))

    def _guide(self, levels: tuple[bool, ...]) -> str:
        if not levels:
            return ""
        glyphs = self._glyphs
        return self._passed(levels[:-1]) + (glyphs.last if levels[-1] else glyphs.branch)

    def _below(self, levels: tuple[bool, ...], *, has_children: bool) -> str:
        """What stands in front of a line that belongs to a span but is none itself."""
        return self._passed(levels) + (self._glyphs.pass_by if has_children else "   ")

    def _passed(self, levels: tuple[bool, ...]) -> str:
        """The lines of the ancestors; of deep ones only the innermost, so that half of the column is left for names."""
        passed = "".join("   " if last else self._glyphs.pass_by for last in levels)
        room = self._columns[0] // 2
        return passed if len(passed) <= room else self._glyphs.more + passed[len(passed) - room + 1 :]

    def _span_line(self, tree: Tree, span: SpanRow, guide: str) -> Text:
        name_width, op_width, bar_width = self._columns
        line = Text().append(guide, "dim").append_text(self._name(span))
        line.truncate(name_width, overflow=self._overflow, pad=True)
        if op_width:
            op = Text(" " + visible(span.op, 40), "dim")
            op.truncate(op_width, overflow=self._overflow, pad=True)
            line.append_text(op)
        if bar_width:
            line.append(" ").append_text(self._bar(tree, span, bar_width))
        duration = self._duration(span.end - span.start)
        return line.append(f" {duration:>{_DURATION_WIDTH}}", "red" if span.failed else "default")

    def _name(self, span: SpanRow) -> Text:
        name = Text()
        if span.failed:
            name.append(f"{self._glyphs.failed} ", "bold red")
        name.append(visible(span.name, 300), "bold red" if span.failed else "bold" if span.is_segment else "default")
        if span.is_segment and span.service:
            name.append(f"  [{visible(span.service, 40)}]", "green")
        return name

    def _bar(self, tree: Tree, span: SpanRow, width: int) -> Text:
        """The span on the trace's time axis, at least one cell wide."""
        scale = width / max(tree.end - tree.start, 1e-9)
        before = min(width - 1, max(0, int((span.start - tree.start) * scale)))
        length = min(width - before, max(1, round((span.end - span.start) * scale)))
        style = "red" if span.failed else _OP_STYLES.get(span.op.partition(".")[0], "white")
        return Text(" " * before).append(self._glyphs.bar * length, style).append(" " * (width - before - length))

    def _issue_text(self, issue: IssueRow) -> Text:
        text = Text().append(
            f"{self._glyphs.issue} ", "bold red" if issue.level in ("error", "fatal") else "bold yellow"
        )
        text.append(visible(issue.title, 300), "red")
        if issue.place:
            text.append(f"  {visible(issue.place, 200)}", "dim")
        return text.append("" if issue.handled else "  unhandled", "bold red")


def _columns(width: int) -> tuple[int, int, int]:
    """Cells for name, op and bar on a terminal of this width; op and bar only where there is room for them."""
    bar = next((width // share for least, share in _BAR_SHARES if width >= least), 0)
    op = _OP_WIDTH if width >= _OP_FROM_WIDTH else 0
    return max(8, width - bar - op - _DURATION_WIDTH - (2 if bar else 1)), op, bar


def _log_text(log: LogRow) -> Text:
    style = {"fatal": "bold red", "error": "red", "warn": "yellow"}.get(log.level, "dim")
    return Text().append(f"{visible(log.level, 10):<5} ", style).append(visible(log.body, 300), "default")
