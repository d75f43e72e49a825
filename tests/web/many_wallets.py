"""200 requests of 200 wallets at once, over asyncio or threads; `test_many_wallets.py` runs it and looks at Sentry.

Every span and every exception says in plain text whose it is, so that a wrong user shows.
"""

from __future__ import annotations

import asyncio
import random
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import flask
import httpx
from opentelemetry import trace
from opentelemetry.instrumentation.asgi import OpenTelemetryMiddleware
from opentelemetry.instrumentation.wsgi import OpenTelemetryMiddleware as WsgiTracing
from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.responses import StreamingResponse
from starlette.routing import Route

import otel_sentry
from otel_sentry.web import WalletMiddleware

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from starlette.requests import Request

WALLETS = 200
FAILING = 4  # every fourth request
tracer = trace.get_tracer("many")


def address(number: int) -> str:
    """The wallet of a request."""
    return f"0x{number:040x}"


def work(name: str, number: int) -> None:
    """A span that says whose it is, with one below it."""
    with tracer.start_as_current_span(name, attributes={"expected": address(number)}):
        time.sleep(random.random() / 500)  # noqa: S311  # no secret
        with tracer.start_as_current_span(f"{name}.inner", attributes={"expected": address(number)}):
            pass


def tell(number: int) -> None:
    """Mark the request's own span too."""
    trace.get_current_span().set_attribute("expected", address(number))


async def serve(request: Request) -> StreamingResponse:
    """Coroutine, thread pool, gathered tasks, streamed body, background task; every fourth fails."""
    number = int(request.path_params["number"])
    tell(number)
    await asyncio.gather(*(asyncio.to_thread(work, "gathered", number) for _ in range(2)))
    await run_in_threadpool(work, "pooled", number)
    if number % FAILING == 0:
        raise LookupError(address(number))

    async def body() -> AsyncIterator[bytes]:
        for _ in range(2):
            await asyncio.sleep(0)
            work("streamed", number)
            yield b"."

    return StreamingResponse(body(), background=BackgroundTask(work, "background", number))


async def over_asyncio() -> None:
    """All requests in one event loop."""
    app = Starlette(
        routes=[Route("/{number}", serve)],
        middleware=[Middleware(WalletMiddleware, wallet_of=lambda scope: address(int(scope["path"][1:])))],
    )
    transport = httpx.ASGITransport(OpenTelemetryMiddleware(app))
    async with httpx.AsyncClient(transport=transport, base_url="http://app") as client:
        await asyncio.gather(*(client.get(f"/{number}") for number in range(WALLETS)), return_exceptions=True)


def flask_app() -> Any:
    """The same over WSGI."""
    app = flask.Flask("many")
    app.config["PROPAGATE_EXCEPTIONS"] = True
    WalletMiddleware(app, wallet_of=lambda request: address(int(request.path[1:])))

    @app.get("/<int:number>")
    def serve_flask(number: int) -> Any:
        tell(number)
        work("view", number)
        if number % FAILING == 0:
            raise LookupError(address(number))
        return flask.Response(flask.stream_with_context(body(number)))

    return app


def body(number: int) -> Iterator[bytes]:
    """A streamed body."""
    for _ in range(2):
        work("streamed", number)
        yield b"."


def over_threads() -> None:
    """All requests over 32 threads."""
    app = flask_app()
    app.wsgi_app = WsgiTracing(app.wsgi_app)

    def one(number: int) -> None:
        with suppress(LookupError), app.test_client() as client:
            client.get(f"/{number}", buffered=True)

    with ThreadPoolExecutor(32) as pool:
        list(pool.map(one, range(WALLETS)))


if __name__ == "__main__":
    telemetry = otel_sentry.configure()
    if sys.argv[1] == "asyncio":
        asyncio.run(over_asyncio())
    else:
        over_threads()
    telemetry.shutdown()
