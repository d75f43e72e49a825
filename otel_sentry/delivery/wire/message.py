"""HTTP/1.1 without a socket: the bytes of a request, and an answer read piece by piece. Pure.

Only what a POST to Sentry needs; opening connections (proxies, TLS, certificates) is urllib3's, in `dialler`.
Source: RFC 9112.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

_MAX_HEAD_BYTES: Final = 65_536
_MAX_BODY_BYTES: Final = 1 << 20
_SHOWN_BODY_BYTES: Final = 200
_NO_BODY: Final = frozenset({204, 304})
_LINE_ENDS_HEAD: Final = b"\r\n\r\n"


class BadAnswer(ValueError):
    """What came back is no HTTP/1.x answer."""


class Answer(NamedTuple):
    """One HTTP answer.

    Args:
        status: such as 200.
        headers: names in lower case; of a repeated name all values, joined by a comma.
        text: start of the body, for log lines.
        reusable: whether the connection may carry another request.
    """

    status: int
    headers: Mapping[str, str]
    text: str = ""
    reusable: bool = True


def request_start(target: str, host: str, headers: Mapping[str, str]) -> bytes:
    """The part of a request that is the same for every envelope.

    Args:
        target: path, or the whole URL towards a proxy.
        host: value of `Host`.
        headers: further headers.

    Raises:
        ValueError: something holds a line break or is not latin-1.
    """
    lines = [f"POST {target} HTTP/1.1", f"Host: {host}", *(f"{name}: {value}" for name, value in headers.items())]
    if any("\r" in line or "\n" in line for line in lines):
        raise ValueError("a header must not hold a line break")
    return "\r\n".join(lines).encode("latin-1") + b"\r\n"


def request_bytes(start: bytes, encoding: str, body: bytes) -> bytes:
    """A whole request.

    Args:
        start: from `request_start`.
        encoding: of the body; empty when it is sent as it is.
        body: what to send.
    """
    coded = b"Content-Encoding: %b\r\n" % encoding.encode() if encoding else b""
    return b"%b%bContent-Length: %d\r\n\r\n%b" % (start, coded, len(body), body)


class AnswerReader:
    """Puts one answer together from the bytes that arrive."""

    def __init__(self) -> None:
        self._data = b""
        self._head: tuple[int, dict[str, str], bool] | None = None
        self._body_at = 0

    @property
    def began(self) -> bool:
        """Whether anything arrived."""
        return bool(self._data)

    def feed(self, data: bytes) -> Answer | None:
        """Take bytes; an empty value means that the other side closed.

        Returns:
            The answer once it is complete.

        Raises:
            BadAnswer: this is no HTTP answer, it ended too early, or it is larger than any sane one.
        """
        self._data += data
        while self._head is None:
            end = self._data.find(_LINE_ENDS_HEAD)
            if end < 0:
                self._check_incomplete_head(closed=not data)
                return None
            self._read_head(end)
        return self._finished(closed=not data)

    def _check_incomplete_head(self, *, closed: bool) -> None:
        if closed:
            raise BadAnswer("connection closed before the answer")
        if len(self._data) > _MAX_HEAD_BYTES or not self._data.startswith(b"HTTP/1."[: len(self._data)]):
            raise BadAnswer("no HTTP/1.x answer")

    def _read_head(self, end: int) -> None:
        status, version, headers = _parse_head(self._data[:end])
        self._body_at = end + len(_LINE_ENDS_HEAD)
        if 100 <= status < 200:  # an interim answer: the real one follows
            self._data = self._data[self._body_at :]
            return
        connection = headers.get("connection", "").lower()
        keep = "close" not in connection and (version == 1 or "keep-alive" in connection)
        self._head = (status, headers, keep)

    def _finished(self, *, closed: bool) -> Answer | None:
        assert self._head is not None  # noqa: S101  for the type checker; `feed` has seen to it
        status, headers, keep = self._head
        body = self._data[self._body_at :]
        if len(body) > _MAX_BODY_BYTES:
            return Answer(status, headers, reusable=False)  # the status is known, the rest is not worth waiting for
        if status in _NO_BODY:
            length: int | None = 0
        elif "chunked" in headers.get("transfer-encoding", "").lower():
            length = _chunked_length(body)
            if length is None and not closed:
                return None
        else:
            length = _content_length(headers)
        if length is None:
            return Answer(status, headers, _shown(body), reusable=False) if closed else None
        if len(body) < length:
            if closed:
                return Answer(status, headers, _shown(body), reusable=False)
            return None
        # Bytes behind the answer belong to nothing that was asked for.
        return Answer(status, headers, _shown(body[:length]), reusable=keep and not closed and len(body) == length)


def _parse_head(head: bytes) -> tuple[int, int, dict[str, str]]:
    """Status, minor version and headers."""
    first, *lines = head.decode("latin-1").split("\r\n")
    version, _, rest = first.partition(" ")
    status = rest[:3]
    if version not in ("HTTP/1.1", "HTTP/1.0") or len(status) != 3 or not status.isascii() or not status.isdigit():
        raise BadAnswer("no HTTP/1.x answer")
    headers: dict[str, str] = {}
    for line in lines:
        name, colon, value = line.partition(":")
        if not colon or not name:
            raise BadAnswer("a header line has no name")
        key = name.lower()
        headers[key] = f"{headers[key]}, {value.strip()}" if key in headers else value.strip()
    return int(status), 1 if version == "HTTP/1.1" else 0, headers


def _content_length(headers: Mapping[str, str]) -> int | None:
    text = headers.get("content-length")
    if text is None:
        return None
    first = text.split(",")[0].strip()
    if not first.isascii() or not first.isdigit() or len(first) > 15:
        raise BadAnswer("Content-Length is no number")
    return int(first)


def _chunked_length(body: bytes) -> int | None:
    """Bytes of a chunked body up to its end, or None while it is incomplete."""
    at = 0
    while True:
        end = body.find(b"\r\n", at)
        if end < 0:
            return None
        size_text = body[at:end].split(b";")[0].strip()
        try:
            size = int(size_text, 16)
        except ValueError:
            raise BadAnswer("a chunk has no size") from None
        if size < 0 or b"_" in size_text:
            raise BadAnswer("a chunk has no size")
        if size == 0:
            return _after_trailers(body, end)
        at = end + 2 + size + 2
        if at > len(body):
            return None


def _after_trailers(body: bytes, last_chunk_end: int) -> int | None:
    end = body.find(_LINE_ENDS_HEAD, last_chunk_end)
    return None if end < 0 else end + len(_LINE_ENDS_HEAD)


def _shown(body: bytes) -> str:
    return body[:_SHOWN_BODY_BYTES].decode("utf-8", "replace")
