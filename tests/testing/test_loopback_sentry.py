"""The Sentry of the test kit: takes and refuses what the embedded one does, over real HTTP."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from otel_sentry.testing.loopback_sentry import LoopbackSentry

ID = b'"event_id":"9ec79c33ec9942ab8353589fcb2e04dc"'
EVENT = b"{%b}\n" % ID + b'{"type":"event"}\n' + b'{%b,"message":"hello","platform":"python"}\n' % ID
HEADERS = {"X-Sentry-Auth": "Sentry sentry_key=one, sentry_version=7"}


@pytest.fixture
def sentry() -> Iterator[LoopbackSentry]:
    """One of its own; hides the fixture of the kit."""
    served = LoopbackSentry()
    yield served
    served.close()


def posted(sentry: LoopbackSentry, path: str, body: bytes, **headers: str) -> httpx.Response:
    """Send an envelope."""
    base = sentry.dsn("one").replace("one@", "").removesuffix("/1")
    return httpx.post(base + path, content=body, headers={**HEADERS, **headers})


def test_an_envelope_is_taken(sentry: LoopbackSentry) -> None:
    """And filed under its key."""
    answer = posted(sentry, "/api/1/envelope/", EVENT)

    assert (answer.status_code, answer.json()) == (200, {"id": "9ec79c33ec9942ab8353589fcb2e04dc"})
    assert [one.public_key for one in sentry.received(["one"])] == ["one"]
    assert sentry.received(["two"]) == []
    assert sentry.requests == 1


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        pytest.param("/api/1/envelope/", b"", 400, id="empty"),
        pytest.param("/api/x/envelope/", EVENT, 400, id="no project"),
        pytest.param("/elsewhere", EVENT, 404, id="another path"),
    ],
)
def test_what_is_none_is_refused(sentry: LoopbackSentry, path: str, body: bytes, status: int) -> None:
    """With Sentry's status, and a reason."""
    answer = posted(sentry, path, body)

    assert answer.status_code == status
    assert answer.json()["detail"]
    assert sentry.received(["one"]) == []
