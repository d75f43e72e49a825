"""How tests of this room talk to a receiver: as a client that has the receiver's own key, over real HTTP."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from typing import TYPE_CHECKING, Any

import pytest

from otel_sentry.local.rows import IssueRow, SpanRow

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


@pytest.fixture(scope="session")
def span_row() -> Callable[..., SpanRow]:
    """`span_row(number, parent=None, start=0, end=1, **fields)`: a span whose id is the number."""
    return _span_row


def _span_row(number: int, parent: int | None = None, start: float = 0.0, end: float = 1.0, **fields: Any) -> SpanRow:
    whole = {
        "trace_id": "a" * 32,
        "span_id": f"{number:016x}",
        "parent_id": None if parent is None else f"{parent:016x}",
        "name": f"span {number}",
        "op": "db",
        "failed": False,
        "start": start,
        "end": end,
        "is_segment": parent is None,
        "service": "web",
        "user": None,
    }
    return SpanRow(**{**whole, **fields})


@pytest.fixture(scope="session")
def issue_row() -> Callable[..., IssueRow]:
    """`issue_row(span=None, **fields)`: an issue in the span of that number."""
    return _issue_row


def _issue_row(span: int | None = None, **fields: Any) -> IssueRow:
    whole = {
        "trace_id": "a" * 32,
        "span_id": None if span is None else f"{span:016x}",
        "title": "ValueError: boom",
        "place": "app.py:3 in f",
        "level": "error",
        "handled": True,
        "user": None,
        "at": 0.5,
    }
    return IssueRow(**{**whole, **fields})
