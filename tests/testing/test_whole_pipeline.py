"""What an application does in one process, through everything that lies between it and Sentry."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import closing, suppress
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from opentelemetry import trace

import otel_sentry
from otel_sentry import use_wallet
from otel_sentry.web import WalletMiddleware

if TYPE_CHECKING:
    from otel_sentry.testing import SentryCapture

ALICE = "0x52908400098527886e0f7030069857d2e4169ee7"
BOB = "0x" + "b0" * 20
PRIVATE_KEY = "0x4c0883a69102937d6231471b5dbb6204fe5129617082792ae468d01a3f362318"
tracer = trace.get_tracer("dapp")


def test_a_wallet_is_the_user_of_everything_in_its_block(sentry: SentryCapture) -> None:
    """Of spans, of the issue, and of nothing outside."""
    with suppress(KeyError), use_wallet(ALICE, name="alice.eth"), tracer.start_as_current_span("profile"):
        raise KeyError("avatar")
    with tracer.start_as_current_span("health"):
        pass

    sentry.assert_issue_once(KeyError, user=ALICE)
    sentry.assert_span("profile", user="alice.eth")
    assert sentry.assert_span("health").user is None


def test_threads_do_not_share_a_wallet(sentry: SentryCapture) -> None:
    """Two at once, each with its own."""
    barrier = threading.Barrier(2, timeout=10)

    def work(wallet: str) -> None:
        with use_wallet(wallet), tracer.start_as_current_span(f"work of {wallet}"):
            barrier.wait()

    threads = [threading.Thread(target=work, args=(wallet,)) for wallet in (ALICE, BOB)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    for wallet in (ALICE, BOB):
        sentry.assert_span(f"work of {wallet}", user=wallet)
    with pytest.raises(AssertionError, match="not one user but 2"):
        _ = sentry.user


def test_the_wallet_of_a_request(sentry: SentryCapture) -> None:
    """The middleware binds what `wallet_of` says to the request's spans."""

    async def application(scope: dict[str, Any], receive: Any, send: Any) -> None:
        request = {"http.request.method": "GET", "http.route": "/mint"}
        with tracer.start_as_current_span("GET /mint", kind=trace.SpanKind.SERVER, attributes=request):
            await send({"type": "http.response.start", "status": 204, "headers": []})
            await send({"type": "http.response.body", "body": b""})

    async def visit() -> None:
        middleware = WalletMiddleware(application, wallet_of=lambda _: ALICE)
        transport = httpx.ASGITransport(app=middleware)
        async with httpx.AsyncClient(transport=transport, base_url="http://dapp") as client:
            await client.get("/mint")

    asyncio.run(visit())

    sentry.assert_span("GET /mint", op="http.server", user=ALICE)


def test_a_generator_has_its_span(sentry: SentryCapture) -> None:
    """From its first value to its end, with what happens inside as children."""

    @otel_sentry.configure().start_span("stream")
    def stream() -> Iterator[int]:
        with tracer.start_as_current_span("read"):
            yield 1

    with closing(stream()) as values:
        assert list(values) == [1]

    assert sentry.trace_tree() == "stream\n╰─ read"


def test_a_private_key_is_sent_nowhere(sentry: SentryCapture) -> None:
    """Neither in an attribute, nor in the text of an exception, nor in a local variable of its frames."""
    key = PRIVATE_KEY
    with suppress(ValueError), tracer.start_as_current_span("sign", attributes={"private_key": key}):
        raise ValueError(f"cannot sign with private_key={key}")

    sentry.assert_issue_once(ValueError)
    sentry.assert_no_secret(PRIVATE_KEY)


def test_credentials_in_a_url_are_sent_nowhere(sentry: SentryCapture) -> None:
    """Those of a provider are part of its address."""
    address = "https://user:s3cr3t-password@node.example.com/v3/abcdef0123456789abcdef0123456789"
    with tracer.start_as_current_span("eth_call", kind=trace.SpanKind.CLIENT, attributes={"url.full": address}):
        pass

    assert "node.example.com" in sentry.assert_span("eth_call").attributes["url.full"]
    sentry.assert_no_secret("s3cr3t-password", "abcdef0123456789abcdef0123456789")
