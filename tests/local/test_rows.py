"""Rows: what a view shows of a payload, from real shapes and from rubbish."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otel_sentry.local.arrivals import Arrival, Kind
from otel_sentry.local.rows import IssueRow, LogRow, SpanRow, duration_text, rows_of


def typed(**values: str) -> dict[str, Any]:
    """Typed string attributes; double underscores become dots."""
    return {key.replace("__", "."): {"type": "string", "value": value} for key, value in values.items()}


SPAN = {
    "trace_id": "a" * 32,
    "span_id": "b" * 16,
    "parent_span_id": "c" * 16,
    "name": "db.get_user",
    "status": "error",
    "is_segment": True,
    "start_timestamp": 10.0,
    "end_timestamp": "1970-01-01T00:00:11Z",
    "attributes": typed(sentry__op="db", service__name="web", user__id="0xabc", wallet__name="alice.eth"),
}


def row(kind: Kind, payload: dict[str, Any]) -> Any:
    """The one row of a payload."""
    (only,) = rows_of([Arrival(kind, payload)])
    return only


def test_a_span_is_read() -> None:
    """Every column of a span that has them all."""
    assert row(Kind.SPAN, SPAN) == SpanRow(
        trace_id="a" * 32,
        span_id="b" * 16,
        parent_id="c" * 16,
        name="db.get_user",
        op="db",
        failed=True,
        start=10.0,
        end=11.0,
        is_segment=True,
        service="web",
        user="alice.eth (0xabc)",
    )


def test_an_empty_span_is_read() -> None:
    """What is missing has a stand-in."""
    assert row(Kind.SPAN, {}) == SpanRow("", "", None, "<unknown>", "", False, 0.0, 0.0, False, None, None)  # noqa: FBT003


@pytest.mark.parametrize(
    ("attributes", "user"),
    [
        pytest.param(typed(user__id="7"), "7", id="id"),
        pytest.param(typed(user__id="0xabc", user__name="0xabc"), "0xabc", id="name is the id"),
        pytest.param(typed(user__id="7", wallet__address="0xabc"), "0xabc (7)", id="id and wallet"),
        pytest.param(typed(wallet__address="0xabc"), "0xabc", id="wallet"),
        pytest.param(typed(user__name="alice"), "alice", id="name"),
        pytest.param({}, None, id="nobody"),
    ],
)
def test_the_user_is_name_and_id(attributes: dict[str, Any], user: str | None) -> None:
    """Both when they differ."""
    assert row(Kind.SPAN, {**SPAN, "attributes": attributes}).user == user


APP_FRAME = {"filename": "app.py", "function": "f", "lineno": 3, "in_app": True}
LIB_FRAME = {"module": "lib.core", "function": "g", "in_app": False}


@pytest.mark.parametrize(
    ("event", "title", "place"),
    [
        pytest.param(
            {"exception": {"values": [{"type": "First"}, {"type": "ValueError", "value": "boom"}]}},
            "ValueError: boom",
            None,
            id="the exception that was raised last",
        ),
        pytest.param({"exception": [{"type": "KeyError"}]}, "KeyError", None, id="type only"),
        pytest.param({"logentry": {"message": "hi %s", "formatted": "hi you"}}, "hi you", None, id="log entry"),
        pytest.param({"message": "hello"}, "hello", None, id="message"),
        pytest.param({}, "<no message>", None, id="nothing"),
        pytest.param(
            {"exception": [{"type": "E", "stacktrace": {"frames": [APP_FRAME, LIB_FRAME]}}]},
            "E",
            "app.py:3 in f",
            id="innermost frame of the application",
        ),
        pytest.param(
            {"exception": [{"type": "E", "stacktrace": {"frames": [LIB_FRAME]}}]},
            "E",
            "lib.core:? in g",
            id="foreign frame",
        ),
    ],
)
def test_an_issue_has_title_and_place(event: dict[str, Any], title: str, place: str | None) -> None:
    """As people look for it."""
    issue = row(Kind.ISSUE, event)

    assert (issue.title, issue.place) == (title, place)


def test_an_issue_is_read() -> None:
    """Level, whether handled, user, trace."""
    event = {
        "timestamp": 5,
        "level": "fatal",
        "contexts": {"trace": {"trace_id": "a" * 32, "span_id": "b" * 16}},
        "user": {"id": "7", "username": "alice"},
        "exception": [{"type": "E", "mechanism": {"type": "x", "handled": False}}],
    }
    expected = IssueRow("a" * 32, "b" * 16, "E", None, "fatal", False, "alice (7)", 5.0)  # noqa: FBT003

    assert row(Kind.ISSUE, event) == expected


def test_a_log_line_is_read() -> None:
    """Level and body, where it was written."""
    log = {"trace_id": "a" * 32, "span_id": "b" * 16, "level": "warn", "body": "careful", "timestamp": 5}

    assert row(Kind.LOG, log) == LogRow("a" * 32, "b" * 16, "warn", "careful", 5.0)


def test_other_kinds_have_no_row() -> None:
    """Sessions, reports and the like."""
    assert rows_of([Arrival(Kind.SESSION, {})]) == []


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (0.0, "0 µs"),
        (-1.0, "0 µs"),
        (0.000_42, "420 µs"),
        (0.000_999_9, "1.00 ms"),
        (0.001, "1.00 ms"),
        (0.012_34, "12.3 ms"),
        (0.182, "182 ms"),
        (0.9999, "1.00 s"),
        (1.234, "1.23 s"),
        (59.94, "59.9 s"),
        (724.0, "12 m 04 s"),
        (7_200.0, "2.0 h"),
        (1e12, "> 999 h"),
        (math.inf, "> 999 h"),
    ],
)
def test_durations_are_written_as_people_read_them(seconds: float, expected: str) -> None:
    """Three digits and a unit."""
    assert duration_text(seconds) == expected


@given(st.floats(allow_nan=True, allow_infinity=True))
def test_a_duration_is_never_wider_than_its_column(seconds: float) -> None:
    """Nine characters."""
    assert len(duration_text(seconds)) <= 9


_rubbish = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(
            st.sampled_from(
                (
                    *(
                        "attributes",
                        "sentry.op",
                        "value",
                        "values",
                        "trace_id",
                        "start_timestamp",
                        "end_timestamp",
                        "contexts",
                    ),
                    *(
                        "trace",
                        "exception",
                        "stacktrace",
                        "frames",
                        "user",
                        "id",
                        "logentry",
                        "mechanism",
                        "name",
                        "status",
                    ),
                )
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=10,
)


@given(
    kind=st.sampled_from((Kind.SPAN, Kind.ISSUE, Kind.LOG)),
    payload=_rubbish.filter(lambda value: isinstance(value, dict)),
)
def test_rubbish_has_a_row_too(kind: Kind, payload: dict[str, Any]) -> None:
    """No payload breaks a view."""
    assert len(rows_of([Arrival(kind, payload)])) == 1
