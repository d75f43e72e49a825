"""What the tunnel's two shells share: rules, caps, threads, counts. It knows neither ASGI nor WSGI."""

from __future__ import annotations

import ipaddress
import logging
import math
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from opentelemetry import trace

from otel_sentry._version import __version__
from otel_sentry.identity.context import SEGMENT_ATTRIBUTE
from otel_sentry.protocol.json_text import dumps
from otel_sentry.settings.choices import ClientAddress
from otel_sentry.web.rate_cap import RateCap
from otel_sentry.web.tunnel_rules import Answer, Refusal, TunnelRules, preflight, upstream_headers

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from otel_sentry.protocol.dsn import Dsn
    from otel_sentry.settings.settings import Settings
    from otel_sentry.web.forwarder import Forwarder

CLIENT: Final = f"otel-sentry-tunnel/{__version__}"
BUFFERED_BYTES: Final = 65_536
"""A body is read this far before a connection is used for it; most are smaller."""
_MAX_INSIDE: Final = 128
_MAX_THREADS: Final = 16
_NEVER_CACHED: Final = {"cache-control": "no-store", "x-content-type-options": "nosniff"}

_logger = logging.getLogger(__name__)


class Desk:
    """State of one tunnel; for several threads.

    Args:
        rules: what may pass.
        settings: for the rate and the client's address.
        clock: monotonic seconds.

    Attributes:
        forwarded: how many envelopes Sentry has answered.
        refused: how many were refused, by status.
    """

    def __init__(self, rules: TunnelRules, settings: Settings, clock: Callable[[], float]) -> None:
        self.rules = rules
        self.clock = clock
        self.forwarded = 0
        self.refused: Counter[int] = Counter()
        self._policy = settings.tunnel_client_address
        self._cap = RateCap(settings.tunnel_max_rate)
        self._forwarder: Forwarder | None = None
        self._lock = threading.Lock()
        self._inside = 0
        self._threads: ThreadPoolExecutor | None = None
        self._told: set[str] = set()

    @contextmanager
    def place(self) -> Iterator[None]:
        """Keep a place for one request.

        Raises:
            Refusal: there is none left, which bounds memory.
        """
        _leave_out_of_traces()
        with self._lock:
            if self._inside >= _MAX_INSIDE:
                raise Refusal(503, "too many envelopes are on their way", {"retry-after": "1"})
            self._inside += 1
        try:
            yield
        finally:
            with self._lock:
                self._inside -= 1

    def content_length(self, method: str, headers: Mapping[str, str], address: str | None) -> int | None:
        """See `TunnelRules.content_length`; counts the request.

        Raises:
            Refusal: also when there were too many of them.
        """
        length = self.rules.content_length(method, headers)
        with self._lock:
            wait = self._cap.wait(address, self.clock())
        if wait:
            raise Refusal(429, "too many envelopes", {"retry-after": str(math.ceil(wait))})
        return length

    def address(self, peer: str | None, headers: Mapping[str, str]) -> str | None:
        """The browser's IP address, as far as the policy wants to know it."""
        if self._policy is ClientAddress.OFF:
            return None
        forwarded = headers.get("x-forwarded-for", "") if self._policy is ClientAddress.FORWARDED else ""
        text = forwarded.rpartition(",")[2].strip() or peer or ""
        try:
            return str(ipaddress.ip_address(text))
        except ValueError:
            return None

    def forward(
        self, dsn: Dsn, body: Iterator[bytes], length: int | None, headers: Mapping[str, str], address: str | None
    ) -> Answer:
        """Send an envelope on; see `Forwarder.post`. Blocks."""
        answer = self._opened_forwarder().post(dsn, body, length, upstream_headers(dsn, CLIENT, headers, address))
        with self._lock:
            self.forwarded += 1
        return answer

    def _opened_forwarder(self) -> Forwarder:
        with self._lock:
            if self._forwarder is None:
                # Imported when something is forwarded: who only binds wallets does not load sentry-sdk and urllib3.
                from otel_sentry.web.forwarder import Forwarder  # noqa: PLC0415

                self._forwarder = Forwarder()
            return self._forwarder

    def answer_to(self, refusal: Refusal) -> Answer:
        """What a refused request is told; the first refusal of each kind is logged."""
        reason = str(refusal)
        with self._lock:
            self.refused[refusal.status] += 1
            first = reason not in self._told
            self._told.add(reason)
        if first:
            _logger.warning("the tunnel refuses an envelope (%d): %s; more are counted", refusal.status, reason)
        return Answer(
            refusal.status, dumps({"detail": reason}), {**refusal.headers, "content-type": "application/json"}
        )

    def headers_of(self, answer: Answer, headers: Mapping[str, str]) -> dict[str, str]:
        """Headers of an answer to a request with these `headers`."""
        origin = self.rules.cross_origin(headers)
        length = {"content-length": str(len(answer.body))}
        return {**answer.headers, **length, **_NEVER_CACHED, **(preflight(origin) if origin else {})}

    @property
    def threads(self) -> ThreadPoolExecutor:
        """Threads of the tunnel's own, so that a silent Sentry never takes those of the application."""
        with self._lock:
            if self._threads is None:
                self._threads = ThreadPoolExecutor(_MAX_THREADS, thread_name_prefix="otel-sentry-tunnel")
            return self._threads


def _leave_out_of_traces() -> None:
    """A page's telemetry is nobody's request: the server span around it does not go to Sentry."""
    segment: Any = getattr(trace.get_current_span(), SEGMENT_ATTRIBUTE, None)
    if segment is not None:
        segment.plain.ignore()
