"""Connections by sentry-sdk's options, to real servers on loopback."""

from __future__ import annotations

import base64
import socket
import ssl
from typing import TYPE_CHECKING, Any

import pytest
from opentelemetry import context

from otel_sentry.delivery.wire.dialler import suppressed
from tests.delivery.servers import Server, answering, closed_port, http_proxy, socket_path, socks_proxy

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import trustme

    from tests.delivery.wire.conftest import Flight

    NewFlight = Callable[..., Flight]


def test_posts_to_the_dsn(flight: NewFlight) -> None:
    """A plain DSN is reached over TCP; the request names path, host and key."""
    with Server(answering(seen := [])) as server:
        outcome = flight(server.dsn).post(b"hello")

    assert outcome.answer is not None
    assert outcome.answer.status == 200
    line, headers, body = seen[0]
    assert line == "POST /api/1/envelope/ HTTP/1.1"
    assert (headers["host"], headers["x-sentry-auth"], body) == (f"127.0.0.1:{server.port}", "k", b"hello")


@pytest.mark.skipif(not socket.has_ipv6, reason="no IPv6 here")
def test_reaches_ipv6(flight: NewFlight) -> None:
    """A DSN may name an IPv6 address."""
    with Server(answering(seen := []), host="::1") as server:
        outcome = flight(server.dsn).post()

    assert outcome.answer is not None
    assert seen[0][1]["host"] == f"[::1]:{server.port}"


def test_trusts_the_ca_it_is_given(flight: NewFlight, server_tls: ssl.SSLContext, ca_file: str) -> None:
    """`ca_certs` makes a private certificate authority known."""
    with Server(answering(), tls=server_tls) as server:
        outcome = flight(server.dsn, ca_certs=ca_file).post(b"x" * 300_000)

    assert outcome.answer is not None
    assert outcome.answer.status == 200


def test_trusts_nobody_else(flight: NewFlight, server_tls: ssl.SSLContext) -> None:
    """A certificate that no known authority signed ends the attempt."""
    with Server(answering(), tls=server_tls) as server:
        outcome = flight(server.dsn).post()

    assert "CERTIFICATE_VERIFY_FAILED" in outcome.error


def test_checks_the_name(flight: NewFlight, authority: trustme.CA, ca_file: str) -> None:
    """A certificate for another host is refused."""
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("elsewhere.example").configure_cert(tls)
    with Server(answering(), tls=tls) as server:
        outcome = flight(server.dsn, ca_certs=ca_file).post()

    assert "CERTIFICATE_VERIFY_FAILED" in outcome.error


def test_shows_its_client_certificate(
    flight: NewFlight, authority: trustme.CA, server_tls: ssl.SSLContext, ca_file: str, tmp_path: Path
) -> None:
    """`cert_file` and `key_file` let it in where certificates are asked for."""
    mine = authority.issue_cert("client.example")
    cert, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    mine.cert_chain_pems[0].write_to_path(str(cert))
    mine.private_key_pem.write_to_path(str(key))
    server_tls.verify_mode = ssl.CERT_REQUIRED
    authority.configure_trust(server_tls)
    with Server(answering(), tls=server_tls) as server:
        outcome = flight(server.dsn, ca_certs=ca_file, cert_file=str(cert), key_file=str(key)).post()

    assert outcome.answer is not None
    assert outcome.answer.status == 200


def test_a_forwarding_proxy_gets_the_whole_url(flight: NewFlight) -> None:
    """Towards an HTTP proxy a plain DSN is named in full, with login and `proxy_headers`."""
    seen: list[tuple[str, dict[str, str]]] = []
    with Server(http_proxy(seen)) as proxy:
        options = {"http_proxy": f"http://me:p%40ss@127.0.0.1:{proxy.port}", "proxy_headers": {"X-Team": "a"}}
        outcome = flight("http://key@sentry.example:81/1", **options).post()

    assert outcome.answer is not None
    line, headers = seen[0]
    assert line == "POST http://sentry.example:81/api/1/envelope/ HTTP/1.1"
    assert headers["host"] == "sentry.example:81"
    assert headers["x-team"] == "a"
    assert headers["proxy-authorization"] == "Basic " + base64.b64encode(b"me:p@ss").decode()


def test_a_proxy_is_asked_for_a_tunnel_to_https(flight: NewFlight, server_tls: ssl.SSLContext, ca_file: str) -> None:
    """A DSN over TLS goes through CONNECT; the proxy sees neither key nor envelope."""
    seen: list[tuple[str, dict[str, str]]] = []
    with Server(answering(arrived := []), tls=server_tls) as server, Server(http_proxy(seen)) as proxy:
        options = {"https_proxy": f"http://127.0.0.1:{proxy.port}", "proxy_headers": {"X-Team": "a"}}
        outcome = flight(server.dsn, ca_certs=ca_file, **options).post()

    assert outcome.answer is not None
    assert [line for line, _ in seen] == [f"CONNECT 127.0.0.1:{server.port} HTTP/1.1"] or "HTTP/1.0" in seen[0][0]
    assert seen[0][1]["x-team"] == "a"
    assert "x-team" not in arrived[0][1]


def test_a_proxy_may_itself_speak_tls(flight: NewFlight, server_tls: ssl.SSLContext, ca_file: str) -> None:
    """TLS to the proxy, and TLS through it to Sentry."""
    seen: list[tuple[str, dict[str, str]]] = []
    with Server(answering(), tls=server_tls) as server, Server(http_proxy(seen), tls=server_tls) as proxy:
        options = {"https_proxy": f"https://127.0.0.1:{proxy.port}", "ca_certs": ca_file}
        outcome = flight(server.dsn, **options).post(b"x" * 100_000)

    assert outcome.answer is not None
    assert seen[0][0].startswith(f"CONNECT 127.0.0.1:{server.port}")


def test_goes_through_socks(flight: NewFlight) -> None:
    """`socks5://` proxies work where PySocks is installed, as with sentry-sdk's own transport."""
    seen: list[tuple[str, int]] = []
    with Server(answering()) as server, Server(socks_proxy(seen)) as proxy:
        outcome = flight(server.dsn, http_proxy=f"socks5://127.0.0.1:{proxy.port}").post()

    assert outcome.answer is not None
    assert seen == [("127.0.0.1", server.port)]


def test_the_environment_names_proxies_too(flight: NewFlight, monkeypatch: pytest.MonkeyPatch) -> None:
    """`http_proxy` of the environment is used, `no_proxy` spares hosts, as in sentry-sdk."""
    seen: list[tuple[str, dict[str, str]]] = []
    with Server(http_proxy(seen)) as proxy, Server(answering()) as server:
        monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{proxy.port}")
        flight("http://key@sentry.example/1").post()
        monkeypatch.setenv("no_proxy", "127.0.0.1")
        flight(server.dsn).post()

    assert [line for line, _ in seen] == ["POST http://sentry.example/api/1/envelope/ HTTP/1.1"]
    assert server.connections == 1


def test_a_unix_socket_is_a_proxy_without_a_port(flight: NewFlight, tmp_path: Path) -> None:
    """`http_proxy="unix:///path"` reaches a Relay on this machine, whatever host the DSN names."""
    path = socket_path(tmp_path)
    with Server(answering(seen := []), host=path):
        outcome = flight("http://key@sentry.example/1", http_proxy=f"unix://{path}").post()

    assert outcome.answer is not None
    assert (seen[0][0], seen[0][1]["host"]) == ("POST /api/1/envelope/ HTTP/1.1", "sentry.example")


def test_sets_socket_options(flight: NewFlight) -> None:
    """`socket_options` reach the socket."""
    with Server(answering()) as server:
        one = flight(server.dsn, socket_options=[(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)])
        opened = one.dialler.dial(5)
        kept = opened.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
        opened.close()

    assert kept == 1


@pytest.mark.parametrize(
    ("dsn", "options"),
    [
        pytest.param(f"http://key@127.0.0.1:{closed_port()}/1", {}, id="nobody listens"),
        pytest.param("http://key@nobody.invalid/1", {}, id="no such name"),
        pytest.param("http://key@sentry.example/1", {"http_proxy": "unix:///nowhere/s"}, id="no such socket"),
    ],
)
def test_tells_why_it_cannot_connect(flight: NewFlight, dsn: str, options: dict[str, Any]) -> None:
    """A failed attempt is an outcome with a reason, not an exception."""
    outcome = flight(dsn, **options).connect()

    assert outcome.cargo is None
    assert outcome.error


def test_instrumentations_look_away() -> None:
    """In the context in which connections are opened, no instrumentation acts."""
    from opentelemetry.instrumentation.utils import (  # noqa: PLC0415  what instrumentations ask
        is_http_instrumentation_enabled,
        is_instrumentation_enabled,
    )

    token = context.attach(suppressed())
    try:
        enabled = (is_instrumentation_enabled(), is_http_instrumentation_enabled())
    finally:
        context.detach(token)

    assert enabled == (False, False)
