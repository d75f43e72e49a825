"""What really arrives over HTTP from real client instrumentations: each header once, to the right hosts."""

from __future__ import annotations

import threading
import urllib.request
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx
import pytest
from opentelemetry import baggage as otel_baggage
from opentelemetry import context as otel_context
from opentelemetry import propagate, trace
from opentelemetry.instrumentation.httpx import HTTPXClientInstrumentor
from opentelemetry.instrumentation.urllib import URLLibInstrumentor
from opentelemetry.propagators.composite import CompositePropagator
from opentelemetry.sdk.trace import TracerProvider

from otel_sentry.otel.propagator import SentryPropagator
from otel_sentry.otel.propagator_composition import composed
from otel_sentry.propagation.baggage import parse_baggage
from otel_sentry.propagation.sentry_trace import parse_sentry_trace

HEADERS = ("traceparent", "sentry-trace", "baggage")


class Site:
    """A web server that remembers the trace headers of each request."""

    def __init__(self) -> None:
        seen: list[dict[str, list[str]]] = []

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                seen.append({name: found for name in HEADERS if (found := self.headers.get_all(name))})
                self.send_response(204)
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                """Stay quiet."""

        self.seen = seen
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}"
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()


@pytest.fixture
def site() -> Iterator[Site]:
    """One server on loopback."""
    one = Site()
    yield one
    one.server.shutdown()
    one.server.server_close()


@pytest.fixture
def tracer() -> Iterator[trace.Tracer]:
    """Instrumented httpx and urllib, with the default propagators."""
    provider = TracerProvider()
    instrumentors = (HTTPXClientInstrumentor(), URLLibInstrumentor())
    for one in instrumentors:
        one.instrument(tracer_provider=provider)
    before = propagate.get_global_textmap()
    yield provider.get_tracer("test")
    propagate.set_global_textmap(before)
    for one in instrumentors:
        one.uninstrument()


def compose(**settings: Any) -> None:
    """Join ours with OpenTelemetry's default propagators, as `configure()` does."""
    settings = {"dsn": "https://public@o12.ingest.sentry.io/1", **settings}
    present = propagate.get_global_textmap()
    propagate.set_global_textmap(CompositePropagator(composed([present], SentryPropagator(**settings))))


def get_by_httpx(url: str, headers: dict[str, str]) -> None:
    """One request."""
    with httpx.Client() as client:
        client.get(url, headers=headers)


def get_by_urllib(url: str, headers: dict[str, str]) -> None:
    """One request."""
    with urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=10):  # noqa: S310  # our own server
        pass


CLIENTS = [pytest.param(get_by_httpx, id="httpx"), pytest.param(get_by_urllib, id="urllib")]


@pytest.mark.parametrize("get", CLIENTS)
def test_each_header_once(site: Site, tracer: trace.Tracer, get: Any) -> None:
    """Trace, decision and one baggage header arrive; what the request had is merged, not doubled."""
    compose()
    token = otel_context.attach(otel_baggage.set_baggage("tenant", "a"))
    with tracer.start_as_current_span("root") as root:
        get(f"{site.url}/x", {"baggage": "own=1,sentry-release=old"})
    otel_context.detach(token)
    (seen,) = site.seen
    arrived = parse_sentry_trace(seen["sentry-trace"][0])
    baggage = parse_baggage(seen["baggage"][0])
    assert arrived is not None

    assert {name: len(values) for name, values in seen.items()} == dict.fromkeys(HEADERS, 1)
    assert arrived.trace_id == root.get_span_context().trace_id
    assert f"{arrived.span_id:016x}" in seen["traceparent"][0]
    assert baggage.sentry["trace_id"] == f"{arrived.trace_id:032x}"
    assert "release" not in baggage.sentry
    assert set(baggage.foreign) == {"tenant", "own"}


@pytest.mark.parametrize("get", CLIENTS)
@pytest.mark.parametrize(
    ("targets", "sent"),
    [
        pytest.param(["http://127.0.0.1"], True, id="by a part"),
        pytest.param(["http://127.0.0.1:{port}/x"], True, id="named"),
        pytest.param(["secret"], False, id="the query is not"),
        pytest.param(["/[.]0[.]1:{port}/"], True, id="by expression"),
    ],
)
def test_targets_by_url(site: Site, tracer: trace.Tracer, get: Any, targets: list[str], sent: bool) -> None:
    """The client span's own URL decides; W3C's header is not ours to withhold."""
    compose(trace_propagation_targets=[target.replace("{port}", str(site.port)) for target in targets])
    with tracer.start_as_current_span("root"):
        get(f"{site.url}/x?q=secret", {})
    (seen,) = site.seen

    assert ("sentry-trace" in seen) is ("baggage" in seen) is sent
    assert "traceparent" in seen


@pytest.mark.parametrize("get", CLIENTS)
def test_never_to_sentry(site: Site, tracer: trace.Tracer, get: Any) -> None:
    """Requests to the DSN's own host and port carry no header of Sentry."""
    compose(dsn=f"http://public@127.0.0.1:{site.port}/1")
    with tracer.start_as_current_span("root"):
        get(f"{site.url}/api/1/envelope/", {})
    (seen,) = site.seen

    assert set(seen) == {"traceparent"}
