"""Servers that answer as broken ones do, and Sentry's web API as far as the doctor asks it. Real HTTP on loopback."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

from otel_sentry.protocol.envelope import parse_envelope
from otel_sentry.protocol.json_text import loads

if TYPE_CHECKING:
    import ssl

JSON = {"Content-Type": "application/json"}


class Answering(BaseHTTPRequestHandler):
    """Answers every request the same way."""

    status = 200
    headers_sent: Mapping[str, str] = JSON
    body = "{}"
    clock_ahead = 0.0
    delay = 0.0

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        time.sleep(self.delay)
        self.say(self.status, self.headers_sent, self.body)

    def say(self, status: int, headers: Mapping[str, str], body: str) -> None:
        self.send_response_only(status)
        self.send_header("Date", formatdate(time.time() + self.clock_ahead, usegmt=True))
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body.encode())))
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *_: object) -> None:
        """Keep quiet."""


@contextmanager
def serving(handler: type[Answering], tls: ssl.SSLContext | None = None) -> Iterator[int]:
    """Serve; gives the port."""
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        server.daemon_threads = True
        server.handle_error = lambda *_: None  # type: ignore[method-assign]  # clients that go away are what is tested
        if tls is not None:
            server.socket = tls.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield server.server_port
        server.shutdown()


def answering(**how: Any) -> type[Answering]:
    """A handler that answers so."""
    return type("Answers", (Answering,), how)


class WebApi(Answering):
    """A Sentry that takes envelopes and answers questions about them, a moment later."""

    token = "org-token"
    questions_before_stored = 1
    lost: frozenset[str] = frozenset()
    allowed = True

    def __init_subclass__(cls) -> None:
        cls.stored: dict[str, set[str]] = {"span": set(), "log": set(), "trace_metric": set(), "event": set()}
        cls.asked: list[str] = []

    stored: dict[str, set[str]]
    asked: list[str]

    def do_POST(self) -> None:
        envelope = parse_envelope(self.rfile.read(int(self.headers["Content-Length"])))
        for item in envelope.items:
            payload = loads(item.payload)
            identifier = payload["event_id"] if item.type == "event" else payload["items"][0]["trace_id"]
            if item.type not in self.lost:
                self.stored[item.type].add(identifier)
        self.say(200, JSON, "{}")

    def do_GET(self) -> None:
        self.asked.append(self.path)
        if self.headers.get("Authorization") != f"Bearer {self.token}":
            self.say(401, JSON, '{"detail": "Invalid token"}')
        elif not self.allowed:
            self.say(403, JSON, '{"detail": "You do not have permission to perform this action."}')
        elif self.asked.count(self.path) <= self.questions_before_stored:
            self.not_yet()
        else:
            self.found(urlsplit(self.path).path, parse_qs(urlsplit(self.path).query))

    def not_yet(self) -> None:
        is_event = "/projects/" in self.path
        self.say(404 if is_event else 200, JSON, '{"detail": "Event not found"}' if is_event else '{"data": []}')

    def found(self, path: str, query: dict[str, list[str]]) -> None:
        if path.startswith("/api/0/projects/org/dapp/events/"):
            event_id = path.rstrip("/").rpartition("/")[2]
            known = event_id in self.stored["event"]
            self.say(200 if known else 404, JSON, json.dumps({"eventID": event_id}))
            return
        assert path == "/api/0/organizations/org/events/"
        assert query["project"] == ["7"]
        kind = {"spans": "span", "logs": "log", "tracemetrics": "trace_metric"}[query["dataset"][0]]
        trace_id = query["query"][0].removeprefix("trace:")
        rows = [{"trace": trace_id}] if trace_id in self.stored[kind] else []
        self.say(200, JSON, json.dumps({"data": rows}))
