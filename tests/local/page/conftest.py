"""The page in real Chromium. Needs `playwright` and a Chromium on the machine; without them these tests are skipped."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.local.page.chromium import CHROMIUM, chromium
from tests.local.page.sender import ALICE, Sender

if TYPE_CHECKING:
    from collections.abc import Iterator

    from otel_sentry.local.receiver import Receiver


@pytest.fixture
def send(receiver: Receiver) -> Sender:
    """What sends to the receiver."""
    return Sender(receiver)


@pytest.fixture
def dapp(send: Sender) -> str:
    """A trace of two services with all that belongs to it, and a quick one of somebody else; the first one's user."""
    send.dapp()
    return ALICE


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """One Chromium for all tests."""
    pytest.importorskip("playwright.sync_api", reason="pip install playwright")
    if CHROMIUM is None:
        pytest.skip("no Chromium on this machine: apt-get install chromium")
    with chromium() as running:
        yield running


@pytest.fixture
def page(browser: Any, receiver: Receiver) -> Iterator[Any]:
    """A fresh page; at the end it may have neither complained nor asked anything of another origin."""
    permissions = ["clipboard-read", "clipboard-write"]
    context = browser.new_context(viewport={"width": 1280, "height": 800}, permissions=permissions)
    opened = context.new_page()
    opened.set_default_timeout(15_000)
    complaints: list[str] = []
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    opened.on("console", lambda message: _is_complaint(message) and complaints.append(message.text))
    opened.on("request", lambda request: request.url.startswith(receiver.url) or complaints.append(request.url))
    yield opened
    context.close()

    assert complaints == []


def _is_complaint(message: Any) -> bool:
    """Chromium itself tells of each 404, which is how the server says that a trace is not here."""
    return message.type in ("error", "warning") and "404 (Not Found)" not in message.text
