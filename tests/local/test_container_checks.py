"""Container rules: frame, fields, attributes, segments, traces, ages."""

from __future__ import annotations

import json
from typing import Any

import pytest

from otel_sentry.local.container_checks import container_findings
from otel_sentry.local.fields import Consequence
from otel_sentry.protocol.envelope import EnvelopeItem
from otel_sentry.protocol.item_kinds import LOG_CONTENT_TYPE, SPAN_CONTENT_TYPE, TRACE_METRIC_CONTENT_TYPE

TRACE = "0af7651916cd43dd8448eb211c80319c"
SPAN = "b7ad6b7169203331"
NOW = 1_795_324_800.0
DSC = {"trace_id": TRACE, "public_key": "k"}
LOG = {"timestamp": NOW, "trace_id": TRACE, "span_id": SPAN, "level": "info", "severity_number": 9, "body": "hi"}
METRIC = {"timestamp": NOW, "trace_id": TRACE, "name": "mints", "type": "counter", "value": 1, "attributes": {}}


def string(value: str) -> dict[str, Any]:
    """A typed string attribute."""
    return {"type": "string", "value": value}


def span(**changes: Any) -> dict[str, Any]:
    """A span that Sentry takes, with some fields changed; None takes a field away."""
    whole = {
        "trace_id": TRACE,
        "span_id": SPAN,
        "name": "GET /w/{id}",
        "status": "ok",
        "is_segment": True,
        "start_timestamp": NOW - 32.0,
        "end_timestamp": NOW - 31.9,
        "attributes": {"sentry.segment.id": string(SPAN), "sentry.segment.name": string("GET /w/{id}")},
        **changes,
    }
    return {key: value for key, value in whole.items() if value is not None}


def container(kind: str, expected: str, items: list[Any], **headers: Any) -> EnvelopeItem:
    """A container item with matching headers, some of them replaced."""
    payload = json.dumps({"version": 2, "items": items}).encode()
    return EnvelopeItem({"type": kind, "item_count": len(items), "content_type": expected, **headers}, payload)


def spans(*items: Any, **headers: Any) -> EnvelopeItem:
    """A span container."""
    return container("span", SPAN_CONTENT_TYPE, list(items), **headers)


def logs(*items: Any) -> EnvelopeItem:
    """A log container."""
    return container("log", LOG_CONTENT_TYPE, list(items))


def metrics(*items: Any) -> EnvelopeItem:
    """A metric container."""
    return container("trace_metric", TRACE_METRIC_CONTENT_TYPE, list(items))


def attribute(typed: Any) -> EnvelopeItem:
    """A span with one further attribute."""
    return spans(span(attributes={**span()["attributes"], "x": typed}))


def raw(payload: bytes, **headers: Any) -> EnvelopeItem:
    """A span container with this payload."""
    return EnvelopeItem({"type": "span", "content_type": SPAN_CONTENT_TYPE, **headers}, payload)


CHILD = span(span_id="1" * 16, is_segment=False, parent_span_id=SPAN)


@pytest.mark.parametrize(
    "item",
    [
        pytest.param(spans(span(), CHILD), id="spans"),
        pytest.param(
            spans(span(links=[{"trace_id": TRACE, "span_id": SPAN, "attributes": {"a": string("b")}}])), id="link"
        ),
        pytest.param(spans(span(start_timestamp="2026-11-22T05:19:27.840576Z")), id="time as text"),
        pytest.param(attribute({"type": "boolean", "value": True}), id="boolean"),
        pytest.param(attribute({"type": "integer", "value": -(2**63)}), id="smallest integer"),
        pytest.param(attribute({"type": "double", "value": 1}), id="double without fraction"),
        pytest.param(attribute({"type": "array", "value": []}), id="empty array"),
        pytest.param(attribute({"type": "array", "value": [1, 2.5, None]}), id="array of numbers"),
        pytest.param(attribute({"type": "double", "value": 1.5, "unit": "second"}), id="unit"),
        pytest.param(logs(LOG, {**LOG, "attributes": {"a": string("b")}}), id="logs"),
        pytest.param(metrics(METRIC), id="metrics"),
    ],
)
def test_what_sentry_takes_has_no_problem(item: EnvelopeItem) -> None:
    """Right containers of each kind."""
    assert list(container_findings(item, DSC, NOW)) == []


REFUSED = {
    "content type": (
        spans(span(), content_type="application/json"),
        "span header.content_type must be application/vnd",
    ),
    "item count": (spans(span(), item_count=2), "span header.item_count says 2, the container holds 1"),
    "item count as text": (spans(span(), item_count="1"), "says '1'"),
    "payload is no JSON": (raw(b"{"), "span payload is no JSON"),
    "payload is a list": (raw(b"[]"), "must be an object with the list `items`"),
    "span is no object": (spans(3), "span[0] must be an object, not 3"),
    "two traces": (spans(span(), span(trace_id="1" * 32, span_id="2" * 16)), "span[1].trace_id is '1111"),
    "same span id twice": (spans(span(), span()), f"span[1].span_id {SPAN} is that of span[0] too"),
    "upper-case trace id": (spans(span(trace_id=TRACE.upper())), "span[0].trace_id must be 32 lower-case hex digits"),
    "trace id all zero": (spans(span(trace_id="0" * 32)), "not all zero"),
    "short span id": (spans(span(span_id="abc")), "span[0].span_id must be 16 lower-case hex digits"),
    "name missing": (spans(span(name=None)), "span[0].name is missing"),
    "status of the old form": (spans(span(status="not_found")), "span[0].status must be one of error, ok"),
    "end missing": (spans(span(end_timestamp=None)), "span[0].end_timestamp is missing"),
    "time as words": (spans(span(start_timestamp="soon")), "must be seconds since 1970 or an RFC 3339 time"),
    "ends before it starts": (spans(span(end_timestamp=NOW - 33)), "span[0] ends 1.000000 s before it starts"),
    "log level": (logs({**LOG, "level": "warning"}), "log[0].level must be one of"),
    "log without trace": (logs({**LOG, "trace_id": None}), "log[0].trace_id is missing"),
    "log body": (logs({**LOG, "body": 3}), "log[0].body must be a string, not 3"),
    "metric type": (
        metrics({**METRIC, "type": "histogram"}),
        "type must be one of counter, distribution, gauge, not 'hist",
    ),
    "metric value": (metrics({**METRIC, "value": "1"}), "trace_metric[0].value must be a number"),
}
TRIMMED = {
    "attribute without value": (attribute({"type": "string"}), "attributes.x is of type string, its value is None"),
    "attribute that is not typed": (attribute("plain"), 'attributes.x must be {"type", "value"}, not \'plain\''),
    "type that no one knows": (attribute({"type": "string[]", "value": []}), "type must be one of string, boolean"),
    "integer as text": (attribute({"type": "integer", "value": "1"}), "is of type integer, its value is '1'"),
    "boolean as integer": (attribute({"type": "integer", "value": True}), "is of type integer, its value is True"),
    "integer as boolean": (attribute({"type": "boolean", "value": 1}), "is of type boolean, its value is 1"),
    "integer beyond 64 bits": (attribute({"type": "integer", "value": 2**63}), "does not fit 64 bits"),
    "mixed array": (attribute({"type": "array", "value": [1, "a"]}), "is an array that mixes number, string"),
    "nested array": (attribute({"type": "array", "value": [[1]]}), "is an array that holds lists or objects"),
    "link without span": (spans(span(links=[{"trace_id": TRACE}])), "span[0].links[0].span_id is missing"),
    "link attribute": (
        spans(span(links=[{"trace_id": TRACE, "span_id": SPAN, "attributes": {"a": 1}}])),
        "span[0].links[0].attributes.a must be",
    ),
    "no segment": (spans(span(attributes={})), "span[0].attributes.sentry.segment.id is missing"),
    "segment of another": (spans(span(is_segment=False)), "is_segment is False, sentry.segment.id says otherwise"),
    "is_segment missing": (spans(span(is_segment=None)), "span[0].is_segment is missing"),
    "own parent": (spans(span(parent_span_id=SPAN)), "span[0].parent_span_id is the span itself"),
    "empty name": (spans(span(name="")), "span[0].name must be a string that is not empty"),
    "empty container": (spans(), "span container is empty"),
    "version": (raw(b'{"version":1,"items":[]}', item_count=0), "span.version must be 2, not 1"),
    "span of last year": (spans(span(start_timestamp=NOW - 366 * 86400)), "is 366 days old"),
    "span of tomorrow": (
        spans(span(start_timestamp=NOW + 86400, end_timestamp=NOW + 86401)),
        "start_timestamp lies 86400 s in the future",
    ),
}


def _cases(table: dict[str, tuple[EnvelopeItem, str]]) -> list[Any]:
    return [pytest.param(item, reason, id=name) for name, (item, reason) in table.items()]


@pytest.mark.parametrize(("item", "reason"), _cases(REFUSED))
def test_what_sentry_drops_is_refused_with_the_reason(item: EnvelopeItem, reason: str) -> None:
    """Each rule that costs the container or a part of it."""
    findings = list(container_findings(item, DSC, NOW))
    refused = [f"{path} {why}" for path, why, consequence in findings if consequence is Consequence.REFUSED]

    assert any(reason in text for text in refused), findings


@pytest.mark.parametrize(("item", "reason"), _cases(TRIMMED))
def test_what_sentry_strips_is_told_and_taken(item: EnvelopeItem, reason: str) -> None:
    """Each rule that costs a field or an attribute only."""
    findings = list(container_findings(item, DSC, NOW))

    assert any(reason in f"{path} {why}" for path, why, _ in findings), findings
    assert {consequence for _, _, consequence in findings} == {Consequence.TRIMMED}


def test_without_a_clock_no_age_is_checked() -> None:
    """An envelope that was saved long ago is judged as on its day."""
    assert list(container_findings(spans(span(start_timestamp=1.0)), DSC)) == []
