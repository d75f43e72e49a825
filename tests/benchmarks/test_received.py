"""Framing of HTTP/1.1 at the sink: requests come in pieces, with a length or in chunks."""

from __future__ import annotations

import pytest

from tests.benchmarks.received import read_body, read_head

WITH_LENGTH = b"POST /api/1/envelope/ HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello"
CHUNKED = b"POST /v1/traces HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2;x=y\r\nlo\r\n0\r\n\r\n"


@pytest.mark.parametrize(("request_bytes", "path"), [(WITH_LENGTH, "/api/1/envelope/"), (CHUNKED, "/v1/traces")])
def test_a_whole_request_is_read(request_bytes: bytes, path: str) -> None:
    """Path and body are found, and the body ends where the next request begins."""
    buffer = bytearray(request_bytes + b"POST /next")

    head = read_head(buffer)
    found = read_body(buffer, head) if head else None

    assert head is not None
    assert (path, (b"hello", len(request_bytes))) == (head.path, found)


@pytest.mark.parametrize("request_bytes", [WITH_LENGTH, CHUNKED], ids=["length", "chunks"])
def test_a_request_in_pieces_is_waited_for(request_bytes: bytes) -> None:
    """Whatever is cut off, the answer is None, never a shorter body."""
    for end in range(len(request_bytes)):
        buffer = bytearray(request_bytes[:end])
        head = read_head(buffer)

        assert head is None or read_body(buffer, head) is None
