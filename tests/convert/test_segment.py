"""What segments know: id, name, source."""

from __future__ import annotations

from typing import Any

import pytest
from opentelemetry.trace import SpanKind

from otel_sentry.convert.segment import SOURCES, segment_attributes, segment_only_attributes, segment_source
from tests.spans import span

SERVER, CLIENT, INTERNAL = SpanKind.SERVER, SpanKind.CLIENT, SpanKind.INTERNAL


def test_every_span_of_a_segment_carries_its_id_and_name() -> None:
    """With the replay and the user where they are known."""
    attributes = segment_attributes(
        segment_id="00000000000000aa",
        segment_name="GET /w/{id}",
        replay_id="0" * 31 + "1",
        user={"user.id": "0xabc"},
    )

    assert {name: typed["value"] for name, typed in attributes.items()} == {
        "sentry.segment.id": "00000000000000aa",
        "sentry.segment.name": "GET /w/{id}",
        "sentry.trace_lifecycle": "stream",
        "sentry.replay_id": "0" * 31 + "1",
        "user.id": "0xabc",
    }
    assert {typed["type"] for typed in attributes.values()} == {"string"}


def test_what_is_not_known_is_left_out() -> None:
    """No empty attributes."""
    attributes = segment_attributes(segment_id="00000000000000aa", segment_name="x\ud800", replay_id=None, user={})

    assert sorted(attributes) == ["sentry.segment.id", "sentry.segment.name", "sentry.trace_lifecycle"]
    assert attributes["sentry.segment.name"]["value"] == "x\ufffd"


@pytest.mark.parametrize(
    ("attributes", "kind", "name", "source"),
    [
        pytest.param({}, INTERNAL, "work", "custom", id="the application's own"),
        pytest.param(
            {"http.request.method": "GET", "http.route": "/u/{id}"}, SERVER, "GET /u/{id}", "route", id="route"
        ),
        pytest.param({"http.method": "GET", "http.target": "/"}, SERVER, "GET /", "route", id="root path"),
        pytest.param(
            {"http.method": "GET", "http.target": "/?a=1"}, SERVER, "GET /", "route", id="root path and query"
        ),
        pytest.param(
            {"http.request.method": "GET", "url.path": "/u/7"}, SERVER, "GET /u/7", "url", id="path in the name"
        ),
        pytest.param({"http.method": "GET", "http.target": "/u/7"}, SERVER, "GET", "custom", id="method alone"),
        pytest.param({"http.request.method": "GET", "url.path": "/u/7"}, SERVER, "checkout", "custom", id="renamed"),
        pytest.param({"http.method": "GET"}, CLIENT, "GET http://h/x", "url", id="address in the name"),
        pytest.param({"http.method": "GET"}, CLIENT, "GET /x/9", "url", id="unknown path in the name"),
        pytest.param({"http.method": "GET"}, CLIENT, "GET", "custom", id="no address known"),
        pytest.param({"db.system": "sqlite"}, CLIENT, "SELECT", "task", id="database"),
        pytest.param(
            {"celery.task_name": "mail", "messaging.system": "x"}, SpanKind.CONSUMER, "run", "task", id="celery"
        ),
        pytest.param({"rpc.service": "shop.Users"}, SERVER, "/shop.Users/Get", "route", id="RPC"),
        pytest.param({"messaging.system": "kafka"}, SpanKind.CONSUMER, "orders process", "route", id="messaging"),
        pytest.param({"faas.trigger": "timer"}, SERVER, "tick", "route", id="function"),
        pytest.param({"sentry.segment.name.source": "view"}, SERVER, "x", "view", id="explicit"),
        pytest.param({"sentry.source": "component", "http.route": "/"}, SERVER, "x", "component", id="explicit, older"),
        pytest.param({"sentry.source": "unknown"}, SERVER, "x", "custom", id="explicit, not accepted by Sentry"),
        pytest.param({"sentry.source": ["url"]}, SERVER, "x", "custom", id="explicit, no text"),
    ],
)
def test_source(attributes: dict[str, Any], kind: SpanKind, name: str, source: str) -> None:
    """How the segment got its name, for Sentry to know whether it holds identifiers."""
    assert segment_source(attributes, kind, name) == source
    assert source in SOURCES


def test_the_root_alone_tells_source_and_platform() -> None:
    """And that its parent is elsewhere."""
    root = span("GET /", parent=7, remote_parent=True, attributes={"sentry.source": "view"})

    assert segment_only_attributes(root) == {
        "sentry.segment.name.source": {"type": "string", "value": "view"},
        "sentry.platform": {"type": "string", "value": "python"},
        "sentry.is_remote": {"type": "boolean", "value": True},
    }
    assert "sentry.is_remote" not in segment_only_attributes(span("GET /"))
