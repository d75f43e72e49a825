"""`Tunnel`: takes the envelopes of browsers under the application's own address, past ad blockers, to Sentry.

Thin: ASGI here, WSGI below it; what may pass is decided in `tunnel_rules`, and sent by `forwarder`.
"""

from __future__ import annotations

import asyncio
import time
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from otel_sentry.errors import InvalidSetting
from otel_sentry.settings.settings import Settings
from otel_sentry.web.tunnel_desk import BUFFERED_BYTES, Desk
from otel_sentry.web.tunnel_rules import Answer, BodyMeter, Refusal, TunnelRules

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from otel_sentry.protocol.dsn import Dsn
    from otel_sentry.web.wallet_middleware import Message, Receive, Send, StartResponse

_SECONDS_FOR_A_BODY: Final = 30.0


class Tunnel:
    """An ASGI application that forwards browsers' envelopes; its `wsgi` is the same for WSGI.

        app.mount("/otel-sentry/tunnel", Tunnel())

    Only POST is taken, only from pages of the same origin, only for the DSNs that are allowed, only up to
    `OTEL_SENTRY_TUNNEL_MAX_BYTES` and `OTEL_SENTRY_TUNNEL_MAX_RATE`. Cookies and headers stay here, but for the name of
    the browser. Bodies are passed on as they come; neither disk nor memory holds one.

    Args:
        dsns: where envelopes may go; those of the settings if None.
        settings: those of the environment if None.
        seconds_for_a_body: how long a browser may take to send one envelope.
        clock: monotonic seconds.

    Raises:
        InvalidSetting: a DSN, or a setting, cannot be used.
    """

    def __init__(
        self,
        dsns: Iterable[str | Dsn] | None = None,
        *,
        settings: Settings | None = None,
        seconds_for_a_body: float = _SECONDS_FOR_A_BODY,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        known = settings or Settings.from_env()
        allowed = _dsns_of(known) if dsns is None else [_parsed(dsn) for dsn in dsns]
        rules = TunnelRules.of(allowed, max_bytes=known.tunnel_max_bytes, origins=known.tunnel_origins)
        self._seconds = seconds_for_a_body
        self.desk = Desk(rules, known, clock)

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Serve one connection.

        Raises:
            NotImplementedError: it is neither a request nor a WebSocket.
        """
        if scope["type"] == "websocket":
            await send({"type": "websocket.close"})
            return
        if scope["type"] != "http":
            raise NotImplementedError(scope["type"])
        headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
        try:
            answer = await self._answer(scope, headers, receive)
        except Refusal as refusal:
            answer = self.desk.answer_to(refusal)
        except ConnectionResetError:
            return
        told = [(k.encode("latin-1"), v.encode("latin-1")) for k, v in self.desk.headers_of(answer, headers).items()]
        await send({"type": "http.response.start", "status": answer.status, "headers": told})
        await send({"type": "http.response.body", "body": answer.body})

    async def _answer(self, scope: Message, headers: dict[str, str], receive: Receive) -> Answer:
        desk = self.desk
        if scope["method"] == "OPTIONS" and desk.rules.cross_origin(headers):
            return Answer(204, b"", {})
        with desk.place():
            address = desk.address((scope.get("client") or [None])[0], headers)
            length = desk.content_length(scope["method"], headers, address)
            body = _AsgiBody(receive, BodyMeter(desk.rules, length), desk.clock() + self._seconds, desk.clock)
            start = await body.start()
            dsn = desk.rules.destination(start.partition(b"\n")[0])
            pieces, known = (body.rest(start), length) if body.more else (iter((start,)), len(start))
            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(desk.threads, desk.forward, dsn, pieces, known, headers, address)

    def wsgi(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        """Serve one WSGI request."""
        headers = _headers_of(environ)
        try:
            answer = self._wsgi_answer(environ, headers)
        except Refusal as refusal:
            answer = self.desk.answer_to(refusal)
        told = list(self.desk.headers_of(answer, headers).items())
        start_response(f"{answer.status} {_phrase(answer.status)}", told)
        return [answer.body]

    def _wsgi_answer(self, environ: dict[str, Any], headers: dict[str, str]) -> Answer:
        desk = self.desk
        if environ["REQUEST_METHOD"] == "OPTIONS" and desk.rules.cross_origin(headers):
            return Answer(204, b"", {})
        with desk.place():
            address = desk.address(environ.get("REMOTE_ADDR"), headers)
            length = desk.content_length(environ["REQUEST_METHOD"], headers, address)
            if length is None and not environ.get("wsgi.input_terminated"):
                raise Refusal(411, "the content length is missing")
            pieces = self._wsgi_pieces(environ, BodyMeter(desk.rules, length), length)
            start = next(pieces, b"")
            dsn = desk.rules.destination(start.partition(b"\n")[0])
            return desk.forward(dsn, _chained(start, pieces), length, headers, address)

    def _wsgi_pieces(self, environ: dict[str, Any], meter: BodyMeter, length: int | None) -> Iterator[bytes]:
        deadline, left = self.desk.clock() + self._seconds, length
        while left is None or left > 0:
            if self.desk.clock() > deadline:
                raise Refusal(408, "the envelope came too slowly")
            piece = environ["wsgi.input"].read(BUFFERED_BYTES if left is None else min(BUFFERED_BYTES, left))
            if not piece:
                break
            meter.count(piece)
            left = None if left is None else left - len(piece)
            yield piece
        meter.end()


class _AsgiBody:
    """The body of an ASGI request, read on the event loop, also for a thread."""

    def __init__(self, receive: Receive, meter: BodyMeter, deadline: float, clock: Callable[[], float]) -> None:
        self.more = True
        self._receive = receive
        self._meter = meter
        self._deadline = deadline
        self._clock = clock

    async def start(self) -> bytes:
        """The whole body if it is small, else as much of it as is looked at before anything is sent."""
        start = bytearray()
        while self.more and len(start) < BUFFERED_BYTES:
            start += await self._piece()
        return bytes(start)

    def rest(self, start: bytes) -> Iterator[bytes]:
        """The whole body, for a thread; each piece is fetched from the event loop when it is wanted."""
        loop = asyncio.get_running_loop()

        def pieces() -> Iterator[bytes]:
            yield start
            while self.more:
                yield asyncio.run_coroutine_threadsafe(self._piece(), loop).result()

        return pieces()

    async def _piece(self) -> bytes:
        try:
            message = await asyncio.wait_for(self._receive(), max(0.0, self._deadline - self._clock()))
        except asyncio.TimeoutError:
            raise Refusal(408, "the envelope came too slowly", {"connection": "close"}) from None
        if message["type"] == "http.disconnect":
            raise ConnectionResetError
        piece: bytes = message.get("body", b"")
        self._meter.count(piece)
        self.more = message.get("more_body", False)
        if not self.more:
            self._meter.end()
        return piece


def _chained(start: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    yield start
    yield from rest


def _headers_of(environ: dict[str, Any]) -> dict[str, str]:
    names = {key[5:].replace("_", "-").lower(): value for key, value in environ.items() if key.startswith("HTTP_")}
    length = environ.get("CONTENT_LENGTH")
    return {**names, "content-length": length} if length else names


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Unknown"


def _dsns_of(settings: Settings) -> list[Dsn]:
    """Exactly the DSNs of the settings."""
    return [dsn for dsn in (settings.browser_dsn, settings.dsn, settings.worker_dsn) if dsn is not None]


def _parsed(dsn: str | Dsn) -> Dsn:
    """Read a DSN as the settings do.

    Raises:
        InvalidSetting: it is none.
    """
    found = Settings.from_env({}, browser_dsn=dsn).browser_dsn
    if found is None:
        raise InvalidSetting("dsns", "", "a DSN, https://<public key>@<host>/<project id>")
    return found
