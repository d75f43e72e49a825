"""What the tunnel lets through: decided from a request's head and the first line of its body. Pure.

Rule: where an envelope goes is one of the DSNs that the tunnel was given, found by equality. No text of a request ever
becomes part of an address, so that no request can choose one.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from otel_sentry.protocol.dsn import Dsn

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

MAX_HEADER_LINE_BYTES: Final = 16_384
"""Longest first line of an envelope: DSN, SDK and the dynamic sampling context fit many times."""
MAX_USER_AGENT: Final = 512
_OWN_PORTS: Final = {"http": 80, "https": 443}


class Refusal(Exception):
    """Why a request is not forwarded.

    Args:
        status: HTTP status of the answer.
        reason: for the answer's body and the log; repeats nothing of the request.
        headers: of the answer.
    """

    def __init__(self, status: int, reason: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(reason)
        self.status = status
        self.headers = dict(headers or {})


@dataclass(frozen=True, slots=True)
class Answer:
    """What the browser is told."""

    status: int
    body: bytes
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class TunnelRules:
    """What a tunnel is allowed to do.

    Args:
        dsns: where envelopes may go.
        max_bytes: largest body.
        origins: origins besides its own whose pages may use it, such as `https://shop.example`.
    """

    dsns: frozenset[Dsn]
    max_bytes: int
    origins: frozenset[str] = frozenset()

    @classmethod
    def of(cls, dsns: Iterable[Dsn], *, max_bytes: int, origins: Iterable[str] = ()) -> TunnelRules:
        """Rules for these DSNs and origins, spelled in whatever way."""
        return cls(frozenset(map(_spelled, dsns)), max_bytes, frozenset(one.rstrip("/").lower() for one in origins))

    def content_length(self, method: str, headers: Mapping[str, str]) -> int | None:
        """Look at a request's head.

        Args:
            method: of the request.
            headers: names in lower case.

        Returns:
            How many bytes the body will have; None if it does not say.

        Raises:
            Refusal: the request is not one of a page of ours, or its body is of no use.
        """
        if method != "POST":
            raise Refusal(405, "only POST is taken", {"allow": "POST"})
        if not self._same_site(headers):
            raise Refusal(403, "the page is of another origin")
        if headers.get("content-encoding", "identity").strip().lower() not in ("identity", ""):
            raise Refusal(415, "envelopes are taken uncompressed")
        return self._length(headers)

    def destination(self, line: bytes) -> Dsn:
        """Where an envelope goes, by its first line.

        Raises:
            Refusal: the line is no envelope header, or its DSN is none of ours.
        """
        if len(line) > MAX_HEADER_LINE_BYTES:
            raise Refusal(400, "the envelope header is too long")
        try:
            header = json.loads(line, object_pairs_hook=_without_doubles)  # the only reader that tells of double keys
        except (ValueError, RecursionError):
            raise Refusal(400, "the first line is no envelope header") from None
        dsn = header.get("dsn") if isinstance(header, dict) else None
        if not isinstance(dsn, str):
            raise Refusal(400, "the envelope header has no DSN")
        try:
            asked = _spelled(Dsn.parse(dsn))
        except ValueError:
            raise Refusal(400, "the DSN cannot be read") from None
        if asked not in self.dsns:
            raise Refusal(403, "the DSN is not one of this tunnel")
        return next(ours for ours in self.dsns if ours == asked)

    def cross_origin(self, headers: Mapping[str, str]) -> str | None:
        """The allowed foreign origin that a request comes from; it has to be told so."""
        origin = headers.get("origin", "")
        return origin if origin.lower() in self.origins else None

    def _same_site(self, headers: Mapping[str, str]) -> bool:
        """Whether a page of ours asks. Clients that are no browsers say neither, and could say anything."""
        origin = headers.get("origin", "").lower()
        if origin and origin != "null":
            return origin in self.origins or _is_of_host(origin, headers.get("host", ""))
        unsaid = "cross-site" if origin else "same-origin"
        return headers.get("sec-fetch-site", unsaid).lower() in ("same-origin", "none")

    def _length(self, headers: Mapping[str, str]) -> int | None:
        text = headers.get("content-length")
        if text is None:
            return None
        if not (text.isascii() and text.isdigit()):
            raise Refusal(400, "the content length is no number")
        length = int(text[:20])
        if length > self.max_bytes:
            raise Refusal(413, f"an envelope may have {self.max_bytes} bytes")
        if length == 0:
            raise Refusal(400, "the envelope is empty")
        return length


class BodyMeter:
    """Counts the bytes of one body as they come.

    Args:
        rules: for the cap.
        length: how many the head has promised; None if it has not.
    """

    def __init__(self, rules: TunnelRules, length: int | None) -> None:
        self._max_bytes = rules.max_bytes
        self._length = length
        self._bytes = 0

    def count(self, piece: bytes) -> None:
        """Count a piece.

        Raises:
            Refusal: the body is larger than it may be, or than it said.
        """
        self._bytes += len(piece)
        if self._bytes > self._max_bytes:
            raise Refusal(413, f"an envelope may have {self._max_bytes} bytes")
        if self._length is not None and self._bytes > self._length:
            raise Refusal(400, "the body is longer than its content length")

    def end(self) -> None:
        """The body has ended.

        Raises:
            Refusal: that is too early.
        """
        if self._bytes == 0:
            raise Refusal(400, "the envelope is empty")
        if self._length is not None and self._bytes < self._length:
            raise Refusal(400, "the body is shorter than its content length")


def preflight(origin: str) -> dict[str, str]:
    """Headers that let a page of another, allowed origin send."""
    return {
        "access-control-allow-origin": origin,
        "access-control-allow-methods": "POST",
        "access-control-allow-headers": "content-type",
        "access-control-expose-headers": "x-sentry-rate-limits, retry-after",
        "vary": "origin",
    }


def upstream_headers(dsn: Dsn, client: str, headers: Mapping[str, str], address: str | None) -> dict[str, str]:
    """What Sentry is told: its key, the browser's name, and the client's address if policy admits it. Nothing else.

    Args:
        dsn: where it goes.
        client: name and version of the tunnel.
        headers: of the request, names in lower case.
        address: IP address of the browser.
    """
    told = {
        "Content-Type": "application/x-sentry-envelope",
        "X-Sentry-Auth": f"Sentry sentry_version=7, sentry_client={client}, sentry_key={dsn.public_key}",
        "User-Agent": _printable(headers.get("user-agent", ""))[:MAX_USER_AGENT] or client,
    }
    return {**told, "X-Forwarded-For": address} if address else told


def _spelled(dsn: Dsn) -> Dsn:
    return replace(dsn, host=dsn.host.lower())


def _without_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key is there twice")
    return found


def _is_of_host(origin: str, host: str) -> bool:
    """Whether an origin is the host that was asked. TLS may end at a proxy, so that schemes cannot be compared."""
    try:
        there = urlsplit(origin)
        here = urlsplit(f"{there.scheme}://{host.lower()}")
        port = _OWN_PORTS.get(there.scheme)
        return bool(host) and (there.hostname, there.port or port) == (here.hostname, here.port or port)
    except ValueError:
        return False


def _printable(text: str) -> str:
    return "".join(sign for sign in text if " " <= sign <= "~")
