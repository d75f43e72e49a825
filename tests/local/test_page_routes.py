"""Addresses of the page over real HTTP: files, questions, downloads, and who is turned away."""

from __future__ import annotations

import http.client
import json
import re
import threading
from collections.abc import Callable
from importlib import resources
from typing import Any

import pytest

from otel_sentry.local.page_routes import SECURITY_HEADERS, Asked, may_ask
from otel_sentry.local.receiver import Receiver

Post = Callable[..., tuple[int, dict[str, Any], dict[str, str]]]
SPAN = (
    b'{"trace":{"trace_id":"%(t)s","public_key":"k"}}\n'
    b'{"type":"span","item_count":1,"content_type":"application/vnd.sentry.items.span.v2+json"}\n'
    b'{"items":[{"trace_id":"%(t)s","span_id":"bbbbbbbbbbbbbbbb","name":"GET /","status":"ok","is_segment":true,'
    b'"start_timestamp":1,"end_timestamp":2,"attributes":{"sentry.segment.id":{"type":"string","value":"bbbbbbbbbbbbbbbb"},'
    b'"sentry.segment.name":{"type":"string","value":"GET /"}}}]}\n'
) % {b"t": b"a" * 32}


def fetch(
    receiver: Receiver, path: str, method: str = "GET", body: bytes | None = None, **headers: str
) -> tuple[int, bytes, Any]:
    """Status, body and headers of an answer."""
    connection = http.client.HTTPConnection("127.0.0.1", receiver.port, timeout=10)
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    connection.request(method, path, body, named)
    answer = connection.getresponse()
    try:
        return answer.status, answer.read(), answer.headers
    finally:
        connection.close()


@pytest.fixture
def trace(receiver: Receiver, post: Post) -> str:
    """A trace that has arrived; its id."""
    post(receiver, SPAN)
    receiver.take_problems()
    return "a" * 32


def page_files() -> list[str]:
    """Names of the page's files."""
    return sorted(
        file.name for file in resources.files("otel_sentry.local").joinpath("page").iterdir() if file.is_file()
    )


def test_every_module_is_asked_for_at_once(receiver: Receiver) -> None:
    """The page names all of them: none waits until the one that imports it has come."""
    html = fetch(receiver, "/")[1].decode()
    asked = re.findall(r'(?:modulepreload" href|module" src)="/page/(\S+?)"', html)

    assert sorted(asked) == [name for name in page_files() if name.endswith(".js")]


@pytest.mark.parametrize("name", page_files())
def test_every_file_of_the_page_is_served(receiver: Receiver, name: str) -> None:
    """With its type and the headers that keep it safe."""
    status, body, headers = fetch(receiver, f"/page/{name}")

    assert status == 200
    assert body == resources.files("otel_sentry.local").joinpath("page", name).read_bytes()
    assert {key: headers[key] for key in SECURITY_HEADERS} == SECURITY_HEADERS
    assert headers["content-type"].split(";")[0] in ("text/html", "text/javascript", "text/css", "image/svg+xml")


def test_the_page_needs_nothing_from_elsewhere() -> None:
    """No script, style, font or request of another origin; no HTML from strings; no inline handler or style."""
    folder = resources.files("otel_sentry.local").joinpath("page")
    texts = {name: folder.joinpath(name).read_text() for name in page_files()}
    urls = {found for text in texts.values() for found in re.findall(r"https?://[^\s\"'`)]+", text)}

    assert urls <= {"http://www.w3.org/2000/svg", "http://local@${location.host}/1"}
    for name, text in texts.items():
        assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function", text), (
            name
        )
    assert not re.search(r"<script(?![^>]* src=)| on\w+=| style=|<style", texts["index.html"])


def test_the_front_page_is_the_page(receiver: Receiver) -> None:
    """At the root of the address that the terminal tells."""
    assert fetch(receiver, "/")[1] == fetch(receiver, "/page/index.html")[1]


@pytest.mark.parametrize(
    "path", ["/page/../app.py", "/page/%2e%2e/app.py", "/page/", "/page/nothing.js", "/else", "/page/a/b.js"]
)
def test_nothing_else_is_served(receiver: Receiver, path: str) -> None:
    """Only names in the page's folder."""
    status, body, _ = fetch(receiver, path)

    assert (status, json.loads(body)) == (404, {"detail": "not here, or no longer"})


@pytest.mark.parametrize(
    ("path", "key"),
    [
        ("/local/overview", "counts"),
        ("/local/traces?search=get", "traces"),
        ("/local/trace?id=" + "a" * 32, "rows"),
        ("/local/span?id=" + "b" * 16 + "&trace=" + "a" * 32, "span"),
        ("/local/wallet?user=alice", "traces"),
    ],
)
def test_every_question_is_answered(receiver: Receiver, trace: str, path: str, key: str) -> None:
    """As JSON that no one may keep or embed."""
    status, body, headers = fetch(receiver, path)

    assert (status, headers["content-type"]) == (200, "application/json")
    assert key in json.loads(body)
    assert "access-control-allow-origin" not in headers


@pytest.mark.parametrize("path", ["/local/issues", "/local/metrics", "/local/replays"])
def test_every_list_is_answered(receiver: Receiver, path: str) -> None:
    """Empty when nothing came."""
    assert json.loads(fetch(receiver, path)[1]) == []


@pytest.mark.parametrize(
    "path", ["/local/trace?id=x", "/local/span?id=x&trace=y", "/local/fixture?trace=x", "/local/nothing"]
)
def test_what_is_not_here_is_404(receiver: Receiver, path: str) -> None:
    """A trace may have left."""
    assert fetch(receiver, path)[0] == 404


def test_downloads_have_names(receiver: Receiver, trace: str) -> None:
    """Safe ones, whatever is asked for."""
    everything, one = fetch(receiver, "/local/export"), fetch(receiver, f"/local/export?trace={trace}")
    odd = fetch(receiver, "/local/export?trace=%22%0d%0aX:y")

    assert everything[2]["content-disposition"] == 'attachment; filename="all.envelopes"'
    assert one[2]["content-disposition"] == 'attachment; filename="trace-aaaaaaaa.envelopes"'
    assert odd[2]["content-disposition"] == 'attachment; filename="all.envelopes"'
    assert everything[1] == one[1]
    assert SPAN in one[1]


def test_a_trace_becomes_a_fixture(receiver: Receiver, trace: str) -> None:
    """Source to paste."""
    assert b"def trace_aaaaaaaa()" in fetch(receiver, f"/local/fixture?trace={trace}")[1]


def test_the_page_can_clear_and_import(receiver: Receiver, trace: str) -> None:
    """With the header that only the page itself can send."""
    saved = fetch(receiver, "/local/export")[1]
    cleared = fetch(receiver, "/local/clear", "POST", b"", X_Otel_Sentry="page")
    empty = len(receiver.spans)
    imported = fetch(receiver, "/local/import", "POST", saved, X_Otel_Sentry="page")

    assert (cleared[0], empty, len(receiver.spans)) == (200, 0, 1)
    assert json.loads(imported[1]) == {"added": 1, "complaints": []}


@pytest.mark.parametrize("path", ["/local/clear", "/local/import"])
def test_a_foreign_page_cannot_change_anything(receiver: Receiver, trace: str, path: str) -> None:
    """A form or a simple request lacks the header; a preflight for it is not allowed."""
    status, _, _ = fetch(receiver, path, "POST", b"", Origin="http://evil.test")
    preflight, _, headers = fetch(receiver, path, "OPTIONS", Origin="http://evil.test")

    assert (status, preflight) == (403, 405)
    assert "access-control-allow-origin" not in headers
    assert len(receiver.spans) == 1


@pytest.mark.parametrize("path", ["/", "/local/traces", "/local/changes", "/page/app.js"])
@pytest.mark.parametrize("host", ["evil.test", "evil.test:8969", "127.0.0.1.evil.test", ""])
def test_a_name_that_points_here_is_turned_away(receiver: Receiver, path: str, host: str) -> None:
    """DNS rebinding shows itself by the Host header."""
    status, body, _ = fetch(receiver, path, Host=host)

    assert status == 403
    assert b"this Host is not served" in body


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.1:9", "localhost:8969", "[::1]:8969", "LOCALHOST"])
def test_names_of_this_machine_are_served(host: str) -> None:
    """With any port."""
    assert may_ask(Asked("GET", "/", headers={"host": host}), "127.0.0.1") is None


def test_a_remote_receiver_is_served_under_any_name() -> None:
    """When it was started for that; the header for changes is needed all the same."""
    asked = Asked("GET", "/", headers={"host": "dev.internal:8969"})
    changing = Asked("POST", "/local/clear", headers={"host": "dev.internal"})

    assert may_ask(asked, "0.0.0.0") is not None  # noqa: S104 - told, not listened on
    assert may_ask(asked, "0.0.0.0", remote=True) is None  # noqa: S104 - as above
    assert may_ask(changing, "0.0.0.0", remote=True) is not None  # noqa: S104 - as above


def test_changes_are_pushed(receiver: Receiver, post: Post) -> None:
    """An open page hears which traces changed."""
    connection = http.client.HTTPConnection("127.0.0.1", receiver.port, timeout=10)
    connection.request("GET", "/local/changes")
    answer = connection.getresponse()
    first = answer.readline() + answer.readline()
    sender = threading.Thread(target=post, args=(receiver, SPAN))
    sender.start()
    event, pushed = answer.readline(), answer.readline()
    sender.join()
    connection.close()
    receiver.take_problems()

    assert answer.headers["content-type"].startswith("text/event-stream")
    assert first.startswith(b"data: ")
    assert event == b"event: changed\n"
    assert json.loads(pushed.removeprefix(b"data: "))["traces"] == ["a" * 32]


def test_an_open_page_does_not_hold_up_the_end() -> None:
    """Push ends when the receiver stops."""
    receiver = Receiver(port=0)
    receiver.start()
    connection = http.client.HTTPConnection("127.0.0.1", receiver.port, timeout=10)
    connection.request("GET", "/local/changes")
    answer = connection.getresponse()
    answer.readline()
    receiver.stop()

    assert answer.read().strip() == b""
    connection.close()
