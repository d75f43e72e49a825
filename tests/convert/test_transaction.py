"""Segments as transactions: Sentry's own normaliser takes each, and nothing of a segment is left behind."""

from __future__ import annotations

import json
from collections.abc import Mapping
from itertools import chain
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.trace import Link, SpanKind, StatusCode

from otel_sentry.convert.service import event_fields
from otel_sentry.convert.transaction import PARENT_ALREADY_SENT, split_segments, transaction_payload
from otel_sentry.protocol.item_kinds import MAX_EVENT_BYTES
from otel_sentry.protocol.json_text import dumps
from tests.convert.strategies import spans
from tests.relay import normalised
from tests.spans import context, recorded, recorded_cases, span

EVENT_ID = "e" * 32
SERVICE = event_fields(
    Resource({"service.name": "shop", "process.pid": 7}),
    release="shop@1.2.3",
    environment="staging",
    server_name="box",
    dist="7",
    sdk_version="1",
)


def transaction(root: ReadableSpan, *children: ReadableSpan, **options: Any) -> dict[str, Any]:
    """A transaction as it goes over the wire, after Sentry's normaliser took it without a note."""
    payload = transaction_payload(root, children, event_id=EVENT_ID, service=SERVICE, **options)
    sent: dict[str, Any] = json.loads(dumps(payload))
    stored = normalised(sent)

    assert stored["contexts"]["trace"]["span_id"] == sent["contexts"]["trace"]["span_id"]
    assert len(stored["spans"]) == len(children)
    return sent


def test_a_request_with_a_child() -> None:
    """Root in the trace context, child in the list, facts of the process at the top."""
    root = span(
        "GET /w/{id}",
        1,
        parent=9,
        remote_parent=True,
        end=3,
        kind=SpanKind.SERVER,
        scope="opentelemetry.instrumentation.fastapi",
        scope_version="0.66b1",
        attributes={"http.request.method": "GET", "http.route": "/w/{id}", "http.response.status_code": 404},
    )
    child = span("db.get_user", 2, parent=1, start=1, end=2, status=StatusCode.ERROR, message="ValueError: no")

    assert transaction(root, child, user={"id": "0xabc", "username": "vitalik.eth"}) == {
        "type": "transaction",
        "event_id": EVENT_ID,
        "platform": "python",
        "sdk": {"name": "otel_sentry", "version": "1"},
        "release": "shop@1.2.3",
        "environment": "staging",
        "server_name": "box",
        "dist": "7",
        "user": {"id": "0xabc", "username": "vitalik.eth"},
        "start_timestamp": 1795324768.0,
        "timestamp": 1795324768.003,
        "transaction": "GET /w/{id}",
        "transaction_info": {"source": "route"},
        "contexts": {
            "otel": {"type": "otel", "resource": {"service.name": "shop", "process.pid": 7}},
            "trace": {
                "type": "trace",
                "trace_id": "0" * 31 + "1",
                "span_id": "0" * 15 + "1",
                "parent_span_id": "0" * 15 + "9",
                "op": "http.server",
                "status": "not_found",
                "origin": "auto.http.otel.fastapi",
                "data": {
                    "http.request.method": "GET",
                    "http.route": "/w/{id}",
                    "http.response.status_code": 404,
                    "otel.scope.name": "opentelemetry.instrumentation.fastapi",
                    "otel.scope.version": "0.66b1",
                    "sentry.kind": "server",
                    "sentry.name": "GET /w/{id}",
                },
            },
        },
        "spans": [
            {
                "trace_id": "0" * 31 + "1",
                "span_id": "0" * 15 + "2",
                "parent_span_id": "0" * 15 + "1",
                "start_timestamp": 1795324768.001,
                "timestamp": 1795324768.002,
                "description": "db.get_user",
                "status": "internal_error",
                "origin": "manual",
                "kind": "internal",
                "data": {
                    "otel.scope.name": "app",
                    "sentry.status.message": "ValueError: no",
                    "sentry.kind": "internal",
                    "sentry.name": "db.get_user",
                },
            }
        ],
    }


def test_names_are_kept() -> None:
    """Sentry derives a name from op and attributes unless `sentry.name` says it; a long one is cut only at the top."""
    sent = transaction(span("x" * 300, attributes={"sentry.source": "task"}))

    assert sent["transaction"] == "x" * 200
    assert sent["contexts"]["trace"]["data"]["sentry.name"] == "x" * 300
    assert sent["transaction_info"] == {"source": "task"}
    assert "sentry.source" not in sent["contexts"]["trace"]["data"]


def test_links_carry_plain_values() -> None:
    """Of root and children."""
    link = Link(context(2, 3), {"sentry.link.type": "previous_trace", "n": [1, 2]})
    sent = transaction(span(links=(link,)), span("child", 2, parent=1, links=(Link(context(4, 5, sampled=False)),)))

    assert sent["contexts"]["trace"]["links"] == [
        {
            "trace_id": "0" * 31 + "2",
            "span_id": "0" * 15 + "3",
            "sampled": True,
            "attributes": {"sentry.link.type": "previous_trace", "n": [1, 2]},
        }
    ]
    assert sent["spans"][0]["links"] == [{"trace_id": "0" * 31 + "4", "span_id": "0" * 15 + "5", "sampled": False}]


def test_raw_identity_never_leaves() -> None:
    """Spans carry what may be sent, or nothing."""

    def short(identity: Mapping[str, Any]) -> Mapping[str, str]:
        return {"wallet.address": identity["wallet.address"][:4]}

    named = span(attributes={"wallet.address": "0xSecret", "user.roles": ["a"]})
    sent = transaction(named, span("child", 2, attributes={"wallet.address": "0xSecret"}), user_of=short)

    assert sent["contexts"]["trace"]["data"]["wallet.address"] == "0xSe"
    assert sent["contexts"]["trace"]["data"]["user.roles"] == ["a"]
    assert "0xSecret" not in json.dumps(sent)
    assert "0xSecret" not in json.dumps(transaction(named))
    assert "acc" not in transaction(span(attributes={"acc": "x"}), identity_names=["acc"])["contexts"]["trace"]["data"]


def test_a_late_child_is_a_segment_of_its_own() -> None:
    """Linked by its parent id, and marked as Sentry's SDKs mark it."""
    sent = transaction(span("late", 2, parent=1), parent_already_sent=True)

    assert sent["contexts"]["trace"]["parent_span_id"] == "0" * 15 + "1"
    assert sent["contexts"]["trace"]["data"][PARENT_ALREADY_SENT] is True


def test_an_op_that_is_too_long_is_cut() -> None:
    """To what Sentry takes."""
    assert transaction(span(attributes={"sentry.op": "o" * 200}))["contexts"]["trace"]["op"] == "o" * 128


@pytest.mark.parametrize("case", recorded_cases())
def test_real_spans_pass_sentrys_normaliser(case: str) -> None:
    """Each trace of what instrumentations record, with all its spans."""
    real = recorded(case)
    taken = []
    for root in (one for one in real if one.parent is None):
        trace_id = root.context.trace_id
        children = [one for one in real if one.context.trace_id == trace_id and one.parent is not None]
        taken += [root.name, *(child["description"] for child in transaction(root, *children)["spans"])]

    assert sorted(taken) == sorted(one.name for one in real)


@given(spans(), st.lists(spans(), max_size=3))
@settings(max_examples=60)
def test_any_span_passes_sentrys_normaliser(root: ReadableSpan, children: list[ReadableSpan]) -> None:
    """Whatever spans hold; each is there."""
    sent = transaction(root, *children)

    assert [one["span_id"] for one in sent["spans"]] == [f"{one.context.span_id:016x}" for one in children]


def ids(segments: Any) -> list[list[int]]:
    """Span ids, each segment's root first."""
    return [[one.context.span_id for one in (root, *children)] for root, children in segments]


def test_a_small_segment_is_one_transaction() -> None:
    """Children by their start."""
    root, early, late = span(span_id=1), span(span_id=2, parent=1, start=1), span(span_id=3, parent=1, start=2)

    assert ids(split_segments(root, [late, early])) == [[1, 2, 3]]
    assert ids(split_segments(root, [])) == [[1]]


def test_surplus_children_follow_tree_by_tree() -> None:
    """Those that started first stay with the root; the rest keeps families together."""
    root = span(span_id=1, start=0)
    first = [span(span_id=2, parent=1, start=1), span(span_id=3, parent=1, start=2)]
    family = [
        span(span_id=4, parent=2, start=3),
        span(span_id=6, parent=4, start=5),
        span(span_id=8, parent=6, start=7),
    ]
    other = [span(span_id=5, parent=3, start=4), span(span_id=7, parent=5, start=6)]

    assert ids(split_segments(root, [*family, *first, *other], max_spans=2)) == [[1, 2, 3], [4, 6, 8], [5, 7]]


def test_spans_that_are_each_others_parents_are_not_lost() -> None:
    """However wrong a tree is, each span leaves once."""
    circle = [span(span_id=2, parent=3, start=1), span(span_id=3, parent=2, start=2)]

    assert sorted(chain.from_iterable(ids(split_segments(span(span_id=1), circle, max_spans=0)))) == [1, 2, 3]


@given(st.lists(st.integers(0, 40), max_size=60), st.integers(0, 9))
def test_each_span_leaves_exactly_once(parents: list[int], max_spans: int) -> None:
    """Any tree, any limit: no segment is too long, and no span is lost or doubled."""
    children = [
        span(span_id=number, parent=1 + parent % number, start=number) for number, parent in enumerate(parents, start=2)
    ]
    split = ids(split_segments(span(span_id=1), children, max_spans=max_spans))

    assert sorted(chain.from_iterable(split)) == list(range(1, len(parents) + 2))
    assert all(len(segment) <= max_spans + 1 for segment in split)
    assert split[0][0] == 1


def test_ten_thousand_children() -> None:
    """A thousand go with the root, a thousand and one in each further transaction."""
    children = [span(span_id=number, parent=1, start=number / 10) for number in range(2, 10_002)]
    split = split_segments(span(span_id=1), children)

    assert [len(segment[1]) for segment in split] == [1000] * 9 + [991]
    assert len(transaction(split[1][0], *split[1][1], parent_already_sent=True)["spans"]) == 1000


def test_no_transaction_exceeds_a_mebibyte() -> None:
    """Great spans are cut and spread over as many transactions as they need."""
    children = [
        span(span_id=number, parent=1, start=number, attributes={"body": "x" * 2_000_000}) for number in range(2, 6)
    ]
    split = split_segments(span(span_id=1, attributes={"body": "x" * 2_000_000}), children)
    sizes = [len(dumps(transaction(root, *rest))) for root, rest in split]

    assert sorted(chain.from_iterable(ids(split))) == [1, 2, 3, 4, 5]
    assert max(sizes) <= MAX_EVENT_BYTES
