"""Small servers on loopback that answer byte by byte as a test wants: raw sockets, TLS, proxies."""

from __future__ import annotations

import contextlib
import os
import select
import socket
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable
    from pathlib import Path

    from typing_extensions import Self

OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"


@dataclass(slots=True)
class Talk:
    """One connection, as the server's script sees it."""

    sock: Any
    buffer: bytearray = field(default_factory=bytearray)

    def request(self) -> tuple[str, dict[str, str], bytes]:
        """Read one request: first line, headers in lower case, body.

        Raises:
            ConnectionError: the client went away.
        """
        head = self._until(b"\r\n\r\n")
        line, *lines = head.decode().split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (one.partition(":") for one in lines if one)}
        size = int(headers.get("content-length", "0"))
        while len(self.buffer) < size:
            self._more()
        body, self.buffer = self.buffer[:size], self.buffer[size:]
        return line, headers, bytes(body)

    def say(self, data: bytes) -> None:
        """Send."""
        self.sock.sendall(data)

    def _until(self, mark: bytes) -> bytearray:
        while mark not in self.buffer:
            self._more()
        head, _, self.buffer = self.buffer.partition(mark)
        return head

    def _more(self) -> None:
        data = self.sock.recv(65_536)
        if not data:
            raise ConnectionError("the client went away")
        self.buffer += data


@dataclass(slots=True)
class Server:
    """Listens on loopback and runs a script for each connection, on a thread.

    Args:
        script: what to do with a connection; it is closed afterwards.
        tls: context for TLS.
        host: loopback address, or the path of a Unix socket.
        port: 0 takes a free one; it is kept, so that the server can come back.
    """

    script: Callable[[Talk], None]
    tls: ssl.SSLContext | None = None
    host: str = "127.0.0.1"
    requests: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)
    connections: int = 0
    port: int = 0
    _listener: socket.socket | None = None
    _open: list[socket.socket] = field(default_factory=list)

    def __enter__(self) -> Self:
        if self.host.startswith("/"):
            self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            self._listener.bind(self.host)
            self._listener.listen()
        else:
            family = socket.AF_INET6 if ":" in self.host else socket.AF_INET
            self._listener = socket.create_server((self.host, self.port), family=family)
            self.port = int(self._listener.getsockname()[1])
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        assert self._listener is not None
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for sock in self._open:
            sock.close()

    @property
    def dsn(self) -> str:
        """DSN of it."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'https' if self.tls else 'http'}://key@{host}:{self.port}/1"

    def _accept(self) -> None:
        assert self._listener is not None
        while True:
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            self._open.append(sock)
            threading.Thread(target=self._serve, args=(sock,), daemon=True).start()

    def _serve(self, sock: socket.socket) -> None:
        with contextlib.suppress(OSError, ValueError):
            if self.tls is not None:
                sock = self.tls.wrap_socket(sock, server_side=True)
                self._open.append(sock)
            self.script(Talk(sock))
        sock.close()


def answering(server_requests: list[Any] | None = None, answer: bytes = OK) -> Callable[[Talk], None]:
    """A script that answers every request of a connection the same way."""

    def script(talk: Talk) -> None:
        while True:
            request = talk.request()
            if server_requests is not None:
                server_requests.append(request)
            talk.say(answer)

    return script


def http_proxy(seen: list[tuple[str, dict[str, str]]]) -> Callable[[Talk], None]:
    """A proxy's script: opens tunnels, and answers plain requests itself."""

    def script(talk: Talk) -> None:
        while True:
            line, headers, _ = talk.request()
            seen.append((line, headers))
            method, target, _ = line.split(" ")
            if method == "CONNECT":
                host, _, port = target.rpartition(":")
                with socket.create_connection((host, int(port))) as upstream:
                    talk.say(b"HTTP/1.1 200 Connection established\r\n\r\n")
                    _pipe(talk.sock, upstream)
                return
            talk.say(OK)

    return script


def socks_proxy(seen: list[tuple[str, int]]) -> Callable[[Talk], None]:
    """A SOCKS5 proxy's script: no login, CONNECT to an IPv4 address."""

    def script(talk: Talk) -> None:
        talk.sock.recv(256)
        talk.say(b"\x05\x00")
        asked = talk.sock.recv(256)
        assert asked[:4] == b"\x05\x01\x00\x01"
        host, port = socket.inet_ntoa(asked[4:8]), int.from_bytes(asked[8:10], "big")
        seen.append((host, port))
        with socket.create_connection((host, port)) as upstream:
            talk.say(b"\x05\x00\x00\x01" + bytes(6))
            _pipe(talk.sock, upstream)

    return script


def _pipe(one: socket.socket, other: socket.socket) -> None:
    """Copy both ways until one side ends."""
    pairs = {one: other, other: one}
    while True:
        for readable in select.select(list(pairs), [], [])[0]:
            data = readable.recv(65_536)
            if not data:
                return
            pairs[readable].sendall(data)


def closed_port() -> int:
    """A port on which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def socket_path(folder: Path) -> str:
    """A path short enough for a Unix socket."""
    return os.fspath(folder / "s")
