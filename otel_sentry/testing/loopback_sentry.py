"""A Sentry in this process that keeps what it gets in memory. Served by the standard library: no extra is needed.

It takes, checks and refuses what the embedded Sentry of `otel-sentry dev` does: the same rules behind another shell.
"""

from __future__ import annotations

import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qsl, urlsplit

from otel_sentry.local.intake import Intake, Posted, Refusal, accept
from otel_sentry.local.store import Store
from otel_sentry.protocol import json_text

if TYPE_CHECKING:
    from collections.abc import Iterable

    from otel_sentry.local.fields import Problem
    from otel_sentry.local.store import Received

_ENVELOPE_PATH: Final = re.compile(r"/api/([^/]+)/envelope/?")
_POLL_SECONDS: Final = 0.02


class LoopbackSentry:
    """Listens on loopback, on a free port, from its making until `close()`."""

    def __init__(self) -> None:
        self.store = Store()
        self._intake = Intake(self.store)
        intake = self._intake

        class Handler(_EnvelopeHandler):
            def take(self, posted: Posted, query: dict[str, str]) -> dict[str, Any]:
                intake.requests += 1
                return accept(intake, posted, query)

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._server.block_on_close = False
        serve = threading.Thread(
            target=self._server.serve_forever, args=(_POLL_SECONDS,), name="otel_sentry.testing", daemon=True
        )
        serve.start()

    def dsn(self, public_key: str) -> str:
        """A DSN with this key; every key is let in."""
        return f"http://{public_key}@127.0.0.1:{self._server.server_port}/1"

    def received(self, public_keys: Iterable[str]) -> list[Received]:
        """Envelopes that came with one of these keys, oldest first."""
        keys = frozenset(public_keys)
        return [received for received in self.store.envelopes() if received.public_key in keys]

    @property
    def requests(self) -> int:
        """How many envelopes were posted, refused ones included."""
        return self._intake.requests

    @property
    def problems(self) -> list[Problem]:
        """Why envelopes were refused, or what Sentry would have taken away from accepted ones."""
        return self.store.problems()

    def close(self) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._server.server_close()


class _EnvelopeHandler(BaseHTTPRequestHandler):
    """HTTP/1.1 with connections that stay open, as delivery likes them."""

    protocol_version = "HTTP/1.1"

    def take(self, posted: Posted, query: dict[str, str]) -> dict[str, Any]:
        """Accept one envelope; raises `Refusal`."""
        raise NotImplementedError

    def do_POST(self) -> None:
        """Take one envelope."""
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        target = urlsplit(self.path)
        found = _ENVELOPE_PATH.fullmatch(target.path)
        if found is None:
            self._answer(404, {"detail": "only envelopes are taken here"})
            return
        headers = {name.lower(): value for name, value in self.headers.items()}
        try:
            taken = self.take(Posted(0, found[1], headers, body), dict(parse_qsl(target.query)))
            self._answer(200, taken)
        except Refusal as refusal:
            self._answer(refusal.status, refusal.content)

    def _answer(self, status: int, content: dict[str, Any]) -> None:
        body = json_text.dumps(content)
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Keep quiet."""
