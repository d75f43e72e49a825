"""The wallet of each request in ASGI, WSGI and Flask applications, against real frameworks and real spans."""

from __future__ import annotations

import asyncio
import inspect
import logging
from typing import TYPE_CHECKING, Any

import flask
import flask_login
import httpx
import pytest
from opentelemetry import trace
from opentelemetry.instrumentation.asgi import OpenTelemetryMiddleware
from opentelemetry.instrumentation.wsgi import OpenTelemetryMiddleware as WsgiTracing
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.middleware import Middleware
from starlette.middleware.sessions import SessionMiddleware
from starlette.responses import JSONResponse, PlainTextResponse, StreamingResponse
from starlette.routing import Route, WebSocketRoute

from otel_sentry.identity.context import wallet_in
from otel_sentry.identity.user import Identity
from otel_sentry.web.wallet_middleware import WalletMiddleware, block_of
from otel_sentry.web.wallet_of import flask_login as wallet_of_login
from otel_sentry.web.wallet_of import session_wallet, siwe_session

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator

    from starlette.requests import Request
    from starlette.websockets import WebSocket

ALICE = "0x52908400098527886e0f7030069857d2e4169ee7"
IDENTITY = Identity(wallet=ALICE, wallet_chain="eip155:1", wallet_name="alice.eth")
FOUND = (ALICE.upper(), "alice.eth", 1)


@pytest.fixture(name="exporter")
def _exporter() -> InMemorySpanExporter:
    return InMemorySpanExporter()


@pytest.fixture(name="provider")
def _provider(exporter: InMemorySpanExporter) -> Iterator[TracerProvider]:
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    yield provider
    provider.shutdown()


def server_span(exporter: InMemorySpanExporter) -> ReadableSpan:
    """The one server span that was recorded."""
    (span,) = [span for span in exporter.get_finished_spans() if span.kind is trace.SpanKind.SERVER]
    return span


def wallet_on(span: ReadableSpan) -> object:
    """The wallet that a span carries."""
    return (span.attributes or {}).get("wallet.address")


@pytest.fixture(name="seen")
def _seen() -> list[Identity | None]:
    return []


def get(app: Any, *paths: str) -> list[httpx.Response]:
    """Requests of one browser, one after the other."""

    async def run() -> list[httpx.Response]:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://app") as browser:
            return [await browser.get(path) for path in paths]

    return asyncio.run(run())


def starlette(seen: list[Identity | None], provider: TracerProvider, wallet_of: Callable[[Any], Any]) -> Any:
    """An application with every kind of response, traced as OpenTelemetry traces it."""

    async def plain(_: Request) -> PlainTextResponse:
        seen.append(wallet_in())
        return PlainTextResponse("ok")

    def in_thread(_: Request) -> PlainTextResponse:
        seen.append(wallet_in())
        return PlainTextResponse("ok")

    async def stream(_: Request) -> StreamingResponse:
        async def pieces() -> AsyncIterator[bytes]:
            for _ in range(2):
                await asyncio.sleep(0)
                seen.append(wallet_in())
                yield b"."

        return StreamingResponse(pieces())

    async def background(_: Request) -> PlainTextResponse:
        return PlainTextResponse("ok", background=BackgroundTask(lambda: seen.append(wallet_in())))

    async def sign_in(request: Request) -> JSONResponse:
        request.session["siwe"] = {"address": ALICE, "chainId": 1}
        return JSONResponse({})

    async def socket(websocket: WebSocket) -> None:
        await websocket.accept()
        seen.append(wallet_in())
        await websocket.close()

    app = Starlette(
        routes=[
            Route("/plain", plain),
            Route("/thread", in_thread),
            Route("/stream", stream),
            Route("/background", background),
            Route("/sign-in", sign_in),
            WebSocketRoute("/socket", socket),
        ],
        middleware=[
            Middleware(SessionMiddleware, secret_key="s"),
            Middleware(WalletMiddleware, wallet_of=wallet_of),
        ],
    )
    return OpenTelemetryMiddleware(app, tracer_provider=provider)


@pytest.mark.parametrize("path", ["/plain", "/thread", "/stream", "/background"])
def test_asgi(path: str, seen: list[Identity | None], provider: TracerProvider, exporter: InMemorySpanExporter) -> None:
    """The wallet is bound in coroutines, threads, streamed bodies and background tasks, and stands on the span."""
    (response,) = get(starlette(seen, provider, lambda _: FOUND), path)

    assert response.status_code == 200
    assert set(seen) == {IDENTITY}
    assert wallet_on(server_span(exporter)) == ALICE
    assert wallet_in() is None


def test_asgi_websocket(seen: list[Identity | None], provider: TracerProvider) -> None:
    """A WebSocket is a request that lasts."""
    sent: list[str] = []

    async def receive() -> dict[str, Any]:
        return {"type": "websocket.connect"}

    async def send(message: Any) -> None:
        sent.append(message["type"])

    scope = {"type": "websocket", "path": "/socket", "headers": [], "query_string": b"", "scheme": "ws"}
    asyncio.run(starlette(seen, provider, lambda _: FOUND)(scope, receive, send))

    assert seen == [IDENTITY]
    assert sent == ["websocket.accept", "websocket.close"]


def test_asgi_with_an_asynchronous_wallet_of(seen: list[Identity | None], provider: TracerProvider) -> None:
    """`wallet_of` may ask a database without blocking the loop."""

    async def wallet_of(_: Any) -> Any:
        await asyncio.sleep(0)
        return FOUND

    get(starlette(seen, provider, wallet_of), "/plain")

    assert seen == [IDENTITY]


@pytest.mark.parametrize("asynchronous", [True, False])
def test_a_failing_wallet_of_is_logged_once(
    asynchronous: bool,  # a parameter of the test
    seen: list[Identity | None],
    provider: TracerProvider,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The request goes on without a wallet, however often it fails."""

    def fails(_: Any) -> Any:
        raise LookupError

    async def fails_later(_: Any) -> Any:
        raise LookupError

    app = starlette(seen, provider, fails_later if asynchronous else fails)
    with caplog.at_level(logging.WARNING):
        responses = get(app, "/plain", "/plain", "/plain")

    assert [response.status_code for response in responses] == [200, 200, 200]
    assert seen == [None, None, None]
    assert len([record for record in caplog.records if record.name.startswith("otel_sentry")]) == 1


def test_a_sign_in_belongs_to_the_wallet_that_signed_in(
    seen: list[Identity | None], provider: TracerProvider, exporter: InMemorySpanExporter
) -> None:
    """A session that the request itself fills is looked at again when it answers; the next request has it at once."""
    get(starlette(seen, provider, siwe_session()), "/plain", "/sign-in", "/plain")

    spans = [span for span in exporter.get_finished_spans() if span.kind is trace.SpanKind.SERVER]
    assert [wallet_on(span) for span in spans] == [None, ALICE, ALICE]
    assert seen == [None, Identity(wallet=ALICE, wallet_chain="eip155:1")]


def test_asgi_lifespan_passes_through() -> None:
    """Start-up and shut-down are nobody's."""
    types: list[str] = []

    async def app(scope: Any, _: Any, __: Any) -> None:
        types.append(scope["type"])

    def wallet_of(_: Any) -> Any:
        raise AssertionError

    asyncio.run(WalletMiddleware(app, wallet_of=wallet_of)({"type": "lifespan"}, None, None))  # type: ignore[operator]

    assert types == ["lifespan"]


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


async def _function(scope: Any, receive: Any, send: Any) -> None: ...


class _Callable:
    async def __call__(self, scope: Any, receive: Any, send: Any) -> None: ...


class _Wrapper:
    """As other middleware is often written: a plain method that returns the coroutine."""

    def __call__(self, scope: Any, receive: Any, send: Any) -> Any: ...


@pytest.mark.parametrize(
    ("app", "kind"),
    [
        pytest.param(_function, "Asgi", id="coroutine function"),
        pytest.param(_Callable(), "Asgi", id="object with an asynchronous call"),
        pytest.param(_Wrapper(), "Asgi", id="object that hands a coroutine on"),
        pytest.param(Starlette(), "Asgi", id="Starlette"),
        pytest.param(lambda environ, start_response: [], "Wsgi", id="WSGI function"),
        pytest.param(flask.Flask("a"), "Flask", id="Flask"),
        pytest.param(flask.Flask("a").wsgi_app, "Wsgi", id="Flask's wsgi_app"),
        pytest.param(dict, "Wsgi", id="callable without a signature"),
    ],
)
def test_the_kind_suits_the_application(app: Any, kind: str) -> None:
    """One name for all; servers and frameworks recognise the result as what it wraps."""
    middleware = WalletMiddleware(app, wallet_of=lambda _: None)

    assert type(middleware).__name__ == f"{kind}WalletMiddleware"
    assert isinstance(middleware, WalletMiddleware)
    assert inspect.iscoroutinefunction(type(middleware).__call__) == (kind == "Asgi")  # type: ignore[operator]  # uvicorn looks there


@pytest.mark.parametrize(
    "found",
    [
        pytest.param(None, id="None"),
        pytest.param("", id="empty"),
        pytest.param((), id="empty tuple"),
        pytest.param((ALICE, None, None, None), id="too long a tuple"),
        pytest.param({"address": ALICE}, id="mapping"),
        pytest.param(object(), id="object"),
    ],
)
def test_what_is_no_wallet_binds_nothing(found: Any) -> None:
    """Bad answers of `wallet_of` are as good as none."""
    assert block_of(found) is None


def test_the_answer_is_unchanged(seen: list[Identity | None], provider: TracerProvider) -> None:
    """The middleware adds nothing to what is answered."""
    (response,) = get(starlette(seen, provider, lambda _: FOUND), "/stream")

    assert (response.status_code, response.content) == (200, b"..")
