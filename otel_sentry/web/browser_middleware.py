"""`BrowserMiddleware`: Sentry's browser SDK in every page of an application, the tunnel included. One line.

Thin: where the snippet goes is decided in `page_response`. Rule: whatever goes wrong here, the page goes out as it was.
"""

from __future__ import annotations

import logging
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final, cast

from otel_sentry.settings.settings import Settings
from otel_sentry.web.interface import Interface, interface_of
from otel_sentry.web.page_response import PageResponse, is_page
from otel_sentry.web.sdk_script import PATH
from otel_sentry.web.snippet import BrowserPage
from otel_sentry.web.tunnel import Tunnel

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from typing_extensions import Self

    from otel_sentry.web.page_response import Header
    from otel_sentry.web.wallet_middleware import Message, Receive, Send, StartResponse

DEFAULT_TUNNEL: Final = f"{PATH}tunnel"
_FOR_EVER: Final = "public, max-age=31536000, immutable"

_logger = logging.getLogger(__name__)


class BrowserMiddleware:
    """Puts `browser_snippet` into the pages of an application, and serves the tunnel that they send through.

    `BrowserMiddleware(app)` makes the one that suits `app`: ASGI (also `app.add_middleware(BrowserMiddleware)` with
    Starlette and FastAPI), Flask (give it the `Flask` object, nothing else is needed), or any other WSGI application
    (Django's too). Without a browser's DSN it does nothing.

    Args:
        app: the application to wrap.
        settings: those of the environment if None.
        tunnel: False lets pages send to Sentry themselves.

    Raises:
        InvalidSetting: a setting cannot be used.
    """

    def __new__(cls, app: Any, **_: Any) -> Self:
        """Choose the kind that suits `app`."""
        kind = cast("type[Self]", _KINDS[interface_of(app)]) if cls is BrowserMiddleware else cls
        return super().__new__(kind)

    def __init__(self, app: Any, *, settings: Settings | None = None, tunnel: bool = True) -> None:
        known = settings or Settings.from_env()
        self.app = app
        self.tunnel_path = known.tunnel_path or DEFAULT_TUNNEL
        self.page = BrowserPage(known, tunnel=self.tunnel_path if tunnel else None)
        self.active = known.browser_dsn is not None
        self.tunnel = Tunnel([known.browser_dsn], settings=known) if known.browser_dsn and tunnel else None
        self._complained: set[str] = set()

    def response(self, method: str, status: int, headers: list[Header]) -> PageResponse | None:
        """What handles a response; None if it is to be left alone."""
        try:
            if not is_page(method, status, headers):
                return None
            found = PageResponse(headers, self.page.snippet, self.page.script_hash)
        except Exception as error:  # noqa: BLE001 - the page matters more than what we would tell of it
            self._complain("a page gets no browser SDK: %r", error)
            return None
        if not found.rule.allowed:
            self._complain("the content security policy keeps the browser SDK out: allow '%s'", self.page.script_hash)
        return found

    def sdk_at(self, method: str, path: str) -> bytes | None:
        """The SDK's file, if that is what is asked for."""
        return self.page.sdk.content if method in ("GET", "HEAD") and path == self.page.sdk.url else None

    def _complain(self, line: str, what: object) -> None:
        if line not in self._complained:
            self._complained.add(line)
            _logger.warning(line, what)


class AsgiBrowserMiddleware(BrowserMiddleware):
    """For ASGI applications."""

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Run the application for one connection."""
        if scope["type"] != "http" or not self.active:
            await self.app(scope, receive, send)
            return
        path = scope["path"].removeprefix(scope.get("root_path", ""))
        if self.tunnel is not None and path == self.tunnel_path:
            await self.tunnel(scope, receive, send)
            return
        sdk = self.sdk_at(scope["method"], path)
        if sdk is not None:
            await _send_sdk(send, b"" if scope["method"] == "HEAD" else sdk)
            return
        await self.app(scope, receive, _AsgiAnswer(self, scope["method"], send))


class _AsgiAnswer:
    """What the application sends with: one response."""

    def __init__(self, middleware: BrowserMiddleware, method: str, send: Send) -> None:
        self._middleware = middleware
        self._method = method
        self._send = send
        self._start: Message | None = None
        self._page: PageResponse | None = None

    async def __call__(self, message: Message) -> None:
        kind = message["type"]
        if kind == "http.response.start":
            headers = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in message.get("headers", ())]
            self._page = self._middleware.response(self._method, message["status"], headers)
            if self._page is not None:
                self._start = message
                return
        elif kind == "http.response.body" and self._page is not None:
            await self._send_piece(message)
            return
        elif self._start is not None:  # a file that the server sends by itself: nothing can be put into it
            await self._send(self._start)
            self._start = self._page = None
        await self._send(message)

    async def _send_piece(self, message: Message) -> None:
        page, more = self._page, message.get("more_body", False)
        assert page is not None  # noqa: S101 - the caller has looked
        body = page.feed(message.get("body", b""), last=not more)
        if not page.decided:
            return
        if self._start is not None:
            headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in page.headers()]
            await self._send({**self._start, "headers": headers})
            self._start = None
        await self._send({**message, "body": body})


class WsgiBrowserMiddleware(BrowserMiddleware):
    """For WSGI applications."""

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        """Run the application for one request."""
        return self.around(self.app, environ, start_response)

    def around(self, app: Any, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        """Run a WSGI application for one request."""
        method, path = environ["REQUEST_METHOD"], environ.get("PATH_INFO", "")
        if not self.active:
            return app(environ, start_response)  # type: ignore[no-any-return]  # WSGI
        if self.tunnel is not None and path == self.tunnel_path:
            return self.tunnel.wsgi(environ, start_response)
        sdk = self.sdk_at(method, path)
        if sdk is not None:
            start_response("200 OK", [(k.decode(), v.decode()) for k, v in _sdk_headers(sdk)])
            return [b"" if method == "HEAD" else sdk]
        answer = _WsgiAnswer(self, method, start_response)
        return answer.pieces(app(environ, answer.start))


class _WsgiAnswer:
    """One response of a WSGI application."""

    def __init__(self, middleware: BrowserMiddleware, method: str, start_response: StartResponse) -> None:
        self._middleware = middleware
        self._method = method
        self._start_response = start_response
        self._page: PageResponse | None = None
        self._started: tuple[Any, ...] | None = None
        self._write: Any = None

    def start(self, status: str, headers: list[Header], *exc_info: Any) -> Any:
        """What the application calls; the server is told later if this is a page."""
        self._page = self._middleware.response(self._method, int(status.split(" ", 1)[0]), headers)
        if self._page is None:
            return self._start_response(status, headers, *exc_info)
        self._started = (status, *exc_info)
        return self._written

    def pieces(self, body: Iterable[bytes]) -> Iterable[bytes]:
        """The body, with the snippet where this is a page."""
        if self._page is None and self._started is None and isinstance(body, (list, tuple)):
            return body
        return self._passed_on(body)

    def _passed_on(self, body: Iterable[bytes]) -> Iterator[bytes]:
        try:
            yield from self._answered(iter(body))
        finally:
            getattr(body, "close", lambda: None)()

    def _answered(self, pieces: Iterator[bytes]) -> Iterator[bytes]:
        piece = next(pieces, None)
        while piece is not None:
            following = next(pieces, None) if self._page is not None and not self._page.decided else _LATER
            out = self._fed(piece, last=following is None)
            if out:
                yield out
            piece = next(pieces, None) if following is _LATER else cast("bytes | None", following)
        rest = self._fed(b"", last=True)
        if rest:
            yield rest

    def _fed(self, piece: bytes, *, last: bool) -> bytes:
        page = self._page
        if page is None:
            return piece
        out = page.feed(piece, last=last)
        if page.decided and self._started is not None:
            status, *exc_info = self._started
            self._started = None
            self._write = self._start_response(status, page.headers(), *exc_info)
        return out

    def _written(self, data: bytes) -> None:
        """The imperative way of WSGI's first days."""
        out = self._fed(data, last=False)
        if out:
            self._write(out)


_LATER: Final = object()


class FlaskBrowserMiddleware(WsgiBrowserMiddleware):
    """For Flask: inside of whatever traces it, so that the snippet is made within the request's span."""

    def __init__(self, app: Any, **keywords: Any) -> None:
        super().__init__(app, **keywords)
        inner = app.wsgi_app
        app.wsgi_app = lambda environ, start_response: self.around(inner, environ, start_response)

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        """The application itself: what is inside of it does the work."""
        return self.app(environ, start_response)  # type: ignore[no-any-return]  # WSGI


_KINDS: Final = {
    Interface.ASGI: AsgiBrowserMiddleware,
    Interface.WSGI: WsgiBrowserMiddleware,
    Interface.FLASK: FlaskBrowserMiddleware,
}


async def _send_sdk(send: Send, body: bytes) -> None:
    await send({"type": "http.response.start", "status": HTTPStatus.OK.value, "headers": _sdk_headers(body)})
    await send({"type": "http.response.body", "body": body})


def _sdk_headers(sdk: bytes) -> list[tuple[bytes, bytes]]:
    """The name changes with the file, so that browsers need never ask again."""
    headers = {
        "content-type": "text/javascript; charset=utf-8",
        "content-length": str(len(sdk)),
        "cache-control": _FOR_EVER,
        "x-content-type-options": "nosniff",
    }
    return [(name.encode(), value.encode()) for name, value in headers.items()]
