"""The ingest endpoint over real HTTP: authorisation, encodings, refusals with their reasons, CORS."""

from __future__ import annotations

import gzip
import http.client
import json
import urllib.request
import zlib
from collections.abc import Callable
from typing import Any

import brotli
import pytest
import zstandard

from otel_sentry.local.receiver import Receiver
from otel_sentry.protocol.envelope import parse_envelope, serialize_envelope

Post = Callable[..., tuple[int, dict[str, Any], dict[str, str]]]
BODY = b'{}\n{"type":"client_report"}\n{"discarded_events":[]}\n'
BAD_SPAN = (
    b'{}\n{"type":"span","item_count":2,"content_type":"application/vnd.sentry.items.span.v2+json"}\n{"items":[]}\n'
)


def test_the_key_may_come_three_ways(receiver: Receiver, post_to: Post, post: Post) -> None:
    """As header, in the query, or with the envelope's own DSN, as a tunnel passes it on."""
    key = receiver.dsn.split("//")[1].split("@")[0]
    own = parse_envelope(BODY)
    with_dsn = serialize_envelope({**own.headers, "dsn": receiver.dsn}, own.items)
    url = f"{receiver.url}/api/1/envelope/"
    answers = [
        post(receiver, BODY),
        post_to(f"{url}?sentry_key={key}&sentry_version=7", BODY),
        post_to(url, with_dsn, Content_Type="text/plain"),
    ]

    assert [status for status, _, _ in answers] == [200, 200, 200]


@pytest.mark.parametrize(
    ("query", "status", "detail"),
    [
        pytest.param("", 401, "no sentry_key", id="none"),
        pytest.param("?sentry_key=other", 403, "not known here", id="unknown"),
    ],
)
def test_a_stranger_is_turned_away(receiver: Receiver, query: str, status: int, detail: str, post_to: Post) -> None:
    """Without its key nothing is stored."""
    answer, content, _ = post_to(f"{receiver.url}/api/1/envelope/{query}", BODY)
    receiver.take_problems()

    assert (answer, receiver.client_reports) == (status, [])
    assert detail in content["detail"]


@pytest.mark.parametrize(
    ("body", "headers", "status", "detail"),
    [
        pytest.param(b"", {}, 400, "the envelope is empty", id="empty"),
        pytest.param(b"{}\nrubbish", {}, 400, "line 2, byte 3: item header is no JSON", id="malformed"),
        pytest.param(b"\x1f\x8b cut", {"Content_Encoding": "gzip"}, 400, "no valid gzip", id="broken gzip"),
        pytest.param(
            gzip.compress(BODY)[:-9], {"Content_Encoding": "gzip"}, 400, "the gzip body is cut", id="cut gzip"
        ),
        pytest.param(brotli.compress(BODY)[:-9], {"Content_Encoding": "br"}, 400, "the br body is cut", id="cut br"),
        pytest.param(zstandard.compress(BODY)[:-9], {"Content_Encoding": "zstd"}, 400, "zstd", id="cut zstd"),
        pytest.param(b"rubbish", {"Content_Encoding": "zstd"}, 400, "no valid zstd", id="broken zstd"),
        pytest.param(b"\xff" * 20, {"Content_Encoding": "br"}, 400, "no valid br", id="broken br"),
        pytest.param(BODY, {"Content_Encoding": "rot13"}, 415, "accepted: br, deflate, gzip", id="unknown encoding"),
        pytest.param(BAD_SPAN, {}, 400, "not what Sentry takes", id="bad container"),
    ],
)
def test_a_refusal_says_why(
    receiver: Receiver, body: bytes, headers: dict[str, str], status: int, detail: str, post: Post
) -> None:
    """Status, reason in the answer, reason among the problems, nothing stored."""
    answer, content, _ = post(receiver, body, **headers)
    problems = receiver.take_problems()

    assert answer == status
    assert detail in content["detail"]
    assert problems
    assert receiver.envelopes == []


def test_every_cause_of_a_refusal_is_told(receiver: Receiver, post: Post) -> None:
    """A container with two faults names both."""
    _, content, headers = post(receiver, BAD_SPAN)
    receiver.take_problems()

    assert content["causes"] == [
        "envelope header.trace is missing: a span container needs the dynamic sampling context",
        "span header.item_count says 2, the container holds 0",
        "span container is empty",
    ]
    assert "not what Sentry takes" in headers["x-sentry-error"]


def test_what_sentry_would_strip_is_taken_and_remembered(receiver: Receiver, post: Post) -> None:
    """200, stored, and told among the problems."""
    event = b'{"event_id":"' + b"a" * 32 + b'","level":"warn"}'
    status, content, _ = post(receiver, b'{"event_id":"' + b"a" * 32 + b'"}\n{"type":"event"}\n' + event)

    assert (status, content) == (200, {"id": "a" * 32})
    assert len(receiver.events) == 1
    assert [problem.path for problem in receiver.take_problems()] == ["event.level"]


def test_a_body_larger_than_the_cap_is_refused(post: Post) -> None:
    """The cap holds for what is sent as well."""
    with Receiver(port=0, max_envelope_bytes=1_000) as receiver:
        status, content, _ = post(receiver, b"x" * 2_000)

    assert (status, content["detail"]) == (413, "the body has more than 1000 bytes")


def test_browsers_may_send_from_any_page(receiver: Receiver, post: Post) -> None:
    """The preflight allows Sentry's headers; answers and refusals can be read across origins."""
    connection = http.client.HTTPConnection("127.0.0.1", receiver.port, timeout=10)
    connection.request("OPTIONS", "/api/1/envelope/", headers={"Origin": "http://dapp.test"})
    preflight = connection.getresponse()
    connection.close()
    _, _, taken = post(receiver, BODY)
    _, _, refused = post(receiver, b"")
    receiver.take_problems()

    assert preflight.status == 204
    assert "x-sentry-auth" in preflight.headers["access-control-allow-headers"]
    assert {taken["access-control-allow-origin"], refused["access-control-allow-origin"]} == {"*"}
    assert "x-sentry-rate-limits" in taken["access-control-expose-headers"]


def test_health_answers(receiver: Receiver) -> None:
    """For scripts that wait for it."""
    with urllib.request.urlopen(f"{receiver.url}/health", timeout=10) as answer:  # noqa: S310 - loopback
        assert json.load(answer)["is"] == "otel-sentry"


@pytest.mark.parametrize("project", ["x", "1x"])
def test_a_project_is_a_number(receiver: Receiver, project: str, post_to: Post) -> None:
    """As in every DSN."""
    status, content, _ = post_to(f"{receiver.url}/api/{project}/envelope/", BODY)
    receiver.take_problems()

    assert (status, content["detail"]) == (400, f"project id must be a number, not '{project}'")


@pytest.mark.parametrize(
    ("encoding", "encode"),
    [
        pytest.param("gzip", gzip.compress, id="gzip"),
        pytest.param("deflate", zlib.compress, id="deflate"),
        pytest.param("deflate", lambda body: zlib.compress(body)[2:-4], id="raw deflate"),
        pytest.param("br", brotli.compress, id="br"),
        pytest.param("zstd", zstandard.compress, id="zstd"),
        pytest.param("", lambda body: body, id="none"),
        pytest.param("identity", lambda body: body, id="identity"),
    ],
)
def test_every_encoding_is_understood(
    receiver: Receiver, encoding: str, encode: Callable[[bytes], bytes], post: Post
) -> None:
    """What Relay decodes is decoded."""
    status, _, _ = post(receiver, encode(BODY), Content_Encoding=encoding)

    assert status == 200
    assert len(receiver.client_reports) == 1
