"""Which Sentry status a span has. Pure: reads status code, message, kind and attributes, nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from opentelemetry.trace import SpanKind, StatusCode

OK: Final = "ok"
ERROR: Final = "error"
INTERNAL_ERROR: Final = "internal_error"

HTTP_STATUS_KEYS: Final = ("http.response.status_code", "http.status_code")
GRPC_STATUS_KEYS: Final = ("rpc.response.status_code", "rpc.grpc.status_code")
STATUS_KEYS: Final = HTTP_STATUS_KEYS + GRPC_STATUS_KEYS
SERVER_SIDE_KEYS: Final = ("asgi.event.type", "http.target", "http.route", "url.path")
"""Internal spans with one of these are a server's: ASGI's "http send", and requests within another span, which the
instrumentations make internal."""

HTTP_STATUS_TO_SENTRY: Final[Mapping[int, str]] = {
    401: "unauthenticated",
    403: "permission_denied",
    404: "not_found",
    409: "already_exists",
    413: "failed_precondition",
    429: "resource_exhausted",
    499: "cancelled",
    501: "unimplemented",
    503: "unavailable",
    504: "deadline_exceeded",
}
"""HTTP codes with a status of their own. Source: `mapStatus` of the newest JavaScript SDK."""

HTTP_CLASS_TO_SENTRY: Final[Mapping[int, str]] = {1: OK, 2: OK, 3: OK, 4: "invalid_argument", 5: INTERNAL_ERROR}
"""First digit of every other HTTP code → status; codes outside 100–599 are `internal_error`."""

GRPC_CODES: Final = (
    "OK",
    "CANCELLED",
    "UNKNOWN",
    "INVALID_ARGUMENT",
    "DEADLINE_EXCEEDED",
    "NOT_FOUND",
    "ALREADY_EXISTS",
    "PERMISSION_DENIED",
    "RESOURCE_EXHAUSTED",
    "FAILED_PRECONDITION",
    "ABORTED",
    "OUT_OF_RANGE",
    "UNIMPLEMENTED",
    "INTERNAL",
    "UNAVAILABLE",
    "DATA_LOSS",
    "UNAUTHENTICATED",
)
"""Names of gRPC's codes; the position is the number."""

_SENTRY_NAME_OF_GRPC: Final = {"UNKNOWN": "unknown_error", "INTERNAL": INTERNAL_ERROR}

GRPC_STATUS_TO_SENTRY: Final[Mapping[str, str]] = {
    name: _SENTRY_NAME_OF_GRPC.get(name, name.lower()) for name in GRPC_CODES
}

SENTRY_FAILURES: Final = frozenset(GRPC_STATUS_TO_SENTRY.values()) - {OK}
"""Statuses that an OpenTelemetry status message may name outright."""


def wire_status(code: StatusCode, kind: SpanKind, attributes: Mapping[str, Any]) -> str:
    """`ok` or `error`, as span v2 knows (design decision 9).

    UNSET with a failed HTTP or gRPC code is an error, but for a server's 4xx, which OpenTelemetry leaves unset
    on purpose. What `SERVER_SIDE_KEYS` mark is the server's as well.
    """
    if code is not StatusCode.UNSET:
        return ERROR if code is StatusCode.ERROR else OK
    http = _http_code(attributes)
    if http is not None:
        return OK if 100 <= http < (500 if _is_servers(kind, attributes) else 400) else ERROR
    return OK if _grpc_status(attributes) in (None, OK) else ERROR


def precise_status(code: StatusCode, message: str | None, attributes: Mapping[str, Any]) -> str:
    """The status in the words of transactions (`not_found` …).

    An ERROR whose message names a status has that one; otherwise the HTTP, then the gRPC code says more than
    `internal_error`.
    """
    if code is StatusCode.OK:
        return OK
    from_code = _status_of_code(attributes)
    if code is StatusCode.UNSET:
        return from_code or OK
    if message in SENTRY_FAILURES:
        return message
    return from_code if from_code not in (None, OK) else INTERNAL_ERROR


def http_status(code: int) -> str:
    """Sentry's status for an HTTP status code."""
    return HTTP_STATUS_TO_SENTRY.get(code) or HTTP_CLASS_TO_SENTRY.get(code // 100, INTERNAL_ERROR)


def grpc_code_name(value: Any) -> str | None:
    """`NOT_FOUND` for 5, "5" or "not_found"; None for what is no gRPC code."""
    number = _integer(value)
    if number is not None:
        return GRPC_CODES[number] if 0 <= number < len(GRPC_CODES) else None
    name = value.upper() if isinstance(value, str) else None
    return name if name in GRPC_STATUS_TO_SENTRY else None


def _is_servers(kind: SpanKind, attributes: Mapping[str, Any]) -> bool:
    if kind is SpanKind.INTERNAL:
        return any(key in attributes for key in SERVER_SIDE_KEYS)
    return kind is SpanKind.SERVER


def _status_of_code(attributes: Mapping[str, Any]) -> str | None:
    http = _http_code(attributes)
    return _grpc_status(attributes) if http is None else http_status(http)


def _http_code(attributes: Mapping[str, Any]) -> int | None:
    for key in HTTP_STATUS_KEYS:
        code = _integer(attributes.get(key))
        if code is not None:
            return code
    return None


def _grpc_status(attributes: Mapping[str, Any]) -> str | None:
    for key in GRPC_STATUS_KEYS:
        name = grpc_code_name(attributes.get(key))
        if name is not None:
            return GRPC_STATUS_TO_SENTRY[name]
    return None


def _integer(value: Any) -> int | None:
    """A status code that some instrumentations set as text."""
    if isinstance(value, int):
        return value
    return int(value) if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 10 else None
