"""The application's own `sentry_sdk.init`: its client rules, its native tracing and header injection stay quiet."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
import sentry_sdk

if TYPE_CHECKING:
    from otel_sentry.local.receiver import Receiver

PATIENCE = {"OTEL_SENTRY_SHUTDOWN_TIMEOUT": "30"}
"""However slow the machine is, everything leaves before the process does."""
CONFIGURE = "import otel_sentry\notel_sentry.configure()\n"
INIT = """
import os, sentry_sdk
sentry_sdk.init(dsn=os.environ["APPLICATION_DSN"], release="application", environment="staging", {options})
"""
FAILING = """
import contextlib
from opentelemetry import trace
wallet = {"wallet.address": "0x" + "AB" * 20}
with contextlib.suppress(ValueError), trace.get_tracer("a").start_as_current_span("work", attributes=wallet):
    raise ValueError("boom")
"""
WEB = """
import asyncio, threading, urllib.request
from http.server import BaseHTTPRequestHandler, HTTPServer
import fastapi, httpx

class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        seen.append(self.headers.items())
        self.send_response(204)
        self.end_headers()
    def log_message(self, *_):
        pass

seen = []
CALLER = {"sentry-trace": "a" * 32 + "-" + "b" * 16 + "-1", "baggage": "sentry-trace_id=" + "a" * 32}
server = HTTPServer(("127.0.0.1", 0), Handler)
threading.Thread(target=server.serve_forever, daemon=True).start()
app = fastapi.FastAPI()

@app.get("/users/{number}")
def user(number: int):
    urllib.request.urlopen(f"http://127.0.0.1:{server.server_port}/").close()

@app.get("/boom")
def boom():
    raise RuntimeError("boom")

async def main():
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://dapp") as client:
        await client.get("/users/7", headers=CALLER)
        await client.get("/boom")

asyncio.run(main())
import json
print(json.dumps([name.lower() for request in seen for name, _ in request]))
"""


@pytest.fixture(name="web_python", scope="module")
def _web_python(python_with: Any) -> str:
    """What `WEB` needs."""
    return str(python_with("fastapi", "httpx", "opentelemetry-instrumentation-fastapi"))


@pytest.mark.parametrize("options", ["traces_sample_rate=1.0", "traces_sample_rate=1.0, trace_lifecycle='stream'", ""])
@pytest.mark.parametrize("order", ["before", "after"])
def test_nothing_is_doubled(order: str, options: str, receiver: Receiver, run_app: Any, web_python: str) -> None:
    """Native tracing is asked for, or not: each request is one server span of ours, each failure one issue."""
    init = INIT.format(options=options)
    environ = {"SENTRY_DSN": receiver.dsn, "APPLICATION_DSN": receiver.dsn, **PATIENCE}
    ended = run_app((init + CONFIGURE if order == "before" else CONFIGURE + init) + WEB, environ, python=web_python)
    receiver.wait_for(lambda: receiver.events and len(server_spans(receiver)) >= 2)
    headers = json.loads(ended.stdout)

    assert sorted(span["name"] for span in server_spans(receiver)) == ["GET /boom", "GET /users/{number}"]
    assert receiver.transactions == []
    assert {span["attributes"]["sentry.sdk.name"] for span in receiver.plain_spans} == {"otel_sentry"}
    assert [event["exception"]["values"][-1]["value"] for event in receiver.events] == ["boom"]
    assert {name: headers.count(name) for name in ("traceparent", "sentry-trace", "baggage")} == {
        "traceparent": 1,
        "sentry-trace": 1,
        "baggage": 1,
    }


@pytest.mark.parametrize("order", ["before", "after"])
def test_the_applications_client_rules(order: str, receiver: Receiver, run_app: Any, web_python: str) -> None:
    """Its DSN, release and environment hold for spans too, whoever came first."""
    init = INIT.format(options="")
    environ = {
        "SENTRY_DSN": receiver.dsn_of(1),
        "APPLICATION_DSN": receiver.dsn_of(2),
        "SENTRY_RELEASE": "ours",
        **PATIENCE,
    }
    run_app((init + CONFIGURE if order == "before" else CONFIGURE + init) + WEB, environ, python=web_python)
    receiver.wait_for(lambda: receiver.events and len(server_spans(receiver)) >= 2)
    attributes = [span["attributes"] for span in receiver.plain_spans]

    assert {received.project for received in receiver.envelopes} == {"2"}
    assert {one["sentry.release"] for one in attributes} == {event["release"] for event in receiver.events}
    assert {(one["sentry.release"], one["sentry.environment"]) for one in attributes} == {("application", "staging")}


def test_the_applications_rate_holds_where_ours_is_unset(receiver: Receiver, run_app: Any, web_python: str) -> None:
    """`traces_sample_rate` of `init` decides what Sentry keeps; issues arrive all the same."""
    init = INIT.format(options="traces_sample_rate=0.0")
    without_caller = WEB.replace("headers=CALLER", "headers={}")
    environ = {"SENTRY_DSN": receiver.dsn, "APPLICATION_DSN": receiver.dsn, **PATIENCE}
    run_app(CONFIGURE + init + without_caller, environ, python=web_python)
    receiver.wait_for(lambda: receiver.events)

    assert receiver.spans == []


def server_spans(receiver: Receiver) -> list[dict[str, Any]]:
    """Spans of requests that the application served."""
    return [span for span in receiver.plain_spans if span["attributes"]["sentry.kind"] == "server"]


@pytest.mark.parametrize(
    ("options", "variables", "shown"),
    [
        pytest.param("data_collection={'user_info': False}", {}, None, id="no users, in so many words"),
        pytest.param(
            "send_default_pii=False",
            {},
            None,
            id="no users, in the older words",
            marks=pytest.mark.skipif(sentry_sdk.VERSION.startswith("3."), reason="sentry-sdk 3 has no such option"),
        ),
        pytest.param("", {}, "0x" + "ab" * 20, id="sentry-sdk's default says nothing"),
        pytest.param(
            "data_collection={'user_info': False}",
            {"OTEL_SENTRY_WALLET_PRIVACY": "short"},
            "0xabab…abab",
            id="our own setting comes first",
        ),
    ],
)
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_an_application_that_collects_no_users(
    options: str, variables: dict[str, str], shown: str | None, receiver: Receiver, run_app: Any
) -> None:
    """Its `init` before `configure()` keeps wallets out of spans and issues, unless the privacy mode is set."""
    code = INIT.format(options=options) + CONFIGURE + FAILING
    run_app(code, {"APPLICATION_DSN": receiver.dsn, "PYTHONWARNINGS": "ignore", **PATIENCE, **variables})
    (span,), (event,) = receiver.plain_spans, receiver.events

    assert span["attributes"].get("user.id") == shown
    assert event.get("user", {}).get("id") == shown
