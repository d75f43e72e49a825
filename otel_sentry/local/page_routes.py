"""Which question of the page is at which address, and who may ask. Pure but for reading the page's own files.

Nothing here changes what is stored, except the two POST routes, which a foreign page cannot call.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from importlib import resources
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from otel_sentry.local.arrivals import Kind
from otel_sentry.local.fixture_code import fixture_code
from otel_sentry.protocol import json_text

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from otel_sentry.local.page_data import PageData

    Query = Mapping[str, str]

SECURITY_HEADERS: Final = {
    "content-security-policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "cache-control": "no-store",
}
GUARD_HEADER: Final = "x-otel-sentry"
"""Must come with every POST of the page: another origin cannot send it without a preflight, which is never allowed."""

_MEDIA_TYPES: Final = {
    "html": "text/html; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "css": "text/css; charset=utf-8",
    "svg": "image/svg+xml",
}
_LOOPBACK_NAMES: Final = frozenset(("127.0.0.1", "localhost", "::1"))


@dataclass(frozen=True, slots=True)
class Asked:
    """A request to the page: header names in lower case, the body only of a POST."""

    method: str
    path: str
    query: Query = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Answer:
    """What is sent back; `filename` makes it a download."""

    status: int
    body: bytes
    media_type: str = "application/json"
    filename: str | None = None


def may_ask(asked: Asked, host: str, *, remote: bool = False) -> str | None:
    """Why a request is turned away, or None.

    A page of another site that lets its name point to 127.0.0.1 shows itself by its Host header.

    Args:
        asked: the request.
        host: what the server listens on.
        remote: whether other machines are meant to read; then any Host is fine.
    """
    name = urlsplit(f"//{asked.headers.get('host', '')}").hostname
    if not remote and name not in _LOOPBACK_NAMES and name != host:
        return "this Host is not served: use 127.0.0.1 or localhost"
    if asked.method == "POST" and GUARD_HEADER not in asked.headers:
        return f"the header {GUARD_HEADER} is missing"
    return None


def answer(data: PageData, asked: Asked, now: float) -> Answer:
    """Answer a request that may ask."""
    if asked.method == "POST":
        return _post(data, asked, now)
    if asked.path in _QUESTIONS:
        return _json(_QUESTIONS[asked.path](data, asked.query))
    if asked.path in _DOWNLOADS:
        return _DOWNLOADS[asked.path](data, asked.query)
    return _file("index.html" if asked.path == "/" else asked.path.removeprefix("/page/"))


def _post(data: PageData, asked: Asked, now: float) -> Answer:
    if asked.path == "/local/clear":
        data.store.clear()
        return _json({})
    if asked.path == "/local/import":
        return _json(data.add_saved(asked.body, now))
    return _json(None)


def _json(value: Any) -> Answer:
    if value is None:
        return Answer(404, b'{"detail":"not here, or no longer"}')
    return Answer(200, json_text.dumps(value))


def _file(name: str) -> Answer:
    """A file of the page; only names that are in its folder."""
    folder = resources.files("otel_sentry.local").joinpath("page")
    found = next((file for file in folder.iterdir() if file.is_file() and file.name == name), None)
    suffix = name.rpartition(".")[2]
    if found is None or suffix not in _MEDIA_TYPES:
        return _json(None)
    return Answer(200, found.read_bytes(), _MEDIA_TYPES[suffix])


def _export(data: PageData, query: Query) -> Answer:
    trace_id = query.get("trace")
    name = f"trace-{trace_id[:8]}" if trace_id and trace_id.isalnum() else "all"
    return Answer(200, data.export(trace_id), "application/octet-stream", f"{name}.envelopes")


def _fixture(data: PageData, query: Query) -> Answer:
    trace_id = query.get("trace", "")
    spans = [arrival.payload for arrival in data.store.trace(trace_id) if arrival.kind is Kind.SPAN]
    return Answer(200, fixture_code(trace_id, spans).encode(), "text/plain; charset=utf-8") if spans else _json(None)


_QUESTIONS: Final[dict[str, Callable[[PageData, Query], Any]]] = {
    "/local/overview": lambda data, _: data.overview(),
    "/local/traces": lambda data, query: data.traces(query.get("search", "")),
    "/local/trace": lambda data, query: data.trace(query.get("id", "")),
    "/local/span": lambda data, query: data.span(query.get("trace", ""), query.get("id", "")),
    "/local/issues": lambda data, _: data.issues(),
    "/local/wallet": lambda data, query: data.wallet(query.get("user", "")),
    "/local/metrics": lambda data, _: data.metrics(),
    "/local/replays": lambda data, _: data.replays(),
}
_DOWNLOADS: Final[dict[str, Callable[[PageData, Query], Answer]]] = {
    "/local/export": _export,
    "/local/fixture": _fixture,
}
