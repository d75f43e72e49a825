"""One kept-alive connection and the request it carries, on a socket that never blocks."""

from __future__ import annotations

import socket
import ssl
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar

from otel_sentry.delivery.wire.message import AnswerReader, BadAnswer

if TYPE_CHECKING:
    from otel_sentry.delivery.wire.message import Answer

T = TypeVar("T")

_RECEIVE_BYTES: Final = 65_536
_WOULD_BLOCK: Final = (BlockingIOError, InterruptedError, ssl.SSLWantReadError, ssl.SSLWantWriteError)


class Connection(Generic[T]):
    """Carries one request at a time. Owned by the delivery thread.

    Args:
        sock: connected, does not block.
        now: monotonic seconds.
    """

    __slots__ = ("_left", "_plain", "_reader", "cargo", "carried", "progress_at", "sock", "started_at", "wants_write")

    def __init__(self, sock: Any, now: float) -> None:
        self.sock = sock
        self.carried = 0
        self.cargo: T | None = None
        self.wants_write = False
        self.started_at = self.progress_at = now
        self._left = memoryview(b"")
        self._plain = isinstance(sock, socket.socket) and not isinstance(sock, ssl.SSLSocket)
        self._reader = AnswerReader()
        sock.settimeout(0.0)

    @property
    def stale(self) -> bool:
        """Whether the request met a connection that had carried others before and has answered nothing to this one."""
        return self.carried > 1 and not self._reader.began

    def load(self, cargo: T, request: bytes, now: float) -> None:
        """Take a request; `push` sends it."""
        self.cargo = cargo
        self.carried += 1
        self.started_at = self.progress_at = now
        self._left = memoryview(request)
        self._reader = AnswerReader()

    def push(self, now: float) -> None:
        """Send what the socket takes; afterwards `wants_write` says whether something is left.

        Raises:
            OSError: the connection broke.
        """
        left = self._left
        try:
            while left:
                left = left[self.sock.send(left) :]
                self.progress_at = now
        except _WOULD_BLOCK:
            pass
        finally:
            self._left = left
            self.wants_write = bool(left)

    def pull(self, now: float) -> Answer | None:
        """Receive what is there.

        Returns:
            The answer once it is complete.

        Raises:
            OSError: the connection broke.
            BadAnswer: it answers nonsense.
        """
        while True:
            try:
                data = self.sock.recv(_RECEIVE_BYTES)
            except _WOULD_BLOCK:
                return None
            self.progress_at = now
            answer = self._reader.feed(data)
            if answer is not None or not data:
                return answer
            if self._plain:  # a TLS socket may hold more than the selector knows of; a plain one tells again
                return None

    def quiet(self) -> bool:
        """Whether an idle connection is still good: nothing to read but TLS housekeeping."""
        try:
            self.sock.recv(1)
        except _WOULD_BLOCK:
            return True
        except OSError:
            return False
        return False

    def last_words(self, now: float) -> Answer | None:
        """An answer that arrived before the connection broke while sending, such as 413; else None."""
        with suppress(OSError, BadAnswer):
            return self.pull(now)
        return None

    def reusable_after(self, answer: Answer) -> bool:
        """Whether the connection may carry another request."""
        return answer.reusable and not self._left

    def unload(self) -> T | None:
        """Give the cargo back."""
        cargo, self.cargo = self.cargo, None
        self._left = memoryview(b"")
        self.wants_write = False
        return cargo

    def close(self) -> None:
        """Close the socket."""
        with suppress(OSError):
            self.sock.close()
