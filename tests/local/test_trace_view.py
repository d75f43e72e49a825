"""A trace as the page draws it: rows, gaps, counts of descendants, what stands beside."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from otel_sentry.local.arrivals import Arrival, Kind
from otel_sentry.local.trace_view import ROW_COLUMNS, trace_view

TRACE = "a" * 32


def span(number: int, parent: int | None = None, start: float = 0.0, end: float = 1.0) -> Arrival:
    """A span as on the wire, a hundred seconds after the epoch."""
    payload: dict[str, Any] = {"trace_id": TRACE, "span_id": str(number), "name": f"span {number}", "status": "ok"}
    payload |= {"start_timestamp": 100 + start, "end_timestamp": 100 + end}
    return Arrival(Kind.SPAN, payload if parent is None else {**payload, "parent_span_id": str(parent)}, TRACE)


def rows(*arrivals: Arrival) -> list[dict[str, Any]]:
    """Rows by column name."""
    return [dict(zip(ROW_COLUMNS, row, strict=True)) for row in trace_view(TRACE, arrivals)["rows"]]


def outline(*arrivals: Arrival) -> list[tuple[str, int, int]]:
    """Kind with name, depth, descendants."""
    return [(f"{row['kind']} {row['name']}".strip(), row["depth"], row["descendants"]) for row in rows(*arrivals)]


def test_rows_are_in_tree_order_with_their_descendants() -> None:
    """So that a row can be folded by skipping as many."""
    assert outline(span(1), span(2, 1, 0, 1), span(3, 2, 0, 1), span(4, 1, 0.5, 1)) == [
        ("span span 1", 0, 3),
        ("span span 2", 1, 1),
        ("span span 3", 2, 0),
        ("span span 4", 1, 0),
    ]


def test_a_gap_between_children_is_a_row() -> None:
    """From a twentieth of the trace on; overlapping children leave none; unseen parents have none."""
    found = rows(span(1, None, 0, 10), span(2, 1, 0, 2), span(3, 1, 1, 1.5), span(4, 1, 4, 5), span(5, 1, 5.1, 6))

    assert [(row["kind"], row["start"], row["duration"]) for row in found] == [
        ("span", 0, 10),
        ("span", 0, 2),
        ("span", 1, 0.5),
        ("gap", 2, 2),
        ("span", 4, 1),
        ("span", 5.099999999999994, 0.9000000000000057),
    ]
    assert "gap" not in {row["kind"] for row in rows(span(2, 9, 0, 1), span(3, 9, 5, 6))}


def test_an_unseen_parent_is_a_row() -> None:
    """With its id, so that it can be told."""
    first, second = rows(span(2, 9, 0.5, 1))

    assert (first["kind"], first["id"], first["descendants"]) == ("unseen", "9", 1)
    assert (second["kind"], second["depth"]) == ("span", 1)


def test_what_stands_beside_the_tree() -> None:
    """Issues and logs by their time in the trace, metrics as they came."""
    context = {"contexts": {"trace": {"trace_id": TRACE, "span_id": "1"}}}
    view = trace_view(
        TRACE,
        [
            Arrival(Kind.LOG, {"timestamp": 100.5, "span_id": "1", "body": "later", "level": "warn"}, TRACE),
            Arrival(Kind.LOG, {"timestamp": 100.25, "body": "sooner"}, TRACE),
            Arrival(Kind.ISSUE, {"timestamp": 100.75, "message": "boom", **context}, TRACE),
            Arrival(Kind.METRIC, {"name": "m"}, TRACE),
            span(1),
        ],
    )

    assert [(log["body"], log["at"]) for log in view["logs"]] == [("sooner", 0.25), ("later", 0.5)]
    assert [(issue["title"], issue["span_id"], issue["at"]) for issue in view["issues"]] == [("boom", "1", 0.75)]
    assert view["metrics"] == [{"name": "m"}]
    assert (view["spans"], view["duration"], view["start"]) == (1, 1.0, 100.0)
    assert [(row["kind"], row["issues"], row["logs"]) for row in rows(span(1))] == [("span", 0, 0)]


def test_logs_are_bounded() -> None:
    """The rest is counted."""
    view = trace_view(TRACE, [Arrival(Kind.LOG, {"timestamp": 1}, TRACE)] * 5_010)

    assert (len(view["logs"]), view["more_logs"]) == (5_000, 10)


def test_a_deep_chain_is_laid_out() -> None:
    """Ten thousand levels, each with all those below as descendants."""
    found = outline(*(span(number, number - 1 or None) for number in range(1, 10_001)))

    assert found[0] == ("span span 1", 0, 9_999)
    assert found[-1] == ("span span 10000", 9_999, 0)


@given(
    st.lists(
        st.tuples(st.integers(1, 9), st.none() | st.integers(0, 12), st.floats(0, 5), st.floats(0, 5)), max_size=15
    )
)
def test_descendants_agree_with_depths(edges: list[tuple[int, int | None, float, float]]) -> None:
    """A row's descendants are exactly the deeper rows that follow it."""
    found = outline(*(span(number, parent, start, start + length) for number, parent, start, length in edges))
    for index, (_, depth, descendants) in enumerate(found):
        below = found[index + 1 : index + 1 + descendants]
        after = found[index + 1 + descendants : index + 2 + descendants]

        assert all(deeper > depth for _, deeper, _ in below)
        assert all(next_depth <= depth for _, next_depth, _ in after)
