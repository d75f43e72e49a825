"""One ended span becomes span v2."""

from __future__ import annotations

from decimal import Decimal
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.sdk.trace import ReadableSpan, SpanLimits, TracerProvider
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import Link, SpanKind, StatusCode

from otel_sentry.convert.limits import MAX_ATTRIBUTES_BYTES, MAX_NAME_LENGTH, TRIMMED_COUNT
from otel_sentry.convert.span import seconds, span_links, span_name, span_payload, span_times
from otel_sentry.protocol.json_text import dumps
from tests.spans import START_NS, context, span


def values(payload: Any) -> dict[str, Any]:
    """Attributes without their types."""
    return {name: typed["value"] for name, typed in payload["attributes"].items()}


def test_a_plain_span() -> None:
    """Ids in hex, times in seconds, kind, origin and scope as attributes."""
    payload = span_payload(span("db.get_user", 2, parent=1, start=0.5, end=2.25, attributes={"user.tier": "gold"}))

    assert payload == {
        "trace_id": "0" * 31 + "1",
        "span_id": "0" * 15 + "2",
        "parent_span_id": "0" * 15 + "1",
        "name": "db.get_user",
        "status": "ok",
        "start_timestamp": 1795324768.0005,
        "end_timestamp": 1795324768.00225,
        "attributes": {
            "user.tier": {"type": "string", "value": "gold"},
            "sentry.origin": {"type": "string", "value": "manual"},
            "sentry.kind": {"type": "string", "value": "internal"},
            "otel.scope.name": {"type": "string", "value": "app"},
        },
    }


def test_a_failed_request() -> None:
    """Status, its message, op and origin of an instrumentation."""
    payload = span_payload(
        span(
            "GET",
            kind=SpanKind.CLIENT,
            scope="opentelemetry.instrumentation.httpx",
            scope_version="0.66b1",
            status=StatusCode.ERROR,
            message="ConnectError: refused",
            attributes={"http.request.method": "GET", "error.type": "ConnectError"},
        )
    )

    assert payload["status"] == "error"
    assert "parent_span_id" not in payload
    assert values(payload) == {
        "http.request.method": "GET",
        "error.type": "ConnectError",
        "sentry.op": "http.client",
        "sentry.origin": "auto.http.otel.httpx",
        "sentry.kind": "client",
        "sentry.status.message": "ConnectError: refused",
        "otel.scope.name": "opentelemetry.instrumentation.httpx",
        "otel.scope.version": "0.66b1",
    }


@pytest.mark.parametrize("kind", SpanKind)
def test_the_kind_is_always_sent(kind: SpanKind) -> None:
    """In lower case."""
    assert values(span_payload(span(kind=kind)))["sentry.kind"] == kind.name.lower()


@pytest.mark.parametrize(
    ("name", "attributes", "sent"),
    [
        pytest.param("GET /u/7", {}, "GET /u/7", id="left alone"),
        pytest.param("", {}, "<unknown>", id="empty"),
        pytest.param("GET", {"sentry.name": "checkout"}, "checkout", id="override"),
        pytest.param("GET", {"sentry.name": ""}, "GET", id="empty override"),
        pytest.param("GET", {"sentry.name": 5}, "5", id="override that is no text"),
        pytest.param("a\ud800", {}, "a\ufffd", id="lone surrogate"),
        pytest.param("x" * 9000, {}, "x" * MAX_NAME_LENGTH, id="too long"),
    ],
)
def test_name(name: str, attributes: dict[str, Any], sent: str) -> None:
    """Names are the application's; `sentry.name` is its last word and no attribute."""
    payload = span_payload(span(name, attributes=attributes))

    assert payload["name"] == span_name(span(name, attributes=attributes)) == sent
    assert "sentry.name" not in payload["attributes"]


def test_what_the_application_says_about_op_and_origin_wins() -> None:
    """As its own attribute, in the same place."""
    payload = span_payload(span(attributes={"http.method": "GET", "sentry.op": "my.op", "sentry.origin": "auto.my"}))

    assert values(payload)["sentry.op"] == "my.op"
    assert values(payload)["sentry.origin"] == "auto.my"


@pytest.mark.parametrize(
    ("start", "end", "times"),
    [
        pytest.param(START_NS, START_NS + 1_999, (1795324768.0, 1795324768.000001), id="cut to microseconds"),
        pytest.param(START_NS, START_NS - 5_000, (1795324768.0, 1795324768.0), id="clock set back"),
        pytest.param(START_NS, None, (1795324768.0, 1795324768.0), id="not ended"),
        pytest.param(None, START_NS, (1795324768.0, 1795324768.0), id="without start"),
        pytest.param(None, None, (0.0, 0.0), id="no times"),
    ],
)
def test_times(start: int | None, end: int | None, times: tuple[float, float]) -> None:
    """Start is never after end, because Sentry refuses that."""
    assert span_times(ReadableSpan("x", start_time=start, end_time=end)) == times


@given(st.integers(0, 2**33 * 10**6))
def test_microseconds_are_exact(microseconds: int) -> None:
    """No microsecond is lost on the way to a float and to its text, until the year 2242."""
    in_text = Decimal(dumps(seconds(microseconds * 1000 + 999)).decode())

    assert in_text == Decimal(microseconds) / 10**6


def test_links() -> None:
    """Ids, whether the other side is sampled, typed attributes; links that lead nowhere are counted as lost."""
    links = (
        Link(context(2, 3), {"sentry.link.type": "previous_trace", "n": 1}),
        Link(context(4, 5, sampled=False)),
        Link(context(0, 0), {"a": 1}),
    )
    payload = span_payload(span(links=links))

    assert payload["links"] == [
        {
            "trace_id": "0" * 31 + "2",
            "span_id": "0" * 15 + "3",
            "sampled": True,
            "attributes": {
                "sentry.link.type": {"type": "string", "value": "previous_trace"},
                "n": {"type": "integer", "value": 1},
            },
        },
        {"trace_id": "0" * 31 + "4", "span_id": "0" * 15 + "5", "sampled": False},
    ]
    assert values(payload)["otel.dropped_links_count"] == 1
    assert span_links(()) == []


def test_what_the_sdks_limits_dropped_is_told() -> None:
    """With the names that OpenTelemetry gives these counts."""
    limits = SpanLimits(max_span_attributes=1, max_events=1, max_links=1)
    provider = TracerProvider(span_limits=limits, shutdown_on_exit=False)
    links = [Link(context(2, number)) for number in (1, 2, 3)]
    recording: Any = provider.get_tracer("app").start_span("work", links=links)
    recording.set_attributes({"a": 1, "b": 2})
    recording.add_event("one")
    recording.add_event("two")
    recording.end()

    sent = values(span_payload(recording))

    assert sent["otel.dropped_attributes_count"] == 1
    assert sent["otel.dropped_events_count"] == 1
    assert sent["otel.dropped_links_count"] == 2


def test_attributes_of_the_scope() -> None:
    """A tracer's own attributes are sent beside its name and version."""
    of_scope = InstrumentationScope("lib", "1", attributes={"team": "a"})
    payload = span_payload(ReadableSpan("x", context=context(), instrumentation_scope=of_scope))

    assert values(payload)["otel.scope.team"] == "a"


def test_a_span_without_scope() -> None:
    """Built by hand; it is the application's."""
    assert values(span_payload(ReadableSpan("x", context=context()))) == {
        "sentry.origin": "manual",
        "sentry.kind": "internal",
    }


def test_other_mappings_than_the_sdks() -> None:
    """Attributes may be any mapping."""
    assert values(span_payload(span(attributes=MappingProxyType({"a": 1}))))["a"] == 1


def test_great_attributes_are_cut() -> None:
    """A span always fits into an envelope."""
    payload = span_payload(span(attributes={"body": "x" * 2_000_000, "small": 1}))

    assert len(dumps(payload)) < MAX_ATTRIBUTES_BYTES + 1000
    assert values(payload)["small"] == 1
    assert values(payload)[TRIMMED_COUNT] == 1
