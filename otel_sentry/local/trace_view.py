"""A whole trace as the page draws it: rows in tree order with gaps, issues, logs, metrics. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from otel_sentry.local.arrivals import Arrival, Kind
from otel_sentry.local.rows import IssueRow, LogRow, rows_of
from otel_sentry.local.tree import Node, trace_tree

if TYPE_CHECKING:
    from collections.abc import Iterable

MIN_GAP_SECONDS: Final = 0.001
MIN_GAP_SHARE: Final = 0.05
"""A gap between the children of a span is shown from this length and this share of the trace on."""
_MAX_LOGS: Final = 5_000


def trace_view(trace_id: str, arrivals: Iterable[Arrival]) -> dict[str, Any]:
    """Everything of a trace but the attributes of its spans, which are fetched one by one.

    Returns:
        JSON. `rows` are lists in the order of `ROW_COLUMNS`; times are seconds since the start of the trace.
    """
    kept = list(arrivals)
    rows = rows_of(kept)
    tree = trace_tree(trace_id, rows)
    logs = sorted((row for row in rows if isinstance(row, LogRow)), key=lambda log: log.at)
    return {
        "trace_id": trace_id,
        "start": tree.start,
        "duration": tree.end - tree.start,
        "spans": tree.spans,
        "services": list(tree.services),
        "failed": tree.failed,
        "rows": _rows(tree.roots, max(MIN_GAP_SECONDS, (tree.end - tree.start) * MIN_GAP_SHARE), tree.start),
        "issues": [issue_json(row, tree.start) for row in rows if isinstance(row, IssueRow)],
        "logs": [_log_json(log, tree.start) for log in logs[:_MAX_LOGS]],
        "more_logs": max(0, len(logs) - _MAX_LOGS),
        "metrics": [arrival.payload for arrival in kept if arrival.kind is Kind.METRIC],
    }


ROW_COLUMNS: Final = (
    *("kind", "id", "depth", "descendants", "name", "op", "service", "start", "duration"),
    *("failed", "is_segment", "user", "issues", "logs"),
)
"""`kind` is `span`, `unseen` (a parent that nobody saw) or `gap` (time of a span that no child explains)."""


def issue_json(issue: IssueRow, origin: float) -> dict[str, Any]:
    """An issue as the page lists it; `at` is seconds since `origin`."""
    return {
        "trace_id": issue.trace_id,
        "span_id": issue.span_id,
        "title": issue.title,
        "place": issue.place,
        "level": issue.level,
        "handled": issue.handled,
        "user": issue.user,
        "at": issue.at - origin,
    }


def _log_json(log: LogRow, origin: float) -> dict[str, Any]:
    return {"span_id": log.span_id, "level": log.level, "body": log.body, "at": log.at - origin}


def _rows(roots: list[Node], shortest_gap: float, origin: float) -> list[list[Any]]:
    """Parents before children, children by start with the gaps between them; `descendants` counts the rows below."""
    rows: list[list[Any]] = []
    stack: list[tuple[Node | Gap, int]] = [(root, 0) for root in reversed(roots)]
    while stack:
        entry, depth = stack.pop()
        if isinstance(entry, Gap):
            rows.append(_gap_row(entry, depth, origin))
            continue
        rows.append(_node_row(entry, depth, origin))
        stack += [(below, depth + 1) for below in reversed(_with_gaps(entry, shortest_gap))]
    _count_descendants(rows)
    return rows


class Gap(NamedTuple):
    """Time between two children of a span in which no child ran; epoch seconds."""

    start: float
    end: float


def _with_gaps(node: Node, shortest: float) -> list[Node | Gap]:
    """The children of a node and the gaps between them, by start."""
    found: list[Node | Gap] = []
    covered: float | None = None
    for child in node.children:
        if covered is not None and node.span is not None and child.start - covered >= shortest:
            found.append(Gap(covered, child.start))
        found.append(child)
        end = child.span.end if child.span else child.start
        covered = end if covered is None else max(covered, end)
    return found


def _count_descendants(rows: list[list[Any]]) -> None:
    """Fill in the fourth column in one pass, whatever the depth."""
    open_rows: list[int] = []
    for index, row in enumerate([*rows, [None, None, -1, 0]]):
        while open_rows and rows[open_rows[-1]][2] >= row[2]:
            top = open_rows.pop()
            rows[top][3] = index - top - 1
        open_rows.append(index)


def _gap_row(gap: Gap, depth: int, origin: float) -> list[Any]:
    return ["gap", "", depth, 0, "", "", None, gap.start - origin, gap.end - gap.start, False, False, None, 0, 0]


def _node_row(node: Node, depth: int, origin: float) -> list[Any]:
    issues, logs = len(node.issues), len(node.logs)
    span = node.span
    if span is None:
        start = node.start - origin
        return ["unseen", node.span_id, depth, 0, "", "", None, start, 0.0, False, False, None, issues, logs]
    return [
        *("span", span.span_id, depth, 0, span.name, span.op, span.service, span.start - origin, span.end - span.start),
        *(span.failed, span.is_segment, span.user, issues, logs),
    ]
