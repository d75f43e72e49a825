"""Wakes a thread that waits on a selector."""

from __future__ import annotations

import socket
from contextlib import suppress


class Bell:
    """Something a selector can watch and any thread can ring."""

    def __init__(self) -> None:
        self._heard, self._rung = socket.socketpair()
        self._heard.settimeout(0.0)
        self._rung.settimeout(0.0)

    def fileno(self) -> int:
        """What the selector watches for reading."""
        return self._heard.fileno()

    def ring(self) -> None:
        """End the wait; safe from any thread."""
        with suppress(OSError):  # full: it will be heard anyway; closed: nobody is there to hear
            self._rung.send(b"!")

    def silence(self) -> None:
        """Forget the rings so far."""
        with suppress(OSError):
            self._heard.recv(4096)

    def close(self) -> None:
        """Let both ends go."""
        self._heard.close()
        self._rung.close()
