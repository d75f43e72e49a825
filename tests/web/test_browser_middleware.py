"""Pages of real frameworks with the snippet in them, and everything else as it was."""

from __future__ import annotations

import asyncio
import gzip
import logging
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import flask
import httpx
import pytest
from starlette.applications import Starlette
from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import FileResponse, HTMLResponse, JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from otel_sentry.settings.settings import Settings
from otel_sentry.web.browser_middleware import BrowserMiddleware
from tests.web.servers import asgi_server, exchange, post, wsgi_server

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from otel_sentry.local.receiver import Receiver

DSN = "https://public@sentry.example/3"
PAGE = "<!doctype html><html><head><title>Café</title></head><body>" + "x" * 5000 + "</body></html>"
REPORT = '{"type":"client_report"}\n{"timestamp":1,"discarded_events":[]}'
MARK = 'id="otel-sentry"'


def settings(**keywords: Any) -> Settings:
    return Settings.from_env({}, browser_dsn=DSN, **keywords)


async def streamed(_: Any) -> StreamingResponse:
    async def pieces() -> AsyncIterator[str]:
        for at in range(0, len(PAGE), 7):
            yield PAGE[at : at + 7]

    return StreamingResponse(pieces(), media_type="text/html")


def starlette(tmp_path: Path) -> Starlette:
    """Responses of every kind."""
    (tmp_path / "page.html").write_text(PAGE)
    own = {"etag": '"a"', "last-modified": "yesterday"}
    routes = {
        "/page": lambda _: HTMLResponse(PAGE, headers=own),
        "/shared": lambda _: HTMLResponse(PAGE, headers={"cache-control": "public, max-age=60"}),
        "/kept": lambda _: HTMLResponse(PAGE, headers={"cache-control": "no-store"}),
        "/missing": lambda _: HTMLResponse(PAGE, 404),
        "/fragment": lambda _: HTMLResponse("<p>part</p>", headers=own),
        "/empty": lambda _: HTMLResponse(""),
        "/unchanged": lambda _: Response(status_code=304, headers={"content-type": "text/html"}),
        "/download": lambda _: HTMLResponse(PAGE, headers={"content-disposition": "attachment"}),
        "/packed": lambda _: HTMLResponse(PAGE, headers={"content-encoding": "zz"}),
        "/utf16": lambda _: Response(PAGE.encode("utf-16"), media_type="text/html; charset=utf-16"),
        "/api": lambda _: JSONResponse({"page": PAGE}),
        "/file": lambda _: FileResponse(tmp_path / "page.html"),
        "/stream": streamed,
        "/nonce": lambda _: HTMLResponse(PAGE, headers={"content-security-policy": "script-src 'nonce-r4nd'"}),
        "/strict": lambda _: HTMLResponse(PAGE, headers={"content-security-policy": "default-src 'self'"}),
    }
    return Starlette(routes=[Route(path, endpoint) for path, endpoint in routes.items()])


def ask(app: Any, path: str, method: str = "GET", **headers: str) -> httpx.Response:
    """One request."""

    async def run() -> httpx.Response:
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://shop") as client:
            return await client.request(method, path, headers={"accept-encoding": "identity", **headers})

    return asyncio.run(run())


def both(tmp_path: Path, path: str, method: str = "GET") -> tuple[httpx.Response, httpx.Response]:
    """The answers without and with the middleware."""
    around = BrowserMiddleware(starlette(tmp_path), settings=settings())
    return ask(starlette(tmp_path), path, method), ask(around, path, method)


@pytest.mark.parametrize("path", ["/page", "/shared", "/kept", "/missing", "/file", "/stream", "/nonce"])
def test_pages_get_the_snippet_in_their_head(tmp_path: Path, path: str) -> None:
    """Once, and the rest is byte for byte the same; a length that was told is right."""
    plain, changed = (
        ask(starlette(tmp_path), path),
        ask(BrowserMiddleware(starlette(tmp_path), settings=settings()), path),
    )
    start = plain.content.index(b"<head>") + len(b"<head>")
    end = changed.content.index(b"<title>")

    assert changed.text.count(MARK) == 1
    assert changed.content[:start] + changed.content[end:] == plain.content
    assert changed.status_code == plain.status_code
    assert changed.headers.get("content-length", len(changed.content)) in (
        len(changed.content),
        str(len(changed.content)),
    )
    assert ("content-length" in changed.headers) == ("content-length" in plain.headers)


@pytest.mark.parametrize("path", ["/fragment", "/empty", "/unchanged", "/download", "/packed", "/utf16", "/api"])
def test_everything_else_is_as_it_was(tmp_path: Path, path: str) -> None:
    """Fragments, downloads, data, and what we cannot read."""
    asked = [
        ask(app, path) for app in (starlette(tmp_path), BrowserMiddleware(starlette(tmp_path), settings=settings()))
    ]

    assert asked[0].content == asked[1].content
    assert asked[0].headers.raw == asked[1].headers.raw


def test_other_methods_are_as_they_were(tmp_path: Path) -> None:
    """HEAD has no body to change."""
    asked = [
        ask(app, "/page", "HEAD")
        for app in (starlette(tmp_path), BrowserMiddleware(starlette(tmp_path), settings=settings()))
    ]

    assert asked[0].headers.raw == asked[1].headers.raw


def test_a_personal_page_is_for_one_visitor(tmp_path: Path) -> None:
    """It cannot be told unchanged by its old tag, and no shared cache keeps it; what the application says stays."""
    app = BrowserMiddleware(starlette(tmp_path), settings=settings())
    page, shared, kept = ask(app, "/page"), ask(app, "/shared"), ask(app, "/kept")

    assert "etag" not in page.headers
    assert "last-modified" not in page.headers
    assert [one.headers["cache-control"] for one in (page, shared, kept)] == [
        *("private", "public, max-age=60", "no-store")
    ]


def test_a_nonce_is_used(tmp_path: Path) -> None:
    """The policy's own."""
    assert ' nonce="r4nd"' in ask(BrowserMiddleware(starlette(tmp_path), settings=settings()), "/nonce").text


def test_a_policy_that_forbids_scripts_is_obeyed(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """No script that the browser would refuse; one line says what to allow."""
    app = BrowserMiddleware(starlette(tmp_path), settings=settings())
    with caplog.at_level(logging.WARNING, "otel_sentry"):
        texts = [ask(app, "/strict").text for _ in range(2)]

    assert [MARK in text for text in texts] == [False, False]
    assert caplog.messages == [f"the content security policy keeps the browser SDK out: allow '{app.page.script_hash}'"]


@pytest.mark.parametrize("path", ["/page", "/stream"])
def test_compressed_pages_are_compressed_again(tmp_path: Path, path: str) -> None:
    """Compression may be inside of us."""
    app = BrowserMiddleware(GZipMiddleware(starlette(tmp_path)), settings=settings())
    answer = ask(app, path, **{"accept-encoding": "gzip"})

    assert answer.headers["content-encoding"] == "gzip"
    assert answer.text.count(MARK) == 1
    assert answer.text.endswith("</body></html>")
    assert int(answer.headers.get("content-length", 1)) > 0


def test_pieces_are_sent_as_they_come(tmp_path: Path) -> None:
    """A page that is made slowly is shown slowly: each piece leaves before the next is made."""
    log: list[str] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send(
            {"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/html;charset=a")]}
        )
        for piece in (b"<html><head>", b"<title>a</title>", b"</head>", b"<body>"):
            log.append(piece.decode())
            await send({"type": "http.response.body", "body": piece, "more_body": True})
        await send({"type": "http.response.body", "body": b""})

    async def send(message: Any) -> None:
        log.append(f"sent {message.get('body', b'start')[-8:].decode()}")

    scope = {"type": "http", "method": "GET", "path": "/", "headers": []}
    asyncio.run(BrowserMiddleware(app, settings=settings())(scope, None, send))

    assert log == [
        *("<html><head>", "sent start", "sent /script>", "<title>a</title>", "sent </title>"),
        *("</head>", "sent </head>", "<body>", "sent <body>", "sent "),
    ]


def test_without_a_browser_dsn_it_is_not_there(tmp_path: Path) -> None:
    """Same bytes, no tunnel."""
    app = BrowserMiddleware(starlette(tmp_path), settings=Settings.from_env({}))

    assert ask(app, "/page").text == PAGE
    assert ask(app, "/otel-sentry/tunnel", "POST").status_code == 404


def test_a_broken_snippet_breaks_no_page(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """One line in the log; the page goes out as it was."""
    app = BrowserMiddleware(starlette(tmp_path), settings=settings(wallet_privacy="hash", wallet_hash_key="k"))
    app.page._told = None  # type: ignore[method-assign,assignment]  # whatever goes wrong

    assert ask(app, "/page").text == PAGE
    assert "a page gets no browser SDK" in caplog.text


def test_the_tunnel_is_there_too(receiver: Receiver) -> None:
    """One line is enough; other DSNs than the browser's are not let through."""
    known = Settings.from_env({}, browser_dsn=receiver.dsn_of(3), dsn=receiver.dsn)
    envelopes = [f'{{"dsn":"{dsn}"}}\n{REPORT}'.encode() for dsn in (receiver.dsn_of(3), receiver.dsn)]
    with asgi_server(BrowserMiddleware(Starlette(), settings=known)) as port:
        statuses = [exchange(port, post(one, path="/otel-sentry/tunnel"))[0] for one in envelopes]

    assert statuses == [200, 403]


def test_the_sdk_is_served_from_a_file(tmp_path: Path) -> None:
    """With headers that let browsers keep it."""
    file = tmp_path / "sentry.js"
    file.write_text("window.Sentry = {}")
    app = BrowserMiddleware(starlette(tmp_path), settings=settings(browser_sdk=str(file)))
    answer = ask(app, app.page.sdk.url)

    assert (answer.status_code, answer.text) == (200, "window.Sentry = {}")
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert answer.headers["content-type"] == "text/javascript; charset=utf-8"
    assert ask(app, "/otel-sentry/sentry-0.js").status_code == 404


class Shop:
    """A WSGI application; its answers are told by path."""

    closed = 0

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
        path = environ["PATH_INFO"]
        body = PAGE.encode()
        headers = [("Content-Type", "text/html; charset=utf-8")]
        if path == "/list":
            start_response("200 OK", [*headers, ("Content-Length", str(len(body)))])
            return [body]
        if path == "/gzip":
            start_response("200 OK", [*headers, ("Content-Encoding", "gzip")])
            return [gzip.compress(body)]
        if path == "/write":
            write = start_response("200 OK", headers)
            write(body[:9])
            write(body[9:])
            return []
        if path == "/data":
            start_response("200 OK", [("Content-Type", "text/plain")])
            return [body]
        return self.generated(start_response, headers, body)

    def generated(self, start_response: Any, headers: Any, body: bytes) -> Iterator[bytes]:
        start_response("200 OK", headers)
        try:
            for at in range(0, len(body), 11):
                yield body[at : at + 11]
        finally:
            self.closed += 1


@pytest.mark.parametrize("path", ["/list", "/generated", "/write", "/gzip"])
def test_wsgi_pages(path: str) -> None:
    """However the application answers, and through a real server."""
    shop = Shop()
    with wsgi_server(BrowserMiddleware(shop, settings=settings())) as port:
        status, headers, body = exchange(port, post(b"", method="GET", path=path))
    page = zlib.decompress(body, 31) if path == "/gzip" else body

    assert status == 200
    assert page.count(MARK.encode()) == 1
    assert page.endswith(b"</body></html>")
    assert int(headers.get("content-length", len(body))) == len(body)
    assert shop.closed == (path == "/generated")


def test_wsgi_data_is_as_it_was() -> None:
    """Down to the object that the server may know how to send."""
    app = BrowserMiddleware(Shop(), settings=settings())

    assert app({"REQUEST_METHOD": "GET", "PATH_INFO": "/data"}, lambda *_: None) == [PAGE.encode()]


def test_flask_needs_one_line(receiver: Receiver) -> None:
    """The application object stays the application."""
    shop = flask.Flask("shop")
    shop.add_url_rule("/", view_func=lambda: PAGE)
    BrowserMiddleware(shop, settings=Settings.from_env({}, browser_dsn=receiver.dsn_of(3)))
    client = shop.test_client()
    body = f'{{"dsn":"{receiver.dsn_of(3)}"}}\n{REPORT}'.encode()

    assert client.get("/").text.count(MARK) == 1
    assert client.post("/otel-sentry/tunnel", data=body).status_code == 200
