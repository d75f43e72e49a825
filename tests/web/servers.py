"""Real servers on loopback for the tests of this folder, and requests written byte by byte."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from typing import TYPE_CHECKING, Any
from wsgiref.simple_server import WSGIRequestHandler, make_server

import uvicorn

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextlib.contextmanager
def asgi_server(app: Any) -> Iterator[int]:
    """Serve an ASGI application with uvicorn; gives the port."""
    listener = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(app, log_config=None, lifespan="off", proxy_headers=False, timeout_graceful_shutdown=1)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield listener.getsockname()[1]
    server.should_exit = True
    thread.join(10)


class _QuietHandler(WSGIRequestHandler):
    def log_message(self, *_: object) -> None:
        """Nobody reads it."""


@contextlib.contextmanager
def wsgi_server(app: Any) -> Iterator[int]:
    """Serve a WSGI application with wsgiref; gives the port."""
    with make_server("127.0.0.1", 0, app, handler_class=_QuietHandler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join(10)


def exchange(port: int, *pieces: bytes, hang_up: bool = False) -> tuple[int, dict[str, str], bytes]:
    """Send bytes as they are and read one answer.

    Args:
        port: of the server.
        pieces: sent one after the other.
        hang_up: close the sending side behind them, as a client that dies does.

    Returns:
        Status (0 without an answer), headers in lower case, body.
    """
    with socket.create_connection(("127.0.0.1", port), 20) as connection:
        with contextlib.suppress(ConnectionError):  # a server may answer before it has read all
            for piece in pieces:
                connection.sendall(piece)
            if hang_up:
                connection.shutdown(socket.SHUT_WR)
        answer = b""
        with contextlib.suppress(ConnectionError):
            while chunk := connection.recv(65536):
                answer += chunk
    head, _, body = answer.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    return int(first.split()[1]) if first else 0, headers, body


def post(body: bytes, *headers: str, method: str = "POST", path: str = "/", host: str = "shop.example") -> bytes:
    """A whole request; its content length is told unless `headers` do."""
    told = [f"Host: {host}", "Connection: close", *headers]
    if not any(line.lower().startswith(("content-length", "transfer-encoding")) for line in told):
        told.append(f"Content-Length: {len(body)}")
    return f"{method} {path} HTTP/1.1\r\n".encode() + "".join(f"{line}\r\n" for line in told).encode() + b"\r\n" + body
