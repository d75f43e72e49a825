"""The wallet of each request in WSGI and Flask applications, against real frameworks and real spans."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import flask
import flask_login
import pytest
from opentelemetry import trace
from opentelemetry.instrumentation.wsgi import OpenTelemetryMiddleware as WsgiTracing
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from otel_sentry.identity.context import wallet_in
from otel_sentry.identity.user import Identity
from otel_sentry.web.wallet_middleware import WalletMiddleware
from otel_sentry.web.wallet_of import flask_login as wallet_of_login
from otel_sentry.web.wallet_of import session_wallet
from tests.web.wallets import ALICE, FOUND, IDENTITY, server_span, wallet_on

Wsgi = tuple[list[str], bytes]


def wsgi_get(app: Any, **environ: Any) -> Wsgi:
    """One request to a WSGI application, body read to its end and closed."""
    statuses: list[str] = []
    environ = {"REQUEST_METHOD": "GET", "PATH_INFO": "/", "SERVER_NAME": "s", "SERVER_PORT": "80", **environ}
    body = app({**environ, "wsgi.url_scheme": "http"}, lambda status, *_: statuses.append(status))
    try:
        return statuses, b"".join(body)
    finally:
        getattr(body, "close", lambda: None)()


class StreamedBody:
    """A body that makes its pieces late, opens a span across them, and wants to be closed."""

    def __init__(self, seen: list[Identity | None], tracer: trace.Tracer) -> None:
        self._seen = seen
        self._pieces = self._make(tracer)

    def _make(self, tracer: trace.Tracer) -> Iterator[bytes]:
        with tracer.start_as_current_span("stream") as span:
            for _ in range(2):
                self._seen.append(wallet_in())
                yield b"."
                assert trace.get_current_span() is span

    def __iter__(self) -> Iterator[bytes]:
        return self._pieces

    def close(self) -> None:
        """Called by the server, as PEP 3333 asks."""
        self._seen.append(wallet_in())


def test_wsgi_streaming(seen: list[Identity | None], provider: TracerProvider, exporter: InMemorySpanExporter) -> None:
    """Bound in the application, in each piece of the body and in its `close`; never in the server in between."""
    tracer = provider.get_tracer("app")

    def app(_: Any, start_response: Any) -> Any:
        seen.append(wallet_in())
        start_response("200 OK", [])
        return StreamedBody(seen, tracer)

    traced = WsgiTracing(WalletMiddleware(app, wallet_of=lambda _: FOUND), tracer_provider=provider)

    assert wsgi_get(traced) == (["200 OK"], b"..")
    assert seen == [IDENTITY] * 4
    assert wallet_in() is None
    assert wallet_on(server_span(exporter)) == ALICE


@pytest.mark.parametrize("body", [[b"x"], (b"x",)], ids=["list", "tuple"])
def test_wsgi_finished_body_stays_what_it_is(body: Any) -> None:
    """Servers look at the length of a list: it is handed on as it is."""

    def app(_: Any, start_response: Any) -> Any:
        start_response("200 OK", [])
        return body

    assert WalletMiddleware(app, wallet_of=lambda _: ALICE)({}, lambda *_: None) is body  # type: ignore[operator]


def test_wsgi_wallet_known_when_it_answers(provider: TracerProvider, exporter: InMemorySpanExporter) -> None:
    """As under ASGI, a sign-in is the wallet's."""

    def app(environ: Any, start_response: Any) -> Any:
        environ["session"] = {"wallet": ALICE}
        start_response("200 OK", [])
        return [b""]

    wsgi_get(WsgiTracing(WalletMiddleware(app, wallet_of=session_wallet()), tracer_provider=provider))

    assert wallet_on(server_span(exporter)) == ALICE


def flask_app(seen: list[Identity | None], wallet_of: Callable[[Any], Any]) -> flask.Flask:
    """A Flask application with Flask-Login, whose users have a wallet."""
    app = flask.Flask("shop")
    app.secret_key = "s"
    login = flask_login.LoginManager(app)

    class User(flask_login.UserMixin):  # type: ignore[misc]  # untyped library
        id = "7"
        wallet_address = ALICE

    login.user_loader(lambda _: User())
    WalletMiddleware(app, wallet_of=wallet_of)

    @app.get("/who")
    def who() -> str:
        seen.append(wallet_in())
        return "ok"

    @app.get("/fails")
    def fails() -> str:
        seen.append(wallet_in())
        raise LookupError

    @app.get("/login")
    def log_in() -> str:
        flask_login.login_user(User())
        flask.session["wallet"] = ALICE
        return "ok"

    return app


@pytest.mark.parametrize("wallet_of", [wallet_of_login(), session_wallet()], ids=["flask-login", "session"])
def test_flask(
    wallet_of: Callable[[Any], Any],
    seen: list[Identity | None],
    provider: TracerProvider,
    exporter: InMemorySpanExporter,
) -> None:
    """Nobody, then the sign-in, then the wallet, then an error; nothing stays bound."""
    app = flask_app(seen, wallet_of)
    client = app.test_client()
    app.wsgi_app = WsgiTracing(app.wsgi_app, tracer_provider=provider)  # type: ignore[method-assign]

    found = []
    for path in ("/who", "/login", "/who", "/fails"):
        client.get(path).close()
        found.append(wallet_on(server_span(exporter)))
        exporter.clear()

    assert found == [None, ALICE, ALICE, ALICE]
    assert seen == [None, Identity(wallet=ALICE), Identity(wallet=ALICE)]
    assert wallet_in() is None


def test_flask_middleware_is_an_application_too(seen: list[Identity | None]) -> None:
    """Whoever writes `application = WalletMiddleware(app, …)` for the server gets the same."""
    app = flask_app(seen, lambda _: ALICE)
    again = WalletMiddleware(flask_app(seen, lambda _: None), wallet_of=lambda _: ALICE)

    assert wsgi_get(again, PATH_INFO="/who", **{"wsgi.input": None, "wsgi.errors": None})[0] == ["200 OK"]
    assert app.test_client().get("/who").status_code == 200
    assert seen == [Identity(wallet=ALICE)] * 2
