"""What a tunnel passes on, and what it keeps to itself: real servers on both sides."""

from __future__ import annotations

import asyncio
import json
import logging
import zlib
from typing import TYPE_CHECKING, Any

import pytest
import sentry_sdk
from opentelemetry.instrumentation.asgi import OpenTelemetryMiddleware
from opentelemetry.instrumentation.urllib3 import URLLib3Instrumentor
from opentelemetry.sdk.trace import TracerProvider

from otel_sentry.errors import InvalidSetting
from otel_sentry.local.receiver import Receiver, Reply
from otel_sentry.otel.span_processor import SentrySpanProcessor
from otel_sentry.settings.settings import Settings
from otel_sentry.web.tunnel import Tunnel
from tests.web.servers import asgi_server, exchange, post, wsgi_server

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from otel_sentry.local.intake import Posted

SERVERS = {"asgi": asgi_server, "wsgi": lambda tunnel: wsgi_server(tunnel.wsgi)}


@pytest.fixture(params=list(SERVERS), name="interface")
def _interface(request: pytest.FixtureRequest) -> Any:
    return SERVERS[request.param]


@pytest.fixture(name="posted")
def _posted(receiver: Receiver) -> list[Posted]:
    """Every request that Sentry got."""
    seen: list[Posted] = []
    receiver.behaviour = seen.append  # type: ignore[assignment]  # gives None
    return seen


def session(dsn: str) -> bytes:
    """An envelope as a browser's SDK begins a visit."""
    update = {"sid": "a" * 32, "init": True, "started": "2026-11-22T10:00:00Z", "timestamp": "2026-11-22T10:00:00Z"}
    item = json.dumps({**update, "status": "ok", "errors": 0, "attrs": {"release": "shop@1"}})
    return f'{json.dumps({"dsn": dsn})}\n{{"type":"session"}}\n{item}'.encode()


def replay(dsn: str, size: int) -> bytes:
    """An envelope with a recording that cannot be compressed to less than `size` bytes."""
    noise = bytes(zlib.crc32(number.to_bytes(4, "big")) & 0xFF for number in range(size))
    recording = b'{"segment_id":0}\n' + zlib.compress(json.dumps([noise.hex()]).encode(), 1)
    event = json.dumps({"replay_id": "b" * 32, "segment_id": 0, "timestamp": 1.0, "type": "replay_event"}).encode()
    head = json.dumps({"event_id": "b" * 32, "dsn": dsn}).encode()
    items = [(b"replay_event", event), (b"replay_recording", recording)]
    lines = [b'{"type":"%s","length":%d}\n%s' % (kind, len(payload), payload) for kind, payload in items]
    return b"\n".join([head, *lines])


def test_an_envelope_arrives_and_nothing_else_of_the_request(
    receiver: Receiver, posted: list[Posted], interface: Any
) -> None:
    """The body is the same; of the headers only the browser's name goes on, with Sentry's own key."""
    private = ("Cookie: session=secret", "Authorization: Bearer secret", "X-Forwarded-For: 203.0.113.7", "Referer: /a")
    with interface(Tunnel([receiver.dsn])) as port:
        body = session(receiver.dsn)
        request = post(body, "User-Agent: Firefox/130", "Content-Type: text/plain", *private)
        status, headers, answer = exchange(port, request)

    assert (status, headers["content-type"], json.loads(answer)) == (200, "application/json", {})
    (there,) = posted
    assert there.body == body
    assert len(receiver.sessions) == 1
    assert set(there.headers) == {
        *("host", "accept-encoding", "content-length", "content-type", "x-sentry-auth", "user-agent")
    }
    assert there.headers["user-agent"] == "Firefox/130"
    assert f"sentry_key={receiver.dsn.split('//')[1].split('@')[0]}" in there.headers["x-sentry-auth"]


@pytest.mark.parametrize("size", [10, 300_000], ids=["small", "large"])
def test_a_recording_arrives_byte_for_byte(receiver: Receiver, posted: list[Posted], interface: Any, size: int) -> None:
    """Replays have no content type and are binary; large ones pass in pieces."""
    body = replay(receiver.dsn, size)
    with interface(Tunnel([receiver.dsn])) as port:
        status, _, _ = exchange(port, post(body))

    assert status == 200
    assert posted[0].body == body
    assert [replay["replay_id"] for replay in receiver.replays] == ["b" * 32]


def test_a_chunked_body_arrives(receiver: Receiver) -> None:
    """Without a length the rest is passed on in chunks."""
    body = replay(receiver.dsn, 150_000)
    pieces = [body[at : at + 30_000] for at in range(0, len(body), 30_000)]
    sent = [f"{len(piece):x}\r\n".encode() + piece + b"\r\n" for piece in pieces] + [b"0\r\n\r\n"]
    with asgi_server(Tunnel([receiver.dsn])) as port:
        status, _, _ = exchange(port, post(b"", "Transfer-Encoding: chunked"), *sent)

    assert status == 200
    assert len(receiver.replays) == 1


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        pytest.param(Reply(429, {"Retry-After": "7", "Set-Cookie": "a=b"}), (429, "7", None), id="too many"),
        pytest.param(
            Reply(200, {"X-Sentry-Rate-Limits": "60:replay:key", "Server": "nginx"}),
            (200, None, "60:replay:key"),
            id="taken, but no more replays",
        ),
        pytest.param(Reply(413, {}), (413, None, None), id="too large for Sentry"),
        pytest.param(Reply(503, {}), (503, None, None), id="Sentry is down"),
        pytest.param(Reply(302, {"Location": "http://evil.example/"}), (502, None, None), id="redirect"),
        pytest.param(Reply(reset=True), (502, None, None), id="connection breaks"),
    ],
)
def test_the_answer_is_sentrys_with_its_limits(
    receiver: Receiver, interface: Any, reply: Reply, expected: tuple[int, str | None, str | None]
) -> None:
    """Status and rate limits come back; cookies, redirects and other headers do not."""
    receiver.behaviour = lambda _: reply
    with interface(Tunnel([receiver.dsn])) as port:
        status, headers, _ = exchange(port, post(session(receiver.dsn)))

    assert (status, headers.get("retry-after"), headers.get("x-sentry-rate-limits")) == expected
    assert not {"set-cookie", "location"} & set(headers)
    assert headers["cache-control"] == "no-store"


def test_nobody_there_is_a_bad_gateway(interface: Any) -> None:
    """A Sentry that cannot be reached is 502, at once."""
    dsn = "http://browser@127.0.0.1:9/1"
    with interface(Tunnel([dsn])) as port:
        status, _, _ = exchange(port, post(session(dsn)))

    assert status == 502


@pytest.mark.parametrize(
    ("policy", "headers", "expected"),
    [
        pytest.param("off", ["X-Forwarded-For: 203.0.113.7"], None, id="off"),
        pytest.param("peer", ["X-Forwarded-For: 203.0.113.7"], "127.0.0.1", id="peer"),
        pytest.param("forwarded", ["X-Forwarded-For: 6.6.6.6, 203.0.113.7"], "203.0.113.7", id="last one"),
        pytest.param("forwarded", ["X-Forwarded-For: 2001:DB8::1"], "2001:db8::1", id="IPv6"),
        pytest.param("forwarded", ["X-Forwarded-For: <script>"], None, id="no address"),
        pytest.param("forwarded", [], "127.0.0.1", id="nothing forwarded"),
    ],
)
def test_sentry_learns_the_address_by_policy(
    receiver: Receiver, posted: list[Posted], interface: Any, policy: str, headers: list[str], expected: str | None
) -> None:
    """Nothing by default; else who is connected, or what the application's own proxy says."""
    settings = Settings.from_env({}, tunnel_client_address=policy)
    with interface(Tunnel([receiver.dsn], settings=settings)) as port:
        exchange(port, post(session(receiver.dsn), *headers))

    assert posted[0].headers.get("x-forwarded-for") == expected


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param([], id="says nothing"),
        pytest.param(["Origin: https://shop.example"], id="behind a proxy that ends TLS"),
        pytest.param(["Origin: https://shop.example:443"], id="with the usual port"),
        pytest.param(["Origin: http://SHOP.example"], id="capitals"),
        pytest.param(["Origin: null", "Sec-Fetch-Site: same-origin"], id="origin is kept back"),
    ],
)
def test_pages_of_the_same_origin_may_send(receiver: Receiver, interface: Any, headers: list[str]) -> None:
    """However the browser says so."""
    with interface(Tunnel([receiver.dsn])) as port:
        status, told, _ = exchange(port, post(session(receiver.dsn), *headers))

    assert status == 200
    assert "access-control-allow-origin" not in told


def test_other_origins_may_if_they_are_named(receiver: Receiver, interface: Any) -> None:
    """They are told so, before and with the answer, and may read the limits."""
    settings = Settings.from_env({}, tunnel_origins="https://app.example")
    with interface(Tunnel([receiver.dsn], settings=settings)) as port:
        asked = exchange(port, post(b"", "Origin: https://app.example", method="OPTIONS"))
        sent = exchange(port, post(session(receiver.dsn), "Origin: https://app.example"))

    assert (asked[0], sent[0]) == (204, 200)
    for _, headers, _ in (asked, sent):
        assert headers["access-control-allow-origin"] == "https://app.example"
        assert "x-sentry-rate-limits" in headers["access-control-expose-headers"]


def test_too_many_are_told_when_to_come_back(
    receiver: Receiver, interface: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """429 with a time; counted, and logged once."""
    tunnel = Tunnel([receiver.dsn], settings=Settings.from_env({}, tunnel_max_rate=1), clock=lambda: 0.0)
    with caplog.at_level(logging.WARNING, "otel_sentry"), interface(tunnel) as port:
        answers = [exchange(port, post(session(receiver.dsn))) for _ in range(8)]

    assert [status for status, _, _ in answers] == [200] * 5 + [429] * 3
    assert answers[-1][1]["retry-after"] == "1"
    assert (tunnel.desk.forwarded, dict(tunnel.desk.refused)) == (5, {429: 3})
    assert len([line for line in caplog.messages if "too many envelopes" in line]) == 1


def test_without_arguments_the_dsns_of_the_settings_are_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Exactly those: browser, web, worker."""
    monkeypatch.setenv("SENTRY_DSN", "https://a@sentry.example/1")
    monkeypatch.setenv("SENTRY_BROWSER_DSN", "https://b@Sentry.Example/2")

    assert {str(dsn) for dsn in Tunnel().desk.rules.dsns} == {
        *("https://a@sentry.example/1", "https://b@sentry.example/2")
    }


@pytest.mark.parametrize("dsn", ["nonsense", "https://sentry.example/1", ""])
def test_a_wrong_dsn_is_refused_when_the_tunnel_is_made(dsn: str) -> None:
    """One line that says what is allowed."""
    with pytest.raises(InvalidSetting):
        Tunnel([dsn])


def test_websockets_are_closed_and_life_is_somebody_elses() -> None:
    """Servers go on without lifespan when an application does not know it."""
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    tunnel = Tunnel(["https://a@sentry.example/1"])
    asyncio.run(tunnel({"type": "websocket"}, None, send))  # type: ignore[arg-type]  # never asked

    assert sent == [{"type": "websocket.close"}]
    with pytest.raises(NotImplementedError):
        asyncio.run(tunnel({"type": "lifespan"}, None, send))  # type: ignore[arg-type]  # never asked


@pytest.fixture(name="traced")
def _traced(receiver: Receiver) -> Iterator[Callable[[Any], Any]]:
    """An application, its requests and urllib3 traced, and sentry-sdk's own tracing on."""
    settings = Settings.from_env({}, dsn=receiver.dsn)
    processor = SentrySpanProcessor(settings=settings)
    provider = TracerProvider()
    provider.add_span_processor(processor)
    instrumentor = URLLib3Instrumentor()
    instrumentor.instrument(tracer_provider=provider)
    sentry_sdk.init("http://key@127.0.0.1:9/1", traces_sample_rate=1.0)
    yield lambda app: OpenTelemetryMiddleware(app, tracer_provider=provider)
    instrumentor.uninstrument()
    provider.shutdown()
    sentry_sdk.get_client().close(0)
    sentry_sdk.get_global_scope().set_client(None)


def test_its_traffic_is_nobodys_trace(receiver: Receiver, posted: list[Posted], traced: Callable[[Any], Any]) -> None:
    """Neither the request to it nor the one to Sentry is a span, and no trace header leaves."""
    with asgi_server(traced(Tunnel([receiver.dsn]))) as port:
        status, _, _ = exchange(port, post(session(receiver.dsn)))

    assert status == 200
    assert not {"traceparent", "sentry-trace", "baggage"} & set(posted[0].headers)
    assert receiver.spans == []
