"""A trace as text, one line per span and issue, without ids and times: the same in every run. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from otel_sentry.local.plain_text import visible
from otel_sentry.local.rows import rows_of
from otel_sentry.local.tree import Node, trace_tree, walk

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from otel_sentry.local.arrivals import Arrival

_LONGEST_LINE = 200


def trace_text(trace_id: str, arrivals: Iterable[Arrival]) -> str:
    """The tree of one trace, such as:

    POST /mint  http.server  user alice.eth (0x52…)
    ├─ mint
    │  ╰─ ✖ eth_call  rpc
    │     ✖ ConnectionError: node is down
    """  # noqa: D415 - ends with an example
    tree = trace_tree(trace_id, rows_of(arrivals))
    lines = (line for node, levels in walk(tree.roots) for line in _lines(node, levels))
    return "\n".join(lines)


def _lines(node: Node, levels: tuple[bool, ...]) -> Iterator[str]:
    own, below = _branches(levels)
    yield own + visible(_span_text(node), _LONGEST_LINE)
    for issue in node.issues:
        yield below + visible(f"✖ {issue.title}", _LONGEST_LINE)
    for log in node.logs:
        yield below + visible(f"{log.level}: {log.body}", _LONGEST_LINE)


def _branches(levels: tuple[bool, ...]) -> tuple[str, str]:
    """What stands before a node's own line, and before what hangs on it."""
    passing = ["   " if last else "│  " for last in levels]
    if not levels:
        return "", ""
    return "".join(passing[:-1]) + ("╰─ " if levels[-1] else "├─ "), "".join(passing)


def _span_text(node: Node) -> str:
    span = node.span
    if span is None:
        return "(a span that did not arrive)"
    parts = [f"✖ {span.name}" if span.failed else span.name, span.op]
    if span.is_segment and span.user:
        parts.append(f"user {span.user}")
    return "  ".join(part for part in parts if part)
