"""How tests of this room talk to a receiver: as a client that has the receiver's own key, over real HTTP."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from otel_sentry.local.receiver import Receiver

    Answer = tuple[int, dict[str, Any], dict[str, str]]


@pytest.fixture
def post_to() -> Callable[..., Answer]:
    """`post_to(url, body, **headers)`: status, JSON and headers of the answer; underscores become dashes."""
    return _post_to


@pytest.fixture
def post() -> Callable[..., Answer]:
    """`post(receiver, body, **headers)`: the same at the envelope endpoint, with the key of the receiver's DSN."""
    return _post


def _post(receiver: Receiver, body: bytes, **headers: str) -> Answer:
    key = receiver.dsn.split("//")[1].split("@")[0]
    auth = f"Sentry sentry_key={key}, sentry_version=7, sentry_client=test/1"
    return _post_to(f"{receiver.url}/api/1/envelope/", body, **{"X-Sentry-Auth": auth, **headers})


def _post_to(url: str, body: bytes, **headers: str) -> Answer:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    request = urllib.request.Request(url, body, named, method="POST")  # noqa: S310 - loopback
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310 - loopback
            return answer.status, json.load(answer), {key.lower(): value for key, value in answer.headers.items()}
    except urllib.error.HTTPError as refused:
        with refused:
            return refused.code, json.load(refused), {key.lower(): value for key, value in refused.headers.items()}
