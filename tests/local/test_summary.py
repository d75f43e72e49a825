"""Summaries of traces: what the list shows, growing row by row."""

from __future__ import annotations

import random
from collections.abc import Callable

from otel_sentry.local.rows import IssueRow, LogRow, Row, SpanRow
from otel_sentry.local.summary import TraceSummary

Spans = Callable[..., SpanRow]


def summary(*rows: Row) -> TraceSummary:
    """Of these rows, in this order."""
    whole = TraceSummary("a" * 32)
    for row in rows:
        whole.add(row)
    return whole


def test_a_trace_in_a_line(span_row: Spans, issue_row: Callable[..., IssueRow]) -> None:
    """Name of the root, services and users in order, counts, extent."""
    told = summary(
        span_row(2, 1, 10.5, 11, service="worker"),
        span_row(1, None, 10, 12, name="GET /", op="http.server", user="alice"),
        span_row(3, 1, 10.1, 10.2, failed=True),
        issue_row(1),
        LogRow("a" * 32, None, "info", "hi", 0.0),
    ).as_json()

    assert told == {
        "trace_id": "a" * 32,
        "name": "GET /",
        "op": "http.server",
        "services": ["worker", "web"],
        "users": ["alice"],
        "spans": 3,
        "issues": 1,
        "logs": 1,
        "failed": 1,
        "start": 10,
        "duration": 2,
    }


def test_the_best_name_wins_in_any_order(span_row: Spans) -> None:
    """Root before segment before any span."""
    rows: list[Row] = [
        span_row(3, 2, name="child"),
        span_row(2, 1, name="segment", is_segment=True),
        span_row(1, None, name="root"),
    ]
    random.Random(1).shuffle(rows)  # noqa: S311 - any order will do

    assert summary(*rows).name == "root"
    assert summary(*[row for row in rows if row != span_row(1, None, name="root")]).name == "segment"


def test_without_a_span_the_issue_names_it(issue_row: Callable[..., IssueRow]) -> None:
    """Issues often come first; nothing at all has a name too."""
    assert summary(issue_row(1)).as_json()["name"] == "ValueError: boom"
    assert summary().as_json()["name"] == "(no span yet)"


def test_a_huge_trace_is_remembered_in_bounds(span_row: Spans) -> None:
    """Distinct words are capped, counts are not."""
    whole = summary(*(span_row(number, 1, service=f"s{number}", user=f"u{number}") for number in range(1, 1_000)))

    assert whole.spans == 999
    assert len(whole.names) == len(whole.users) == 300
