"""Spans of the instrumentations that are installed here, made this moment, and translated."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from otel_sentry.convert.container import CommonPart
from otel_sentry.convert.encode import SpanEncoder
from otel_sentry.convert.segment import segment_attributes, segment_source
from otel_sentry.convert.service import event_fields, service_attributes
from otel_sentry.convert.transaction import split_segments, transaction_payload
from otel_sentry.local.container_checks import container_findings
from otel_sentry.protocol.envelope import EnvelopeItem
from otel_sentry.protocol.item_kinds import SPAN_CONTENT_TYPE
from otel_sentry.protocol.json_text import dumps
from tests.relay import normalised
from tests.spans import joined

if TYPE_CHECKING:
    from collections.abc import Sequence

fastapi = pytest.importorskip("fastapi")
of_fastapi = pytest.importorskip("opentelemetry.instrumentation.fastapi")
of_httpx = pytest.importorskip("opentelemetry.instrumentation.httpx")

FACTS: Any = {"release": "r", "environment": "e", "server_name": "box", "dist": None, "sdk_version": "1"}


async def _visits(provider: TracerProvider, paths: Sequence[str]) -> None:
    app = fastapi.FastAPI()

    @app.get("/wallets/{address}")
    async def wallet(address: str) -> dict[str, str]:
        if address == "broken":
            raise fastapi.HTTPException(503)
        return {"address": address}

    of_fastapi.FastAPIInstrumentor.instrument_app(app, tracer_provider=provider)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://shop") as client:
        of_httpx.HTTPXClientInstrumentor.instrument_client(client, tracer_provider=provider)
        for path in paths:
            await client.get(path)


def visits(*paths: str) -> list[ReadableSpan]:
    """Spans of requests from an instrumented client to an instrumented application.

    In one process the instrumentation calls the server's span internal.
    """
    exporter = InMemorySpanExporter()
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    asyncio.run(_visits(provider, paths))
    provider.shutdown()
    return sorted(exporter.get_finished_spans(), key=lambda one: one.start_time or 0)


def container(spans: Sequence[ReadableSpan]) -> list[dict[str, Any]]:
    """Items of one trace, after the embedded Sentry's checks."""
    service = service_attributes(spans[0].resource, **FACTS)
    root = spans[0]
    segment = segment_attributes(
        segment_id=f"{root.context.span_id:016x}", segment_name=root.name, replay_id=None, user={}
    )
    common = CommonPart({**service, **segment}, dict)
    encoder = SpanEncoder(common_names=[*service, *segment])
    payload = joined((encoder.encode(one, is_segment=one is root), common) for one in spans)
    headers = {"type": "span", "content_type": SPAN_CONTENT_TYPE, "item_count": len(spans), "length": len(payload)}
    dsc = {"trace_id": f"{root.context.trace_id:032x}", "public_key": "k"}

    assert list(container_findings(EnvelopeItem(headers, payload), dsc)) == []
    return list(json.loads(payload)["items"])


def told(item: dict[str, Any]) -> tuple[str, ...]:
    """What Sentry shows of a span at first sight."""
    values = {name: typed["value"] for name, typed in item["attributes"].items()}
    return (item["name"], item["status"], values.get("sentry.op", "-"), values["sentry.origin"], values["sentry.kind"])


def test_a_request_from_client_to_server() -> None:
    """Op, origin, kind and status of each span, as Sentry's own SDKs would have them."""
    client, server, *sends = container(visits("/wallets/0xabc?full=1"))

    assert told(client) == ("GET", "ok", "http.client", "auto.http.otel.httpx", "client")
    assert told(server) == ("GET /wallets/{address}", "ok", "http", "auto.http.otel.fastapi", "internal")
    assert {told(one)[1:] for one in sends} == {("ok", "-", "auto.default.otel.fastapi", "internal")}
    assert server["attributes"]["http.response.status_code"] == {"type": "integer", "value": 200}
    assert "http.status_code" not in server["attributes"]


@pytest.mark.parametrize(
    ("path", "statuses", "source"),
    [
        pytest.param("/wallets/0xabc", ("ok", "ok", "ok"), "route", id="200"),
        pytest.param("/nowhere", ("error", "ok", "ok"), "custom", id="404"),
        pytest.param("/wallets/broken", ("error", "error", "error"), "route", id="503"),
    ],
)
def test_status(path: str, statuses: tuple[str, ...], source: str) -> None:
    """A 404 is the client's error, not the server's; a 503 is both's."""
    spans = visits(path)
    items = container(spans)

    assert tuple(item["status"] for item in items[:3]) == statuses
    assert segment_source(spans[1].attributes or {}, spans[1].kind, spans[1].name) == source


def test_the_same_as_a_transaction() -> None:
    """Which Sentry's normaliser takes without a note."""
    spans = visits("/wallets/broken")
    ((root, children),) = split_segments(spans[0], spans[1:])
    payload = transaction_payload(root, children, event_id="e" * 32, service=event_fields(root.resource, **FACTS))
    stored = normalised(json.loads(dumps(payload)))

    assert stored["contexts"]["trace"]["status"] == "unavailable"
    assert [one["status"] for one in stored["spans"][:2]] == ["unavailable", "unavailable"]
