"""The ingest endpoint as an ASGI application. Starlette enters here; what an envelope means is decided elsewhere."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Final

from otel_sentry._version import __version__
from otel_sentry.errors import MissingExtra
from otel_sentry.local.intake import Intake, Posted, Refusal, accept
from otel_sentry.local.page_data import PageData
from otel_sentry.local.page_routes import SECURITY_HEADERS, Asked, answer, may_ask
from otel_sentry.local.store import Refused
from otel_sentry.protocol import json_text

try:
    from starlette.requests import ClientDisconnect, Request
    from starlette.responses import JSONResponse, Response, StreamingResponse
    from starlette.routing import Route, Router
except ImportError as exc:
    raise MissingExtra("the embedded Sentry", "dev") from exc

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable


_PUSH_SECONDS: Final = 0.25
_ALIVE_SECONDS: Final = 15.0
_MAX_PUSHED: Final = 200
_CORS: Final = {
    "access-control-allow-origin": "*",
    "access-control-expose-headers": "x-sentry-error, x-sentry-rate-limits, retry-after",
}
_PREFLIGHT: Final = {
    **_CORS,
    "access-control-allow-methods": "POST",
    "access-control-allow-headers": "x-sentry-auth, x-requested-with, x-forwarded-for, origin, referer, accept, "
    "content-type, authentication, authorization, content-encoding, transfer-encoding",
    "access-control-max-age": "3600",
}


def ingest_app(intake: Intake, reset_connection: Callable[[Request], None]) -> Router:
    """Build the application: a bare router, because tracers patch `Starlette` and would trace what they send.

    Args:
        intake: state that it works on.
        reset_connection: tears the request's connection down; only the server can do that.
    """

    async def envelope(request: Request) -> Response:
        body = await _body(request, intake.max_envelope_bytes)
        intake.requests += 1
        intake.received_bytes += len(body)
        posted = Posted(intake.requests, request.path_params["project"], dict(request.headers), body)
        reply = intake.behaviour(posted) if intake.behaviour else None
        if reply is not None:
            await asyncio.sleep(reply.delay_seconds)
            if reply.reset:
                reset_connection(request)
                await _gone(request)
            if reply.status >= 300 or reply.status == 204:
                return Response(reply.body, reply.status, {**_CORS, **reply.headers}, "application/json")
        accepted = accept(intake, posted, request.query_params)
        return JSONResponse(accepted, headers={**_CORS, **(reply.headers if reply else {})})

    return Router(
        routes=[
            Route("/api/{project}/envelope/", _answering(intake, envelope), methods=["POST"]),
            Route("/api/{project}/envelope", _answering(intake, envelope), methods=["POST"]),
            Route("/api/{project}/envelope/", _preflight, methods=["OPTIONS"]),
            Route("/health", _health),
            Route("/local/changes", _changes(intake)),
            Route("/{path:path}", _page(intake), methods=["GET", "POST"]),
        ]
    )


def _page(intake: Intake) -> Callable[[Request], Awaitable[Response]]:
    """The page and its questions; no CORS here."""
    data = PageData(intake.store)

    async def page(request: Request) -> Response:
        body = await _body(request, intake.max_envelope_bytes) if request.method == "POST" else b""
        asked = Asked(request.method, request.url.path, dict(request.query_params), dict(request.headers), body)
        reason = may_ask(asked, intake.host, remote=intake.remote)
        if reason is not None:
            return JSONResponse({"detail": reason}, 403, SECURITY_HEADERS)
        found = answer(data, asked, time.time())
        headers = dict(SECURITY_HEADERS)
        if found.filename is not None:
            headers["content-disposition"] = f'attachment; filename="{found.filename}"'
        return Response(found.body, found.status, headers, found.media_type)

    return page


def _changes(intake: Intake) -> Callable[[Request], Awaitable[Response]]:
    """Server push: which traces changed, as soon as they do, at most four times a second."""

    async def lines() -> AsyncIterator[str]:
        seen = intake.store.changes
        yield f"data: {seen}\n\n"
        silent = 0.0
        while not intake.closing:
            await asyncio.sleep(_PUSH_SECONDS)
            now = intake.store.changes
            silent += _PUSH_SECONDS
            if now != seen:
                traces = intake.store.changed_since(seen)[:_MAX_PUSHED]
                yield f"event: changed\ndata: {json_text.dumps({'changes': now, 'traces': traces}).decode()}\n\n"
                seen, silent = now, 0.0
            elif silent >= _ALIVE_SECONDS:
                yield ": still here\n\n"
                silent = 0.0

    async def changes(request: Request) -> Response:
        asked = Asked(request.method, request.url.path, headers=dict(request.headers))
        reason = may_ask(asked, intake.host, remote=intake.remote)
        if reason is not None:
            return JSONResponse({"detail": reason}, 403, SECURITY_HEADERS)
        return StreamingResponse(lines(), headers=SECURITY_HEADERS, media_type="text/event-stream")

    return changes


def _answering(
    intake: Intake, endpoint: Callable[[Request], Awaitable[Response]]
) -> Callable[[Request], Awaitable[Response]]:
    """Turn refusals into answers."""

    async def answering(request: Request) -> Response:
        try:
            return await endpoint(request)
        except Refusal as refusal:
            intake.store.refuse(Refused(time.time(), refusal.status, str(refusal), refusal.problems))
            return JSONResponse(refusal.content, refusal.status, {**_CORS, "x-sentry-error": ascii(str(refusal))})
        except ClientDisconnect:
            return Response()

    return answering


async def _gone(request: Request) -> None:
    """Return when the server has noticed that the connection is no more."""
    while (await request.receive())["type"] != "http.disconnect":
        pass
    raise ClientDisconnect


async def _preflight(_request: Request) -> Response:
    return Response(None, 204, _PREFLIGHT)


async def _health(_request: Request) -> Response:
    return JSONResponse({"is": "otel-sentry", "version": __version__})


async def _body(request: Request, max_bytes: int) -> bytes:
    parts: list[bytes] = []
    size = 0
    async for part in request.stream():
        size += len(part)
        if size > max_bytes:
            raise Refusal(413, f"the body has more than {max_bytes} bytes")
        parts.append(part)
    return b"".join(parts)
