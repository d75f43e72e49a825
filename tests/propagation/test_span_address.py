"""Where a client span's request goes."""

from __future__ import annotations

from typing import Any

import pytest
from opentelemetry.trace import SpanKind

from otel_sentry.propagation.span_address import span_address


@pytest.mark.parametrize(
    ("kind", "attributes", "text"),
    [
        pytest.param(
            SpanKind.CLIENT, {"url.full": "https://a.example/x?y=1"}, "https://a.example/x", id="new HTTP conventions"
        ),
        pytest.param(
            SpanKind.CLIENT,
            {"http.url": "http://a.example:8000/x"},
            "http://a.example:8000/x",
            id="old HTTP conventions",
        ),
        pytest.param(
            SpanKind.CLIENT,
            {"url.scheme": "https", "server.address": "a.example", "server.port": 8443, "url.path": "/x"},
            "https://a.example:8443/x",
            id="parts",
        ),
        pytest.param(
            SpanKind.CLIENT,
            {"http.scheme": "http", "http.host": "a.example:81", "http.target": "/x?y=1#z"},
            "http://a.example:81/x",
            id="old parts, port in the host",
        ),
        pytest.param(
            SpanKind.CLIENT,
            {"http.scheme": "http", "net.peer.name": "::1", "net.peer.port": "81"},
            "http://[::1]:81/",
            id="IPv6, port as text",
        ),
        pytest.param(
            SpanKind.CLIENT, {"http.scheme": "http", "http.host": "[::1]:81"}, "http://[::1]:81/", id="IPv6 with port"
        ),
        pytest.param(
            SpanKind.CLIENT,
            {
                "rpc.system": "grpc",
                "server.address": "a.example",
                "server.port": 50051,
                "rpc.service": "shop.Cart",
                "rpc.method": "Add",
            },
            "grpc://a.example:50051/shop.Cart/Add",
            id="remote procedure call",
        ),
        pytest.param(
            SpanKind.PRODUCER,
            {"messaging.system": "kafka", "server.address": "broker", "messaging.destination.name": "orders"},
            "kafka://broker/orders",
            id="message",
        ),
        pytest.param(
            SpanKind.PRODUCER,
            {"messaging.system": "celery", "messaging.destination": "mail"},
            "celery:///mail",
            id="message, broker unknown",
        ),
        pytest.param(SpanKind.CLIENT, {"url.scheme": "https", "url.path": "/x"}, None, id="host unknown"),
        pytest.param(SpanKind.CLIENT, {"server.address": "a.example"}, None, id="scheme unknown"),
        pytest.param(SpanKind.CLIENT, {"url.full": "nonsense"}, None, id="no URL"),
        pytest.param(SpanKind.SERVER, {"url.full": "https://me.example/"}, None, id="this process's own URL"),
        pytest.param(SpanKind.INTERNAL, {"url.full": "https://a.example/"}, None, id="no client span"),
        pytest.param(None, {"url.full": "https://a.example/"}, None, id="a span that records nothing"),
        pytest.param(
            SpanKind.CLIENT,
            {"url.scheme": "https", "server.address": "a", "server.port": "x"},
            "https://a/",
            id="bad port",
        ),
    ],
)
def test_span_address(kind: SpanKind | None, attributes: dict[str, Any], text: str | None) -> None:
    """The address is read from old and new conventions, for spans that call somebody."""
    address = span_address(kind, attributes)

    assert (None if address is None else address.spellings[0]) == text
