"""Envelope rules: headers, trace header, counts and sizes."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otel_sentry.local.checks import Consequence, Problem, check_envelope
from otel_sentry.protocol.envelope import Envelope, EnvelopeItem
from otel_sentry.protocol.item_kinds import LOG_CONTENT_TYPE, SPAN_CONTENT_TYPE, TRACE_METRIC_CONTENT_TYPE

TRACE = "0af7651916cd43dd8448eb211c80319c"
SPAN = "b7ad6b7169203331"
ID = "9ec79c33ec9942ab8353589fcb2e04dc"
DSC = {"trace_id": TRACE, "public_key": "k", "sample_rate": "0.25", "sample_rand": "0.123456", "sampled": "true"}
MEBIBYTE = "x" * 2**20


def item(kind: str, payload: Any, **headers: Any) -> EnvelopeItem:
    """An item of JSON."""
    return EnvelopeItem({"type": kind, **headers}, json.dumps(payload).encode())


def container(kind: str, content_type: str, *items: Any) -> EnvelopeItem:
    """A container with matching headers."""
    return item(kind, {"version": 2, "items": items}, item_count=len(items), content_type=content_type)


_SEGMENT = {key: {"type": "string", "value": SPAN} for key in ("sentry.segment.id", "sentry.segment.name")}
_TIMES = {"start_timestamp": 1, "end_timestamp": 2}
ONE_SPAN = {"trace_id": TRACE, "span_id": SPAN, "name": "n", "status": "ok", "is_segment": True, **_TIMES}
SPANS = container("span", SPAN_CONTENT_TYPE, {**ONE_SPAN, "attributes": _SEGMENT})
ONE_LOG = {"timestamp": 1, "trace_id": TRACE, "level": "info", "body": "hi"}
LOGS = container("log", LOG_CONTENT_TYPE, ONE_LOG)
METRIC = {"timestamp": 1, "trace_id": TRACE, "name": "m", "type": "counter", "value": 1}
METRICS = container("trace_metric", TRACE_METRIC_CONTENT_TYPE, METRIC)
EVENT = item("event", {"event_id": ID})
REPORT = item("client_report", {"discarded_events": []})
OLD_SPAN = item("span", {"trace_id": TRACE, "span_id": SPAN, "start_timestamp": 1, "timestamp": 2})
SESSION = item("session", {"sid": 1, "started": 1, "attrs": {"release": "a"}})


def problems(headers: dict[str, Any], *items: EnvelopeItem) -> list[Problem]:
    """What is wrong with this envelope."""
    return check_envelope(Envelope(headers, list(items)))


@pytest.mark.parametrize(
    ("headers", "items"),
    [
        pytest.param({"trace": DSC}, [SPANS], id="spans"),
        pytest.param({"trace": {"trace_id": TRACE, "public_key": "k"}}, [SPANS], id="minimal trace header"),
        pytest.param({"trace": {**DSC, "sampled": True}}, [SPANS], id="sampled as boolean"),
        pytest.param({"trace": DSC}, [SPANS, REPORT], id="client report rides along"),
        pytest.param({}, [LOGS], id="logs"),
        pytest.param({}, [METRICS], id="metrics"),
        pytest.param({"sent_at": "2026-11-22T10:00:00.000000Z", "sdk": {"name": "x"}}, [LOGS], id="headers"),
        pytest.param({"event_id": ID, "trace": DSC}, [EVENT], id="event"),
        pytest.param({"event_id": ID}, [EVENT, EnvelopeItem({"type": "attachment"}, b"\0")], id="attachment"),
        pytest.param({}, [OLD_SPAN] * 25, id="25 single spans"),
    ],
)
def test_what_sentry_takes_has_no_problem(headers: dict[str, Any], items: list[EnvelopeItem]) -> None:
    """Right envelopes."""
    assert problems(headers, *items) == []


@pytest.mark.parametrize(
    ("headers", "items", "reason"),
    [
        pytest.param({}, [SPANS], "envelope header.trace is missing", id="no trace header"),
        pytest.param({"trace": "x"}, [SPANS], "envelope header.trace must be an object", id="trace header is text"),
        pytest.param({"trace": {"trace_id": TRACE}}, [SPANS], "trace.public_key is missing", id="no key"),
        pytest.param({"trace": {**DSC, "trace_id": "x"}}, [SPANS], "trace.trace_id must be 32", id="trace id"),
        pytest.param(
            {"trace": {**DSC, "sample_rate": 0.25}}, [SPANS], "sample_rate must be a string", id="rate as number"
        ),
        pytest.param(
            {"trace": {**DSC, "sample_rate": "-1"}}, [SPANS], "sample_rate must be a string", id="negative rate"
        ),
        pytest.param({"trace": {**DSC, "sampled": "yes"}}, [SPANS], 'sampled must be "true" or "false"', id="decision"),
        pytest.param({"event_id": "x"}, [EVENT], "envelope header.event_id must be a UUID", id="event id"),
        pytest.param({"sent_at": "now"}, [LOGS], "envelope header.sent_at must be", id="time of sending"),
        pytest.param({}, [SESSION], "session.sid must be a UUID", id="payload"),
    ],
)
def test_what_sentry_drops_is_refused_with_the_reason(
    headers: dict[str, Any], items: list[EnvelopeItem], reason: str
) -> None:
    """Each rule that costs an item."""
    found = problems(headers, *items)

    assert any(reason in str(problem) for problem in found if problem.consequence is Consequence.REFUSED), found


@pytest.mark.parametrize(
    ("headers", "items", "reason"),
    [
        pytest.param(
            {"trace": {**DSC, "sampled": "false"}}, [SPANS], "trace.sampled is 'false', but", id="unequal decision"
        ),
        pytest.param({"trace": DSC}, [LOGS], "envelope header.trace must be absent", id="trace header on logs"),
        pytest.param({"trace": {}}, [REPORT], "trace.trace_id is missing", id="empty trace header without spans"),
        pytest.param({}, [EVENT], "event_id is missing, needed for event", id="no event id"),
        pytest.param(
            {}, [item("hologram", {})], "'hologram' is an item type that Sentry does not know", id="item type"
        ),
        pytest.param({}, [], "envelope holds no item", id="no item"),
    ],
)
def test_what_sentry_strips_is_told_and_taken(headers: dict[str, Any], items: list[EnvelopeItem], reason: str) -> None:
    """Each rule that costs a part only."""
    found = problems(headers, *items)

    assert any(reason in str(problem) for problem in found), found
    assert {problem.consequence for problem in found} == {Consequence.TRIMMED}


BIG_SPAN = {**ONE_SPAN, "name": MEBIBYTE * 2}


@pytest.mark.parametrize(
    ("items", "reason"),
    [
        pytest.param([SPANS] * 2, "span is number 2 of its kind, an envelope may hold 1", id="two span containers"),
        pytest.param([LOGS] * 2, "log is number 2", id="two log containers"),
        pytest.param([METRICS] * 2, "trace_metric is number 2", id="two metric containers"),
        pytest.param([EVENT, item("transaction", {})], "transaction is number 2", id="event and transaction"),
        pytest.param(
            [item("event", {"extra": MEBIBYTE})], "bytes each, allowed are 1048576", id="event over a mebibyte"
        ),
        pytest.param(
            [container("span", SPAN_CONTENT_TYPE, *[BIG_SPAN] * 7)], "span makes 14", id="container over 12 MiB"
        ),
        pytest.param(
            [container("trace_metric", TRACE_METRIC_CONTENT_TYPE, {"name": MEBIBYTE})],
            "bytes each",
            id="metric over a mebibyte",
        ),
        pytest.param([OLD_SPAN] * 26, "span is number 26", id="26 single spans"),
        pytest.param(
            [EnvelopeItem({"type": "hologram"}, b"")] * 501, "holds 501 items, allowed are 500", id="501 items"
        ),
    ],
)
def test_what_is_too_large_is_told_apart(items: list[EnvelopeItem], reason: str) -> None:
    """Each limit on sizes and counts."""
    found = problems({"trace": DSC}, *items)

    assert any(reason in str(problem) for problem in found if problem.consequence is Consequence.TOO_LARGE), found


def test_a_problem_says_in_which_item_it_is() -> None:
    """The index counts the items of the envelope; the header has none."""
    found = problems({"sent_at": "x"}, REPORT, SESSION)

    assert [problem.item_index for problem in found] == [None, 1]


_keys = st.sampled_from(
    (
        *(
            "items",
            "attributes",
            "type",
            "value",
            "links",
            "spans",
            "contexts",
            "trace",
            "exception",
            "values",
            "frames",
        ),
        *("stacktrace", "trace_id", "span_id", "timestamp", "start_timestamp", "attrs", "aggregates", "monitor_config"),
    )
)
_value = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64)
    | st.floats(allow_nan=False)
    | st.text("a\x1b[", max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_keys, inner, max_size=4),
    max_leaves=12,
)
_KINDS = ("event", "transaction", "session", "sessions", "check_in", "client_report", "replay_event", "feedback", "x")
_CONTENT_TYPES = {"span": SPAN_CONTENT_TYPE, "log": LOG_CONTENT_TYPE, "trace_metric": TRACE_METRIC_CONTENT_TYPE}


@given(
    kind=st.sampled_from((*_KINDS, *_CONTENT_TYPES)),
    headers=st.dictionaries(st.sampled_from(("event_id", "sent_at", "trace", "dsn")), _value),
    item_headers=st.dictionaries(st.sampled_from(("item_count", "content_type")), _value),
    payload=_value,
)
def test_no_json_whatever_crashes_the_checks(
    kind: str, headers: dict[str, Any], item_headers: dict[str, Any], payload: Any
) -> None:
    """Hostile payloads yield problems, never exceptions, and messages without control characters."""
    content_type = {"content_type": _CONTENT_TYPES[kind]} if kind in _CONTENT_TYPES else {}
    items = [item(kind, payload, **item_headers), item(kind, {"items": [payload]}, **content_type)]

    assert not any("\x1b" in str(problem) for problem in problems(headers, *items))
