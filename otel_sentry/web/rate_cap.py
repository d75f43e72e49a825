"""How many requests a second are taken, in all and of one client. Pure: the present is an argument."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import Final

MAX_CLIENTS: Final = 10_000
"""Clients that are remembered; the one that was silent longest is forgotten first."""
_BURST_SECONDS: Final = 5.0
_SHARE_OF_ONE: Final = 0.2


@dataclass(slots=True)
class _Bucket:
    """Requests that may still come at once, and when that was counted."""

    tokens: float
    at: float

    def wait(self, now: float, rate: float) -> float:
        """Seconds until one more is welcome; 0 if it is now."""
        self.tokens = min(rate * _BURST_SECONDS, self.tokens + (now - self.at) * rate)
        self.at = now
        return 0.0 if self.tokens >= 1 else (1 - self.tokens) / rate


class RateCap:
    """A cap on requests, five seconds of which may come at once. Not for several threads: the caller locks.

    Args:
        per_second: of all clients together; one client may have a fifth of it.
    """

    def __init__(self, per_second: float) -> None:
        self._rate = per_second
        self._all = _Bucket(per_second * _BURST_SECONDS, 0.0)
        self._clients: OrderedDict[str, _Bucket] = OrderedDict()

    def wait(self, client: str | None, now: float) -> float:
        """Take one request.

        Args:
            client: whose it is; None if that is not known.
            now: monotonic seconds.

        Returns:
            0 when it is taken, else the seconds after which it is worth trying again.
        """
        waits = [self._all.wait(now, self._rate)]
        buckets = [self._all]
        if client is not None:
            rate = max(1.0, self._rate * _SHARE_OF_ONE)
            bucket = self._bucket(client, now, rate)
            waits.append(bucket.wait(now, rate))
            buckets.append(bucket)
        longest = max(waits)
        if longest == 0:
            for bucket in buckets:
                bucket.tokens -= 1
        return longest

    def _bucket(self, client: str, now: float, rate: float) -> _Bucket:
        bucket = self._clients.get(client)
        if bucket is None:
            bucket = self._clients[client] = _Bucket(rate * _BURST_SECONDS, now)
            if len(self._clients) > MAX_CLIENTS:
                self._clients.popitem(last=False)
        self._clients.move_to_end(client)
        return bucket
