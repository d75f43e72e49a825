"""The wallet of each request in ASGI applications, and what holds for all kinds; real frameworks, real spans."""

from __future__ import annotations

import asyncio
import inspect
import logging
from typing import TYPE_CHECKING, Any

import flask
import httpx
import pytest
from opentelemetry import trace
from opentelemetry.instrumentation.asgi import OpenTelemetryMiddleware
from opentelemetry.sdk.trace import TracerProvider
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
from otel_sentry.web.wallet_of import siwe_session
from tests.web.wallets import ALICE, FOUND, IDENTITY, server_span, wallet_on

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from starlette.requests import Request
    from starlette.websockets import WebSocket


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
