"""One request as the sink got it, and HTTP/1.1 framing. Pure: bytes in, requests out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

_END_OF_HEAD: Final = b"\r\n\r\n"


@dataclass(frozen=True)
class Received:
    """A request that arrived whole; its body is still as it was on the wire."""

    path: str
    headers: dict[str, str]
    body: bytes
    head_bytes: int


@dataclass(frozen=True)
class Head:
    """Request line and headers, and how many bytes they took."""

    path: str
    headers: dict[str, str]
    size: int


def read_head(buffer: bytearray) -> Head | None:
    """Return the head at the start of `buffer`, or None while it is incomplete."""
    end = buffer.find(_END_OF_HEAD)
    if end < 0:
        return None
    request_line, *lines = buffer[:end].decode("latin-1").split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    return Head(request_line.split(" ")[1], headers, end + len(_END_OF_HEAD))


def read_body(buffer: bytearray, head: Head) -> tuple[bytes, int] | None:
    """Return the body after `head` and where it ends in `buffer`, or None while it is incomplete."""
    if head.headers.get("transfer-encoding", "").lower() == "chunked":
        return _read_chunks(buffer, head.size)
    end = head.size + int(head.headers.get("content-length", "0"))
    return (bytes(buffer[head.size : end]), end) if len(buffer) >= end else None


def _read_chunks(buffer: bytearray, position: int) -> tuple[bytes, int] | None:
    chunks: list[bytes] = []
    while True:
        line_end = buffer.find(b"\r\n", position)
        if line_end < 0:
            return None
        size = int(bytes(buffer[position:line_end]).split(b";")[0], 16)
        start = line_end + 2
        position = start + size + 2
        if len(buffer) < position:
            return None
        if size == 0:
            return b"".join(chunks), position
        chunks.append(bytes(buffer[start : start + size]))
