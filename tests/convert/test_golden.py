"""Whole payloads of real spans, as files: what a change of a table changes on the wire is read in their difference."""

from __future__ import annotations

import json
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import pytest
from opentelemetry.sdk.resources import Resource
from opentelemetry.trace import Link, SpanKind, StatusCode
from sentry_conventions.attributes import ATTRIBUTE_METADATA, AttributeType

from otel_sentry.convert.container import CommonPart
from otel_sentry.convert.encode import SpanEncoder
from otel_sentry.convert.segment import segment_attributes
from otel_sentry.convert.service import event_fields, service_attributes
from otel_sentry.convert.transaction import transaction_payload
from otel_sentry.protocol.json_text import dumps
from tests.relay import normalised
from tests.spans import context, joined, recorded, recorded_cases, span

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from opentelemetry.sdk.trace import ReadableSpan

RESOURCE = Resource({"service.name": "shop", "service.version": "shop@1.2.3", "deployment.environment.name": "staging"})
FACTS: Any = {"release": None, "environment": None, "server_name": "box", "dist": None, "sdk_version": "1"}
SERVICE = service_attributes(RESOURCE, **FACTS)


def by_hand(case: str) -> list[ReadableSpan]:
    """Traces that no installed instrumentation makes."""
    cases = {
        "file": [
            span("read config.toml", scope="otel_sentry.instrumentation.files", attributes={"file.path": "config.toml"})
        ],
        "error-and-links": [
            span("settle", end=9, attributes={"wallet.address": "0xA", "amount.wei": 2**80, "ratio": float("nan")}),
            span(
                "sign",
                2,
                parent=1,
                status=StatusCode.ERROR,
                message="ValueError: no key",
                links=(Link(context(7, 8), {"sentry.link.type": "follows_from"}),),
                attributes=MappingProxyType({"items": (1, 2.5), "nested": {"a": [1, "x"]}, "raw": b"\xff"}),
            ),
        ],
        "graphql": [
            span("GraphQL query", kind=SpanKind.SERVER, attributes={"graphql.operation.type": "query"}),
        ],
        "cache": [
            span("GET", kind=SpanKind.CLIENT, attributes={"db.system": "redis", "cache.key": ("k",), "cache.hit": True})
        ],
    }
    return cases.get(case) or recorded(case)


CASES = [*recorded_cases(), "cache", "error-and-links", "file", "graphql"]


def first_trace(case: str) -> list[ReadableSpan]:
    """The spans of a case, of FastAPI's those of the first two requests."""
    return [one for one in by_hand(case) if not case.startswith("fastapi") or one.context.trace_id <= 2]


def container(spans: list[ReadableSpan]) -> dict[str, Any]:
    """The payload of a span item; every span without parent is a segment."""
    encoder = SpanEncoder(common_names=[*SERVICE, "sentry.segment.id"])
    root = spans[0]
    common = CommonPart(
        {
            **SERVICE,
            **segment_attributes(
                segment_id=f"{root.context.span_id:016x}",
                segment_name=root.name,
                replay_id=None,
                user={"user.id": "0xa"},
            ),
        },
        lambda identity: {"user.id": identity["wallet.address"].lower(), "wallet.address": "0xa"},
    )
    encoded = ((encoder.encode(one, is_segment=one.parent is None), common) for one in spans)
    return dict(json.loads(joined(encoded)))


@pytest.mark.parametrize("case", CASES)
def test_span_container(case: str, golden: Callable[[str, Any], Any]) -> None:
    """The container as it goes over the wire."""
    sent = container(first_trace(case))

    assert golden(f"spans-{case}", sent) == sent


@pytest.mark.parametrize(
    "case", ["fastapi-old", "fastapi-new", "celery", "grpc", "error-and-links", "lambda", "openai"]
)
def test_transaction(case: str, golden: Callable[[str, Any], Any]) -> None:
    """The same tree as a transaction, which Sentry's normaliser takes without a note."""
    root, *rest = by_hand(case)
    children = [one for one in rest if one.context.trace_id == root.context.trace_id]
    payload = transaction_payload(root, children, event_id="e" * 32, service=event_fields(RESOURCE, **FACTS))
    sent = json.loads(dumps(payload))
    normalised(json.loads(dumps(payload)))

    assert golden(f"transaction-{case}", sent) == sent


PYTHON_TYPES = {
    AttributeType.STRING: "string",
    AttributeType.BOOLEAN: "boolean",
    AttributeType.INTEGER: "integer",
    AttributeType.DOUBLE: "double",
    AttributeType.STRING_ARRAY: "array",
    AttributeType.INTEGER_ARRAY: "array",
    AttributeType.DOUBLE_ARRAY: "array",
    AttributeType.BOOLEAN_ARRAY: "array",
}
NOT_OURS = {
    "messaging.destination_kind",  # Celery's; the registry knows no successor
    "gen_ai.response.finish_reasons",  # an array in OpenTelemetry's conventions, a string in Sentry's
}
"""Names that instrumentations set and no rule translates."""


def disagreements(payload: dict[str, Any]) -> Iterator[str]:
    """Where a container disagrees with Sentry's registry of attributes.

    Deprecated names are fine where Sentry's own ingest renames them, and where the new name says something else.
    """
    for item in payload["items"]:
        for name, typed in item["attributes"].items():
            known = ATTRIBUTE_METADATA.get(name)
            if known is None or name in NOT_OURS:
                continue
            if (
                known.deprecation
                and not known.deprecation.status
                and known.deprecation.replacement not in item["attributes"]
            ):
                yield f"{name} is deprecated: {known.deprecation.replacement}"
            if PYTHON_TYPES.get(known.type, typed["type"]) != typed["type"]:
                yield f"{name} is {typed['type']}, not {known.type}"


@pytest.mark.parametrize("case", CASES)
def test_attributes_agree_with_sentrys_conventions(case: str) -> None:
    """No deprecated name that Sentry would not rename itself; the registered type for each registered name."""
    assert list(disagreements(container(first_trace(case)))) == []
