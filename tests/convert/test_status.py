"""Which Sentry status a span has, for both wire formats."""

from __future__ import annotations

from typing import Any

import pytest
from opentelemetry.trace import SpanKind, StatusCode

from otel_sentry.convert.status import (
    GRPC_CODES,
    SENTRY_FAILURES,
    grpc_code_name,
    http_status,
    precise_status,
    wire_status,
)

UNSET, OK, ERROR = StatusCode.UNSET, StatusCode.OK, StatusCode.ERROR


@pytest.mark.parametrize(
    ("code", "kind", "attributes", "status"),
    [
        pytest.param(UNSET, SpanKind.INTERNAL, {}, "ok", id="unset"),
        pytest.param(OK, SpanKind.CLIENT, {"http.response.status_code": 500}, "ok", id="ok beats a failed code"),
        pytest.param(ERROR, SpanKind.CLIENT, {"http.response.status_code": 200}, "error", id="error beats a good code"),
        pytest.param(UNSET, SpanKind.CLIENT, {"http.response.status_code": 404}, "error", id="client 404"),
        pytest.param(UNSET, SpanKind.CLIENT, {"http.status_code": 503}, "error", id="client 503, old name"),
        pytest.param(UNSET, SpanKind.CLIENT, {"http.status_code": "503"}, "error", id="code as text"),
        pytest.param(UNSET, SpanKind.CLIENT, {"http.status_code": 302}, "ok", id="client 302"),
        pytest.param(UNSET, SpanKind.SERVER, {"http.response.status_code": 404}, "ok", id="server 404"),
        pytest.param(UNSET, SpanKind.SERVER, {"http.response.status_code": 499}, "ok", id="server 499"),
        pytest.param(UNSET, SpanKind.SERVER, {"http.response.status_code": 500}, "error", id="server 500"),
        pytest.param(ERROR, SpanKind.SERVER, {"http.response.status_code": 404}, "error", id="server 404 set to error"),
        pytest.param(
            UNSET,
            SpanKind.INTERNAL,
            {"asgi.event.type": "http.response.start", "http.status_code": 404},
            "ok",
            id="ASGI's send span of a 404",
        ),
        pytest.param(UNSET, SpanKind.INTERNAL, {"http.response.status_code": 404}, "error", id="internal 404"),
        pytest.param(
            UNSET,
            SpanKind.INTERNAL,
            {"http.response.status_code": 404, "url.path": "/x"},
            "ok",
            id="404 of a server within another span",
        ),
        pytest.param(
            UNSET,
            SpanKind.CLIENT,
            {"http.response.status_code": 404, "url.path": "/x"},
            "error",
            id="client 404 with path",
        ),
        pytest.param(UNSET, SpanKind.CLIENT, {"http.response.status_code": 0}, "error", id="no HTTP code"),
        pytest.param(UNSET, SpanKind.CLIENT, {"http.response.status_code": "fine"}, "ok", id="code that is no number"),
        pytest.param(UNSET, SpanKind.CLIENT, {"rpc.grpc.status_code": 0}, "ok", id="gRPC OK"),
        pytest.param(UNSET, SpanKind.CLIENT, {"rpc.grpc.status_code": 14}, "error", id="gRPC unavailable"),
        pytest.param(UNSET, SpanKind.CLIENT, {"rpc.response.status_code": "NOT_FOUND"}, "error", id="gRPC, new name"),
        pytest.param(UNSET, SpanKind.SERVER, {"rpc.grpc.status_code": 5}, "error", id="gRPC server not found"),
        pytest.param(UNSET, SpanKind.CLIENT, {"rpc.response.status_code": "-32601"}, "ok", id="JSON-RPC code"),
        pytest.param(
            UNSET,
            SpanKind.CLIENT,
            {"http.response.status_code": 200, "rpc.grpc.status_code": 5},
            "ok",
            id="HTTP before gRPC",
        ),
    ],
)
def test_wire_status(code: StatusCode, kind: SpanKind, attributes: dict[str, Any], status: str) -> None:
    """Span v2 knows ok and error; codes count only where the status is unset."""
    assert wire_status(code, kind, attributes) == status


@pytest.mark.parametrize(
    ("code", "message", "attributes", "status"),
    [
        pytest.param(UNSET, None, {}, "ok", id="unset"),
        pytest.param(OK, None, {"http.response.status_code": 500}, "ok", id="ok beats a failed code"),
        pytest.param(UNSET, None, {"http.response.status_code": 404}, "not_found", id="unset 404"),
        pytest.param(UNSET, None, {"rpc.grpc.status_code": 7}, "permission_denied", id="unset gRPC"),
        pytest.param(ERROR, None, {}, "internal_error", id="error"),
        pytest.param(ERROR, None, {"http.status_code": 429}, "resource_exhausted", id="error, HTTP code"),
        pytest.param(ERROR, None, {"rpc.response.status_code": "ABORTED"}, "aborted", id="error, gRPC code"),
        pytest.param(ERROR, "deadline_exceeded", {"http.status_code": 500}, "deadline_exceeded", id="message names it"),
        pytest.param(ERROR, "cancelled", {}, "cancelled", id="message says cancelled"),
        pytest.param(ERROR, "ValueError: no", {}, "internal_error", id="message of an exception"),
        pytest.param(ERROR, "5:no such user", {"rpc.grpc.status_code": 5}, "not_found", id="message and gRPC code"),
        pytest.param(ERROR, None, {"http.response.status_code": 200}, "internal_error", id="error despite a good code"),
        pytest.param(ERROR, "ok", {}, "internal_error", id="message says ok"),
    ],
)
def test_precise_status(code: StatusCode, message: str | None, attributes: dict[str, Any], status: str) -> None:
    """Transactions know why."""
    assert precise_status(code, message, attributes) == status


@pytest.mark.parametrize(
    ("code", "status"),
    [
        (100, "ok"),
        (399, "ok"),
        (400, "invalid_argument"),
        (401, "unauthenticated"),
        (403, "permission_denied"),
        (404, "not_found"),
        (409, "already_exists"),
        (413, "failed_precondition"),
        (418, "invalid_argument"),
        (429, "resource_exhausted"),
        (499, "cancelled"),
        (500, "internal_error"),
        (501, "unimplemented"),
        (503, "unavailable"),
        (504, "deadline_exceeded"),
        (599, "internal_error"),
        (600, "internal_error"),
        (-1, "internal_error"),
    ],
)
def test_http_status(code: int, status: str) -> None:
    """The table of the newest JavaScript SDK."""
    assert http_status(code) == status


def test_grpc_codes_are_seventeen() -> None:
    """The position of a name is its number; Sentry's vocabulary has the same failures."""
    assert len(GRPC_CODES) == 17
    assert grpc_code_name(16) == "UNAUTHENTICATED"
    assert grpc_code_name("5") == grpc_code_name("not_found") == "NOT_FOUND"
    assert grpc_code_name(17) is grpc_code_name(-1) is grpc_code_name(None) is None
    assert len(SENTRY_FAILURES) == 16
