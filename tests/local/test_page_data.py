"""What the page asks for, from a real store."""

from __future__ import annotations

import json
from typing import Any

import pytest

from otel_sentry.local.fields import Consequence, Problem
from otel_sentry.local.page_data import MAX_LISTED, PageData
from otel_sentry.local.store import Refused, Store
from otel_sentry.protocol.envelope import Envelope, EnvelopeItem, serialize_envelope

A, B = "a" * 32, "b" * 32


def put(store: Store, kind: str, *payloads: dict[str, Any], at: float = 1.0) -> None:
    """An envelope arrives: a container of several, else the payload itself."""
    container = kind in ("span", "log", "trace_metric")
    body = json.dumps({"items": payloads} if container else payloads[0]).encode()
    items = [EnvelopeItem({"type": kind}, body)]
    store.add(Envelope({}, items), serialize_envelope({}, items), at=at)


def span(trace: str, number: int, name: str = "n", **attributes: str) -> dict[str, Any]:
    """A span as on the wire."""
    typed = {key.replace("__", "."): {"type": "string", "value": value} for key, value in attributes.items()}
    times = {"start_timestamp": 1.0, "end_timestamp": 2.0}
    return {"trace_id": trace, "span_id": str(number), "name": name, "status": "ok", **times, "attributes": typed}


def event(trace: str, span_id: int, user: str) -> dict[str, Any]:
    """An error as on the wire."""
    context = {"trace": {"trace_id": trace, "span_id": str(span_id)}}
    return {"timestamp": 1.0, "exception": [{"type": "E", "value": "v"}], "contexts": context, "user": {"id": user}}


@pytest.fixture
def store() -> Store:
    """Two traces of two users, an issue, metrics, a replay."""
    store = Store()
    put(store, "span", span(A, 1, "GET /a", user__id="alice", service__name="web", sentry__op="http.server"))
    put(store, "span", span(B, 1, "GET /b", user__id="bob", service__name="api"))
    put(store, "event", event(A, 1, "alice"))
    put(
        store,
        "trace_metric",
        {"name": "m", "type": "counter", "value": 1, "timestamp": 1},
        {"name": "m", "type": "gauge"},
    )
    put(store, "trace_metric", {"name": "m", "type": "counter", "value": 2, "timestamp": 2})
    put(store, "replay_event", {"replay_id": "r", "trace_ids": [A]})
    return store


@pytest.fixture
def data(store: Store) -> PageData:
    """Of that store."""
    return PageData(store)


def test_traces_are_listed_by_their_last_change(store: Store, data: PageData) -> None:
    """With counts and the services to filter by."""
    before = data.traces()
    put(store, "span", span(B, 2))
    after = data.traces()

    assert [trace["trace_id"] for trace in before["traces"]] == [A, B]
    assert [(trace["trace_id"], trace["spans"]) for trace in after["traces"]] == [(B, 2), (A, 1)]
    assert (after["found"], after["all"], sorted(after["services"])) == (2, 2, ["api", "web"])


def test_traces_are_searched(data: PageData) -> None:
    """What is not understood is told."""
    found = data.traces("op:http colour:red")

    assert [trace["name"] for trace in found["traces"]] == ["GET /a"]
    assert (found["found"], found["all"], found["unknown"]) == (1, 2, ["colour:red"])


def test_summaries_grow_with_their_traces_and_leave_with_them() -> None:
    """Also when the store pushes the oldest out at the same time."""
    store = Store(max_items=3)
    data = PageData(store)
    for number in range(1, 6):
        put(store, "span", span(A, number))
        data.traces()
    counted = data.traces()["traces"]
    store.clear()

    assert [trace["spans"] for trace in counted] == [5]
    assert data.traces()["traces"] == []


def test_a_trace_that_comes_again_starts_anew(store: Store, data: PageData) -> None:
    """After clearing, or when it had been pushed out."""
    data.traces()
    store.clear()
    put(store, "span", span(A, 1, "again"))

    assert [(trace["name"], trace["spans"], trace["issues"]) for trace in data.traces()["traces"]] == [("again", 1, 0)]


def test_a_trace_and_its_spans_are_shown_whole(data: PageData) -> None:
    """Rows first, one span with attributes and events on demand; nothing for what is not here."""
    trace = data.trace(A)
    found = data.span(A, "1")

    assert trace is not None
    assert (trace["spans"], len(trace["issues"]), trace["columns"][0]) == (1, 1, "kind")
    assert found is not None
    assert found["span"]["attributes"]["sentry.op"] == "http.server"
    assert [one["user"]["id"] for one in found["events"]] == ["alice"]
    assert (data.trace("c" * 32), data.span(A, "9"), data.span("c" * 32, "1")) == (None, None, None)


def test_a_wallet_has_a_profile(data: PageData) -> None:
    """Its traces, issues and replays, and nobody else's."""
    alice, bob = data.wallet("alice"), data.wallet("bob")

    assert ([trace["trace_id"] for trace in alice["traces"]], len(alice["issues"]), len(alice["replays"])) == (
        [A],
        1,
        1,
    )
    assert ([trace["trace_id"] for trace in bob["traces"]], bob["issues"], bob["replays"]) == ([B], [], [])


def test_a_profile_has_every_trace(store: Store, data: PageData) -> None:
    """Also those too old for the list, and those that have more users than a line of it names."""
    for number in range(MAX_LISTED):
        put(store, "span", span(f"{number:032x}", 1))
    put(store, "span", *(span(B, number, user__id=f"user {number}") for number in range(2, 12)))

    assert [trace["trace_id"] for trace in data.wallet("alice")["traces"]] == [A]
    assert [trace["trace_id"] for trace in data.wallet("user 11")["traces"]] == [B]


def test_metrics_are_series(data: PageData) -> None:
    """One per name, type and unit, points in order of arrival."""
    assert [(one["name"], one["type"], one["points"]) for one in data.metrics()] == [
        ("m", "counter", [[1, 1], [2, 2]]),
        ("m", "gauge", [[0, 0]]),
    ]


def test_the_overview_counts_and_complains(store: Store, data: PageData) -> None:
    """Kinds, problems, what had to leave."""
    store.refuse(Refused(1.0, 400, "no", (Problem(0, "span[0].name", "is missing", Consequence.REFUSED),)))
    told = data.overview()

    assert told["counts"] == {"span": 2, "issue": 1, "metric": 3, "replay": 1}
    assert told["problems"] == [{"text": "span[0].name is missing", "consequence": "refused"}]
    assert (told["evicted"], told["changes"]) == (0, store.changes)


def test_what_is_exported_can_be_taken_in_again(data: PageData) -> None:
    """All of it, or one trace; in the order and with the times of arrival."""
    everything, one = PageData(Store()), PageData(Store())
    done = everything.add_saved(data.export(), now=9.0)
    one.add_saved(data.export(A), now=9.0)

    assert done == {"added": 6, "complaints": []}
    assert everything.traces() == data.traces()
    assert [trace["trace_id"] for trace in one.traces()["traces"]] == [A]
    assert [kept.at for kept in everything.store.envelopes()] == [1.0] * 6


def test_a_damaged_import_is_taken_as_far_as_it_goes(data: PageData) -> None:
    """The envelopes before the cut, and the reason."""
    other = PageData(Store())
    done = other.add_saved(data.export()[:-30], now=9.0)

    assert done["added"] == 5
    assert "the file is cut: envelope 6 must have" in done["complaints"][-1]


def test_rubbish_is_not_taken_in() -> None:
    """An empty store stays empty."""
    data = PageData(Store())

    assert data.add_saved(b"rubbish", now=1.0)["added"] == 0
    assert data.store.envelopes() == []
