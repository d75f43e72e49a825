"""The embedded Sentry: the ingest endpoint served on loopback by a thread of this process. uvicorn enters here."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
import threading
import time
from typing import TYPE_CHECKING, Any, Final

from otel_sentry.errors import MissingExtra
from otel_sentry.local.app import ingest_app
from otel_sentry.local.arrivals import Kind, attribute_values
from otel_sentry.local.intake import DEFAULT_MAX_ENVELOPE_BYTES, Intake, Posted, Reply
from otel_sentry.local.store import Received, Store

try:
    import uvicorn
except ImportError as exc:
    raise MissingExtra("the embedded Sentry", "dev") from exc

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    from starlette.requests import Request
    from typing_extensions import Self

    from otel_sentry.local.checks import Problem

__all__ = ["Posted", "Receiver", "Reply"]

DEFAULT_PORT: Final = 8969
_RESET: Final = struct.pack("ii", 1, 0)
_POLL_SECONDS: Final = 0.01


class Receiver:
    """A Sentry that lives in this process.

    `with Receiver(port=0) as receiver: …` serves until the block ends; `start()` and `stop()` do the same by hand and
    may be repeated: a stopped receiver keeps its port and what it received.

    Args:
        host: address to listen on.
        port: 0 takes a free one.
        public_key: part of `dsn`, and the only key that is let in; None lets any in.
        checks: False counts requests and looks at nothing.
        behaviour: asked for each request before anything else, in the serving thread; a `Reply` makes the receiver
            misbehave, None lets it work normally. May be set at any time.
        store: where arrivals go.
        max_envelope_bytes: larger ones are refused, as sent or after decompression.
        remote: lets the page be read under any host name; meant for a `host` that is more than this machine.

    Raises:
        OSError: at start, when the port is taken.
    """

    def __init__(
        self,
        *,
        host: str = "127.0.0.1",
        port: int = DEFAULT_PORT,
        public_key: str | None = "local",
        checks: bool = True,
        behaviour: Callable[[Posted], Reply | None] | None = None,
        store: Store | None = None,
        max_envelope_bytes: int = DEFAULT_MAX_ENVELOPE_BYTES,
        remote: bool = False,
    ) -> None:
        self.host = host
        self.port = port
        self.store = store or Store()
        self._intake = Intake(
            self.store,
            public_key=public_key,
            checks=checks,
            behaviour=behaviour,
            max_envelope_bytes=max_envelope_bytes,
            host=host,
            remote=remote,
        )
        self._server: uvicorn.Server | None = None
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Listen and serve; returns when requests are answered."""
        self._intake.closing = False
        listener = socket.create_server((self.host, self.port))
        self.port = listener.getsockname()[1]
        app = ingest_app(self._intake, self._reset_connection)
        config = uvicorn.Config(
            app,
            log_config=None,
            access_log=False,
            lifespan="off",
            proxy_headers=False,
            server_header=False,
            timeout_graceful_shutdown=1,
        )
        self._server = uvicorn.Server(config)
        run = self._server.run
        self._thread = threading.Thread(target=run, args=([listener],), name="otel-sentry-receiver", daemon=True)
        self._thread.start()
        while not self._server.started and self._thread.is_alive():
            time.sleep(_POLL_SECONDS)

    def stop(self) -> None:
        """Close the port and end the thread; requests under way get a second."""
        if self._server is None or self._thread is None:
            return
        self._intake.closing = True
        self._server.should_exit = True
        self._thread.join(timeout=5)
        self._server = self._thread = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()

    def reset(self, *, public_key: str | None = "local") -> None:
        """Forget everything and take another key, so that what senders of the old one still hold is refused."""
        self._intake.public_key = public_key
        self._intake.behaviour = None
        self._intake.checks = True
        self._intake.requests = self._intake.received_bytes = 0
        self.store.clear()

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://{self.host}:{self.port}"

    @property
    def dsn(self) -> str:
        """What to type as `SENTRY_DSN`."""
        return self.dsn_of(1)

    def dsn_of(self, project: int) -> str:
        """DSN of another project of this receiver, for instance that of a worker."""
        return f"http://{self._intake.public_key or 'local'}@{self.host}:{self.port}/{project}"

    @property
    def behaviour(self) -> Callable[[Posted], Reply | None] | None:
        """What is asked for each request; see the class."""
        return self._intake.behaviour

    @behaviour.setter
    def behaviour(self, behaviour: Callable[[Posted], Reply | None] | None) -> None:
        self._intake.behaviour = behaviour

    @property
    def requests(self) -> int:
        """How many envelopes were POSTed, refused ones included."""
        return self._intake.requests

    @property
    def received_bytes(self) -> int:
        """Bytes of those bodies as sent."""
        return self._intake.received_bytes

    @property
    def problems(self) -> list[Problem]:
        """Why envelopes were refused, or what Sentry would have taken away from accepted ones."""
        return self.store.problems()

    def take_problems(self) -> list[Problem]:
        """The problems so far, which are forgotten; for tests that provoke them."""
        return self.store.take_problems()

    @property
    def envelopes(self) -> list[Received]:
        """Accepted envelopes, oldest first."""
        return self.store.envelopes()

    @property
    def spans(self) -> list[dict[str, Any]]:
        """Spans as on the wire, those of transactions in span v2 shape."""
        return self.store.payloads(Kind.SPAN)

    @property
    def plain_spans(self) -> list[dict[str, Any]]:
        """`spans` with attributes as plain values: `span["attributes"]["sentry.op"] == "db"`."""
        return [attribute_values(span) for span in self.spans]

    @property
    def events(self) -> list[dict[str, Any]]:
        """Error and message events."""
        return self.store.payloads(Kind.ISSUE)

    @property
    def transactions(self) -> list[dict[str, Any]]:
        """Transaction payloads."""
        return self.store.payloads(Kind.TRANSACTION)

    @property
    def logs(self) -> list[dict[str, Any]]:
        """Log items."""
        return self.store.payloads(Kind.LOG)

    @property
    def metrics(self) -> list[dict[str, Any]]:
        """Trace metric items."""
        return self.store.payloads(Kind.METRIC)

    @property
    def client_reports(self) -> list[dict[str, Any]]:
        """Client reports: what senders say they lost."""
        return self.store.payloads(Kind.CLIENT_REPORT)

    @property
    def check_ins(self) -> list[dict[str, Any]]:
        """Check-ins of monitors."""
        return self.store.payloads(Kind.CHECK_IN)

    @property
    def sessions(self) -> list[dict[str, Any]]:
        """Session updates and aggregates."""
        return self.store.payloads(Kind.SESSION)

    @property
    def replays(self) -> list[dict[str, Any]]:
        """Replay events."""
        return self.store.payloads(Kind.REPLAY)

    @property
    def others(self) -> list[dict[str, Any]]:
        """Type, headers and size of what has no view of its own: attachments, recordings, the unknown."""
        return self.store.payloads(Kind.OTHER)

    def wait_for(self, predicate: Callable[[], object], timeout: float = 10.0) -> None:
        """Return as soon as `predicate()` is true.

        Raises:
            TimeoutError: after `timeout` seconds; says what did arrive.
        """
        deadline = time.monotonic() + timeout
        while not predicate():
            if time.monotonic() > deadline:
                raise TimeoutError(f"not within {timeout} s; {self._account()}")
            time.sleep(_POLL_SECONDS)

    def _account(self) -> str:
        counts = ", ".join(f"{len(found)} {kind.value}" for kind in Kind if (found := self.store.payloads(kind)))
        problems = "; ".join(str(problem) for problem in self.problems) or "none"
        return f"requests: {self.requests}; arrived: {counts or 'nothing'}; problems: {problems}"

    def _reset_connection(self, request: Request) -> None:
        """Tear the TCP connection down with RST, in the serving thread."""
        client = request.scope["client"]
        for connection in list(self._server.server_state.connections if self._server else ()):
            transport: asyncio.Transport = connection.transport
            if tuple(transport.get_extra_info("peername", ())[:2]) == tuple(client):
                with contextlib.suppress(OSError):
                    transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
                transport.abort()
