"""What an envelope brings: containers opened, transactions shown as spans, the unknown kept as a line."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otel_sentry.local.arrivals import KIND_OF_ITEM, Arrival, Kind, arrivals_of, attribute_values
from otel_sentry.protocol.envelope import Envelope, EnvelopeItem

TRACE = "a" * 32


def item(kind: str, payload: Any, **headers: Any) -> EnvelopeItem:
    """An item of JSON or bytes."""
    return EnvelopeItem(
        {"type": kind, **headers}, payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    )


def arrivals(*items: EnvelopeItem) -> list[Arrival]:
    """What these items bring."""
    return arrivals_of(Envelope({}, list(items)))


@pytest.mark.parametrize(("kind", "expected"), [("span", Kind.SPAN), ("log", Kind.LOG), ("trace_metric", Kind.METRIC)])
def test_a_container_is_opened(kind: str, expected: Kind) -> None:
    """One arrival for each of its items, each with its own trace; what is no object is left out."""
    items = [{"trace_id": TRACE}, {"trace_id": "b" * 32}, 3, {}]

    assert arrivals(item(kind, {"items": items})) == [
        Arrival(expected, {"trace_id": TRACE}, TRACE),
        Arrival(expected, {"trace_id": "b" * 32}, "b" * 32),
        Arrival(expected, {}, None),
    ]


@pytest.mark.parametrize(
    ("kind", "expected"), [pytest.param(kind, value, id=kind) for kind, value in KIND_OF_ITEM.items()]
)
def test_every_kind_is_told(kind: str, expected: Kind) -> None:
    """Each item type that has a view of its own."""
    assert arrivals(item(kind, {"x": 1}))[0].kind is expected


def test_events_and_replays_know_their_trace() -> None:
    """From the trace context, or the list of a replay."""
    event = {"contexts": {"trace": {"trace_id": TRACE}}}

    assert [
        arrival.trace_id for arrival in arrivals(item("event", event), item("replay_event", {"trace_ids": [TRACE]}))
    ] == [
        TRACE,
        TRACE,
    ]


@pytest.mark.parametrize(
    "odd",
    [
        pytest.param(item("attachment", b"\0\xff", filename="x"), id="attachment"),
        pytest.param(item("hologram", {}), id="unknown"),
        pytest.param(item("event", b"rubbish"), id="no JSON"),
        pytest.param(item("event", []), id="no object"),
    ],
)
def test_what_has_no_view_is_a_line(odd: EnvelopeItem) -> None:
    """Type, headers and size are kept, the bytes are not."""
    (arrival,) = arrivals(odd)

    assert arrival == Arrival(Kind.OTHER, {"type": odd.type, "headers": odd.headers, "bytes": len(odd.payload)})


def test_a_transaction_is_shown_as_spans() -> None:
    """The root is the segment; data, op, status and user go where span v2 has them."""
    data = {"tags": ["a"], "b": True}
    root_data = {"n": 1, "f": 0.5}
    child = {"trace_id": TRACE, "span_id": "2" * 16, "parent_span_id": "1" * 16, "start_timestamp": 1, "timestamp": 2}
    transaction = {
        "transaction": "GET /",
        "start_timestamp": 1,
        "timestamp": 3,
        "user": {"id": "0xabc", "username": "alice.eth"},
        "contexts": {"trace": {"trace_id": TRACE, "span_id": "1" * 16, "op": "http.server", "data": root_data}},
        "spans": [
            {**child, "op": "db", "description": "SELECT 1", "status": "not_found", "data": data},
            3,
        ],
    }
    whole, root, shown = arrivals(item("transaction", transaction))

    assert whole == Arrival(Kind.TRANSACTION, transaction, TRACE)
    assert root.payload == {
        "trace_id": TRACE,
        "span_id": "1" * 16,
        "name": "GET /",
        "status": "ok",
        "is_segment": True,
        "start_timestamp": 1,
        "end_timestamp": 3,
        "attributes": {
            "n": {"type": "integer", "value": 1},
            "f": {"type": "double", "value": 0.5},
            "sentry.segment.id": {"type": "string", "value": "1" * 16},
            "sentry.segment.name": {"type": "string", "value": "GET /"},
            "user.id": {"type": "string", "value": "0xabc"},
            "user.name": {"type": "string", "value": "alice.eth"},
            "sentry.op": {"type": "string", "value": "http.server"},
        },
    }
    assert (shown.kind, shown.payload["name"], shown.payload["status"]) == (Kind.SPAN, "SELECT 1", "error")
    assert attribute_values(shown.payload)["attributes"]["tags"] == ["a"]
    assert attribute_values(shown.payload)["attributes"]["b"] is True


def test_sentry_name_beats_the_description() -> None:
    """As Sentry's own conversion has it."""
    span = {"data": {"sentry.name": "db.get_user"}, "description": "SELECT 1"}
    transaction = {"spans": [span]}

    assert arrivals(item("transaction", transaction))[2].payload["name"] == "db.get_user"


def test_attributes_become_plain_values() -> None:
    """In a copy; what is not typed stays, what has no attributes too."""
    span = {"name": "n", "attributes": {"a": {"type": "integer", "value": 1}, "b": "plain"}}

    assert attribute_values(span) == {"name": "n", "attributes": {"a": 1, "b": "plain"}}
    assert span["attributes"]["a"] == {"type": "integer", "value": 1}
    assert attribute_values({"name": "n"}) == {"name": "n"}


_rubbish = st.recursive(
    st.none() | st.integers() | st.text(max_size=2),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(
            st.sampled_from(("items", "contexts", "trace", "trace_id", "spans", "data", "user", "trace_ids")), inner
        )
    ),
    max_leaves=8,
)


@given(kind=st.sampled_from((*KIND_OF_ITEM, "x")), payload=_rubbish)
def test_rubbish_arrives_too(kind: str, payload: Any) -> None:
    """Nothing is checked here, nothing is raised."""
    assert all(isinstance(arrival.payload, dict) for arrival in arrivals(item(kind, payload)))
