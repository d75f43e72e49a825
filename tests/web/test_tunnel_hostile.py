"""Sixty requests that a tunnel must refuse, over real connections; nothing of them reaches anybody."""

from __future__ import annotations

import json
import socket
import threading
from typing import TYPE_CHECKING, Any

import pytest

from otel_sentry.local.receiver import Receiver
from otel_sentry.settings.settings import Settings
from otel_sentry.web.tunnel import Tunnel
from tests.web.servers import asgi_server, exchange, post, wsgi_server

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

MAX_BYTES = 100_000


class Town:
    """A tunnel under both interfaces, the Sentry it may reach, and a server that nobody may reach."""

    def __init__(self, sentry: Receiver, trap: socket.socket, ports: dict[str, int]) -> None:
        self.sentry = sentry
        self.trap_port = trap.getsockname()[1]
        self.trapped = 0
        self.ports = ports
        self._trap = trap
        threading.Thread(target=self._watch, daemon=True).start()

    def _watch(self) -> None:
        while True:
            try:
                connection, _ = self._trap.accept()
            except OSError:
                return
            self.trapped += 1
            connection.close()

    def dsn(self, **changes: Any) -> str:
        """The allowed DSN, with parts changed."""
        parts = {"scheme": "http", "login": "browser", "host": f"127.0.0.1:{self.sentry.port}", "project": "3"}
        parts |= changes
        return "{scheme}://{login}@{host}/{project}".format(**parts)


@pytest.fixture(scope="module", name="town")
def _town() -> Iterator[Town]:
    with Receiver(port=0, public_key="browser") as sentry, socket.create_server(("127.0.0.1", 0)) as trap:
        settings = Settings.from_env({}, tunnel_max_bytes=MAX_BYTES, tunnel_max_rate=100_000)
        tunnel = Tunnel([sentry.dsn_of(3)], settings=settings, seconds_for_a_body=0.3)
        with asgi_server(tunnel) as asgi, wsgi_server(tunnel.wsgi) as wsgi:
            yield Town(sentry, trap, {"asgi": asgi, "wsgi": wsgi})


def envelope(header: object) -> bytes:
    return json.dumps(header).encode() + b'\n{"type":"session"}\n{}'


def to(**changes: Any) -> Callable[[Town], bytes]:
    """An envelope whose DSN has parts changed; `{trap}` and `{port}` are filled in."""

    def body(town: Town) -> bytes:
        filled = {k: v.format(trap=town.trap_port, port=town.sentry.port) for k, v in changes.items()}
        return post(envelope({"dsn": town.dsn(**filled)}))

    return body


def raw(header: bytes) -> Callable[[Town], bytes]:
    """An envelope with this first line; `@DSN@` is the allowed one."""
    return lambda town: post(header.replace(b"@DSN@", town.dsn().encode()) + b'\n{"type":"session"}\n{}')


def told(*headers: str, method: str = "POST", body: bytes | None = None) -> Callable[[Town], bytes]:
    """A good envelope in a request that is not."""
    return lambda town: post(envelope({"dsn": town.dsn()}) if body is None else body, *headers, method=method)


ELSEWHERE = [
    pytest.param(to(host="127.0.0.1:{trap}"), id="another port"),
    pytest.param(to(host="localhost:{port}"), id="another name of the same host"),
    pytest.param(to(host="127.1:{port}"), id="short IPv4"),
    pytest.param(to(host="2130706433:{port}"), id="decimal IPv4"),
    pytest.param(to(host="0x7f000001:{port}"), id="hexadecimal IPv4"),
    pytest.param(to(host="0177.0.0.1:{port}"), id="octal IPv4"),
    pytest.param(to(host="[::1]:{port}"), id="IPv6"),
    pytest.param(to(host="[::ffff:127.0.0.1]:{port}"), id="IPv4 in IPv6"),
    pytest.param(to(host="[0:0:0:0:0:ffff:7f00:1]:{trap}"), id="IPv4 in long IPv6"),
    pytest.param(to(host="127.0.0.1.:{port}"), id="dot behind the host"),
    pytest.param(to(host="127.0.0.1"), id="no port"),
    pytest.param(to(host="169.254.169.254"), id="cloud metadata"),
    pytest.param(to(host="evil.example"), id="stranger"),
    pytest.param(to(host="127.0.0.1:{port}@127.0.0.1:{trap}"), id="allowed host as user"),
    pytest.param(to(login="browser:x"), id="with a password"),
    pytest.param(to(login="browser@127.0.0.1:{port}", host="127.0.0.1:{trap}"), id="two at signs"),
    pytest.param(to(login="other"), id="another key"),
    pytest.param(to(login="BROWSER"), id="key in capitals"),
    pytest.param(to(project="4"), id="another project"),
    pytest.param(to(project="x/3"), id="another path"),
    pytest.param(to(project="../3"), id="path that climbs"),
    pytest.param(to(project="%2e%2e/3"), id="path that climbs in disguise"),
    pytest.param(to(project="3/../../3"), id="path that comes back"),
    pytest.param(to(project="03"), id="zero before the project"),
    pytest.param(to(project="\uff13"), id="full-width digit"),
    pytest.param(to(scheme="https"), id="other scheme"),
    pytest.param(to(host="127.0.0.1:{port}\\@127.0.0.1:{trap}"), id="backslash"),
    pytest.param(to(host="127.0.0.1:{port}#@127.0.0.1:{trap}"), id="fragment"),
    pytest.param(to(host="127.0.0.1:{port}?@127.0.0.1:{trap}"), id="query"),
    pytest.param(to(host="1\u0662\u0667.0.0.1:{port}"), id="digits of another alphabet"),
]
NO_DSN = [
    pytest.param(raw(b'{"dsn":"@DSN@","dsn":"@DSN@"}'), id="the same DSN twice"),
    pytest.param(raw(b'{"dsn":"@DSN@","dsn":"http://browser@evil.example/3"}'), id="two DSNs, good one first"),
    pytest.param(raw(b'{"dsn":"http://browser@evil.example/3","dsn":"@DSN@"}'), id="two DSNs, good one last"),
    pytest.param(raw(b'{"dsn":"@DSN@","\\u0064sn":"http://browser@evil.example/3"}'), id="second DSN in disguise"),
    pytest.param(raw(b'{"dsn":["@DSN@","http://browser@evil.example/3"]}'), id="list of DSNs"),
    pytest.param(raw(b'{"dsn":{"toString":"@DSN@"}}'), id="object"),
    pytest.param(raw(b'{"dsn":null}'), id="null"),
    pytest.param(raw(b'{"dsn":3}'), id="number"),
    pytest.param(raw(b'{"dsn":""}'), id="empty"),
    pytest.param(raw(b'{"dsn":"file:///etc/passwd"}'), id="file"),
    pytest.param(raw(b'{"dsn":"gopher://browser@127.0.0.1/3"}'), id="gopher"),
    pytest.param(raw(b'{"dsn":"http://browser@[::1/3"}'), id="bracket left open"),
    pytest.param(raw(b'{"dsn":"http://browser@127.0.0.1:99999/3"}'), id="port too large"),
    pytest.param(raw(b'{"event_id":"0"}'), id="no DSN"),
    pytest.param(raw(b'["@DSN@"]'), id="list"),
    pytest.param(raw(b'"@DSN@"'), id="text"),
    pytest.param(raw(b""), id="blank first line"),
    pytest.param(raw(b"\x00\xff\xfe"), id="binary first line"),
    pytest.param(raw(b'{"dsn":"@DSN@"'), id="half a header"),
    pytest.param(raw(b"[" * 10_000), id="deep brackets"),
    pytest.param(raw(b'{"dsn":"@DSN@","x":"' + b"x" * 20_000 + b'"}'), id="endless header"),
]
OTHER = [
    pytest.param(told(method="GET"), 405, id="GET"),
    pytest.param(told(method="PUT"), 405, id="PUT"),
    pytest.param(told(method="DELETE"), 405, id="DELETE"),
    pytest.param(told(method="OPTIONS"), 405, id="OPTIONS of nobody"),
    pytest.param(told("Origin: https://evil.example", method="OPTIONS"), 405, id="preflight of a stranger"),
    pytest.param(told("Origin: https://evil.example"), 403, id="page of a stranger"),
    pytest.param(told("Origin: https://shop.example.evil.example"), 403, id="page of a longer name"),
    pytest.param(told("Origin: https://shop.example:8443"), 403, id="page of another port"),
    pytest.param(told("Origin: null"), 403, id="page without origin"),
    pytest.param(told("Origin: https://[::1"), 403, id="origin that cannot be read"),
    pytest.param(told("Sec-Fetch-Site: cross-site"), 403, id="browser says cross-site"),
    pytest.param(told("Content-Encoding: gzip"), 415, id="compressed"),
    pytest.param(told(body=b""), 400, id="empty body"),
    pytest.param(told(f"Content-Length: {MAX_BYTES + 1}"), 413, id="announces too much"),
    pytest.param(told("Content-Length: 999999999999999"), 413, id="announces an absurdity"),
    pytest.param(told("Content-Length: -5"), 400, id="negative length"),
    pytest.param(told("Content-Length: 1e3"), 400, id="length that is no number"),
]


@pytest.fixture(params=["asgi", "wsgi"], name="port")
def _port(request: pytest.FixtureRequest, town: Town) -> Iterator[int]:
    requests = town.sentry.requests
    yield town.ports[request.param]

    assert (town.trapped, town.sentry.requests) == (0, requests)


@pytest.mark.parametrize("request_of", ELSEWHERE)
def test_other_destinations_are_forbidden(town: Town, port: int, request_of: Callable[[Town], bytes]) -> None:
    """403 or, where the DSN cannot even be read, 400; never a connection to anywhere."""
    status, _, body = exchange(port, request_of(town))

    assert status in (400, 403)
    assert json.loads(body)["detail"]


@pytest.mark.parametrize("request_of", NO_DSN)
def test_what_is_no_envelope_is_a_bad_request(town: Town, port: int, request_of: Callable[[Town], bytes]) -> None:
    """400, without repeating what was sent."""
    status, headers, body = exchange(port, request_of(town))

    assert status == 400
    assert b"evil" not in body
    assert headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(("request_of", "expected"), OTHER)
def test_the_request_itself_is_wrong(town: Town, port: int, request_of: Callable[[Town], bytes], expected: int) -> None:
    """Each in its own way: method, origin, encoding, length."""
    status, _, _ = exchange(port, request_of(town))

    assert status == expected


def test_a_large_body_without_a_length_is_cut(town: Town) -> None:
    """Chunks are counted as they come; Sentry never sees the end of it, so that it takes nothing."""
    chunk = b"x" * 50_000
    pieces = [envelope({"dsn": town.dsn()}), chunk, chunk, chunk]
    sent = [f"{len(piece):x}\r\n".encode() + piece + b"\r\n" for piece in pieces]

    status, _, _ = exchange(town.ports["asgi"], post(b"", "Transfer-Encoding: chunked"), *sent)

    assert status == 413
    assert town.sentry.envelopes == []


def test_wsgi_wants_a_length(town: Town) -> None:
    """Where the server does not mark the end of a chunked body it could be waited for without end."""
    status, _, _ = exchange(town.ports["wsgi"], post(b"", "Transfer-Encoding: chunked"))

    assert status == 411


@pytest.mark.parametrize("size", [2_000, 90_000], ids=["small", "larger than the buffer"])
@pytest.mark.parametrize("interface", ["asgi", "wsgi"])
def test_a_body_that_breaks_off_is_not_delivered(town: Town, interface: str, size: int) -> None:
    """Whoever dies while sending has sent nothing."""
    whole = post(envelope({"dsn": town.dsn()}) + b"x" * size)

    exchange(town.ports[interface], whole[:-1_000], hang_up=True)

    assert town.sentry.envelopes == []


@pytest.mark.parametrize("size", [0, 70_000], ids=["in the header", "behind the buffer"])
def test_a_slow_sender_is_sent_away(town: Town, size: int) -> None:
    """A body has to come in time; the connection ends."""
    whole = post(envelope({"dsn": town.dsn()}) + b"x" * 90_000)

    status, _, _ = exchange(town.ports["asgi"], whole[: 200 + size])

    assert status == 408
    assert town.sentry.envelopes == []
