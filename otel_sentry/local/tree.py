"""Spans of a trace as a tree, with issues and logs where they happened. Pure; takes any order, gaps, loops, doubles."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from otel_sentry.local.rows import IssueRow, LogRow, Row, SpanRow

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


@dataclass(slots=True, eq=False)
class Node:
    """A span with what hangs on it; `span` is None for one that others name as their parent but nobody saw."""

    span_id: str
    span: SpanRow | None = None
    children: list[Node] = field(default_factory=list)
    issues: list[IssueRow] = field(default_factory=list)
    logs: list[LogRow] = field(default_factory=list)

    @property
    def start(self) -> float:
        """When it, or the first of its children, began."""
        return self.span.start if self.span else min((child.start for child in self.children), default=0.0)


@dataclass(frozen=True, slots=True)
class Tree:
    """One trace.

    Attributes:
        trace_id: 32 hex digits.
        roots: nodes without a parent, by start.
        spans: how many were seen.
        start, end: epoch seconds of the first start and the last end.
        services: names in order of appearance.
        issues: how many.
        failed: whether any span failed.
    """

    trace_id: str
    roots: list[Node]
    spans: int
    start: float
    end: float
    services: tuple[str, ...]
    issues: int
    failed: bool


MAX_LEVELS: Final = 30


def trace_tree(trace_id: str, rows: Iterable[Row]) -> Tree:
    """Build the tree of one trace; a span that came twice counts once, the later one."""
    kept = list(rows)
    spans = {row.span_id: row for row in kept if isinstance(row, SpanRow)}
    nodes = {span_id: Node(span_id, span) for span_id, span in spans.items()}
    _hang_on(nodes, kept)
    roots = _link(nodes)
    ordered = sorted(spans.values(), key=_by_start)
    return Tree(
        trace_id=trace_id,
        roots=roots,
        spans=len(spans),
        start=min((span.start for span in ordered), default=0.0),
        end=max((span.end for span in ordered), default=0.0),
        services=tuple(dict.fromkeys(span.service for span in ordered if span.service)),
        issues=sum(isinstance(row, IssueRow) for row in kept),
        failed=any(span.failed for span in ordered),
    )


def walk(roots: Iterable[Node]) -> Iterator[tuple[Node, tuple[bool, ...]]]:
    """Every node, parents first, with one flag per level down to it: whether the ancestor there is the last child.

    Only the innermost flags are told below level `MAX_LEVELS`: deeper nodes look as if they hung at that level.
    """
    stack: list[tuple[Node, tuple[bool, ...]]] = [(node, ()) for node in reversed(list(roots))]
    while stack:
        node, levels = stack.pop()
        yield node, levels
        last = len(node.children) - 1
        deeper = levels if len(levels) < MAX_LEVELS else levels[:-1]
        stack += [(child, (*deeper, index == last)) for index, child in reversed(list(enumerate(node.children)))]


def _hang_on(nodes: dict[str, Node], rows: Iterable[Row]) -> None:
    """Issues and logs to their span; to one that nobody saw, if need be."""
    for row in rows:
        if isinstance(row, (IssueRow, LogRow)):
            span_id = row.span_id or ""
            node = nodes.setdefault(span_id, Node(span_id))
            if isinstance(row, IssueRow):
                node.issues.append(row)
            else:
                node.logs.append(row)


def _link(nodes: dict[str, Node]) -> list[Node]:
    """Put each node under its parent and return the roots; unseen parents are roots, loops are cut open."""
    for node in list(nodes.values()):
        parent_id = node.span.parent_id if node.span else None
        if parent_id is not None and parent_id != node.span_id:
            nodes.setdefault(parent_id, Node(parent_id)).children.append(node)
    roots = [node for node in nodes.values() if _is_root(node)]
    roots += _cut_loops(nodes, roots)
    for node in nodes.values():
        node.children.sort(key=_node_by_start)
    return sorted(roots, key=_node_by_start)


def _is_root(node: Node) -> bool:
    return node.span is None or node.span.parent_id in (None, node.span_id)


def _cut_loops(nodes: dict[str, Node], roots: list[Node]) -> list[Node]:
    """Spans that are their own ancestors: the earliest of each loop becomes a root."""
    reached = {node.span_id for node, _ in walk(roots)}
    cut: list[Node] = []
    for node in sorted(nodes.values(), key=_node_by_start):
        if node.span_id not in reached and node.span is not None:
            nodes[str(node.span.parent_id)].children.remove(node)
            cut.append(node)
            reached |= {below.span_id for below, _ in walk([node])}
    return cut


def _by_start(span: SpanRow) -> tuple[float, float, str]:
    return span.start, -span.end, span.span_id


def _node_by_start(node: Node) -> tuple[float, float, str]:
    return _by_start(node.span) if node.span else (node.start, 0.0, node.span_id)
