"""Trees: order, gaps, loops, doubles, depth."""

from __future__ import annotations

import random
from collections.abc import Callable

from hypothesis import given
from hypothesis import strategies as st

from otel_sentry.local.rows import IssueRow, LogRow, SpanRow
from otel_sentry.local.tree import MAX_LEVELS, Tree, trace_tree, walk

Spans = Callable[..., SpanRow]


def outline(tree: Tree) -> list[str]:
    """The tree as indented names."""
    return [
        "  " * len(levels) + (node.span.name if node.span else f"({node.span_id.lstrip('0')})")
        for node, levels in walk(tree.roots)
    ]


def test_children_stand_below_their_parent_by_start(span_row: Spans) -> None:
    """The order of arrival does not matter."""
    rows = [span_row(3, 1, 0.5), span_row(2, 1, 0.1), span_row(4, 2, 0.2), span_row(1)]

    assert outline(trace_tree("a", rows)) == ["span 1", "  span 2", "    span 4", "  span 3"]


def test_a_parent_that_nobody_saw_has_a_place(span_row: Spans) -> None:
    """Its children hang together below a stand-in; it fills in when it arrives late."""
    rows = [span_row(1), span_row(2, 9, 0.2), span_row(3, 9, 0.3)]

    assert outline(trace_tree("a", rows)) == ["span 1", "(9)", "  span 2", "  span 3"]
    assert outline(trace_tree("a", [*rows, span_row(9, 1)])) == ["span 1", "  span 9", "    span 2", "    span 3"]


def test_a_span_that_came_twice_counts_once(span_row: Spans) -> None:
    """The later one is shown."""
    tree = trace_tree("a", [span_row(1), span_row(1, name="again")])

    assert (outline(tree), tree.spans) == (["again"], 1)


def test_loops_are_cut_open(span_row: Spans) -> None:
    """Spans that are each other's parents are shown once, the earliest on top; its own parent is a root."""
    rows = [span_row(1, 3, 0.3), span_row(2, 1, 0.1), span_row(3, 2, 0.2), span_row(4, 4, 0.4)]

    assert outline(trace_tree("a", rows)) == ["span 2", "  span 3", "    span 1", "span 4"]


def test_issues_and_logs_hang_on_their_span(span_row: Spans, issue_row: Callable[..., IssueRow]) -> None:
    """Also on one that nobody saw, or on none."""
    log = LogRow("a" * 32, f"{1:016x}", "info", "hi", 0.1)
    tree = trace_tree("a", [span_row(1), issue_row(1), issue_row(7), issue_row(), log])
    found = {node.span_id.lstrip("0"): (len(node.issues), len(node.logs)) for node, _ in walk(tree.roots)}

    assert found == {"1": (1, 1), "7": (1, 0), "": (1, 0)}
    assert tree.issues == 3


def test_a_tree_knows_its_extent(span_row: Spans) -> None:
    """First start, last end, services in order of appearance, failure."""
    rows = [span_row(1, start=5, end=6), span_row(2, 1, 4, 9, service="worker", failed=True), span_row(3, 1, 5.5)]
    tree = trace_tree("a", rows)

    assert (tree.start, tree.end, tree.services, tree.failed) == (4, 9, ("worker", "web"), True)


def test_a_trace_without_spans_is_empty() -> None:
    """Nothing to show, nothing raised."""
    tree = trace_tree("a", [])

    assert (tree.roots, tree.spans, tree.start, tree.end) == ([], 0, 0.0, 0.0)


def test_a_chain_of_ten_thousand_is_walked(span_row: Spans) -> None:
    """Depth costs neither the stack nor quadratic memory; deep levels are drawn at the last one."""
    rows = [span_row(number, number - 1 or None) for number in range(1, 10_001)]
    random.Random(1).shuffle(rows)  # noqa: S311 - any order will do
    walked = list(walk(trace_tree("a", rows).roots))

    assert len(walked) == 10_000
    assert max(len(levels) for _, levels in walked) == MAX_LEVELS


@given(
    edges=st.lists(st.tuples(st.integers(1, 9), st.none() | st.integers(0, 12), st.floats(0, 5))), shuffle=st.randoms()
)
def test_every_span_is_shown_exactly_once(
    span_row: Spans, edges: list[tuple[int, int | None, float]], shuffle: random.Random
) -> None:
    """Whatever the parents are: forests, gaps, loops, doubles."""
    rows = [span_row(number, parent, start, start) for number, parent, start in edges]
    shuffle.shuffle(rows)
    shown = [node.span_id for node, _ in walk(trace_tree("a", rows).roots) if node.span]

    assert sorted(shown) == sorted({f"{number:016x}" for number, _, _ in edges})
