"""HTTP/1.1 without a socket."""

from __future__ import annotations

import http.client
import io

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from otel_sentry.delivery.wire.message import Answer, AnswerReader, BadAnswer, request_bytes, request_start

PLAIN = b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 11\r\n\r\n{"id":"ab"}'
CHUNKED = (
    b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{"id"\r\n6;x=y\r\n:"ab"}\r\n0\r\nTrailer: t\r\n\r\n'
)


def read(data: bytes, *, closed: bool = False) -> Answer | None:
    """Feed everything at once."""
    reader = AnswerReader()
    answer = reader.feed(data)
    return reader.feed(b"") if answer is None and closed else answer


def test_a_request_is_what_any_server_reads() -> None:
    """The bytes of a request hold its line, its headers and its body."""
    start = request_start("/api/1/envelope/", "sentry.example", {"X-Sentry-Auth": "Sentry sentry_key=k"})
    head, _, body = request_bytes(start, "zstd", b"\x00body").partition(b"\r\n\r\n")
    line, *_ = head.split(b"\r\n")
    headers = http.client.parse_headers(io.BytesIO(head.partition(b"\r\n")[2] + b"\r\n\r\n"))

    assert line == b"POST /api/1/envelope/ HTTP/1.1"
    assert dict(headers) == {
        "Host": "sentry.example",
        "X-Sentry-Auth": "Sentry sentry_key=k",
        "Content-Encoding": "zstd",
        "Content-Length": "5",
    }
    assert body == b"\x00body"


def test_a_body_that_is_not_compressed_says_nothing_of_it() -> None:
    """Without an encoding there is no Content-Encoding."""
    assert b"Encoding" not in request_bytes(request_start("/", "h", {}), "", b"")


def test_a_header_cannot_smuggle_another() -> None:
    """A key with a line break is refused at once, before anything is sent."""
    with pytest.raises(ValueError, match="line break"):
        request_start("/", "h", {"X-Sentry-Auth": "k\r\nEvil: 1"})


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        pytest.param(
            PLAIN,
            Answer(200, {"content-type": "application/json", "content-length": "11"}, '{"id":"ab"}'),
            id="length",
        ),
        pytest.param(
            b"HTTP/1.1 204 No Content\r\nX: 1\r\nx: 2\r\n\r\n",
            Answer(204, {"x": "1, 2"}),
            id="no body, repeated header",
        ),
        pytest.param(
            b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200\r\nContent-Length: 0\r\n\r\n",
            Answer(200, {"content-length": "0"}),
            id="interim answer first, no reason phrase",
        ),
        pytest.param(
            b"HTTP/1.1 200 OK\r\nConnection: Close\r\nContent-Length: 0\r\n\r\n",
            Answer(200, {"connection": "Close", "content-length": "0"}, reusable=False),
            id="the other side will close",
        ),
        pytest.param(
            b"HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n",
            Answer(200, {"content-length": "0"}, reusable=False),
            id="HTTP/1.0 closes",
        ),
        pytest.param(
            b"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 0\r\n\r\n",
            Answer(200, {"connection": "keep-alive", "content-length": "0"}),
            id="HTTP/1.0 that stays",
        ),
        pytest.param(
            PLAIN + b"HTTP/1.1 200",
            Answer(200, {"content-type": "application/json", "content-length": "11"}, '{"id":"ab"}', reusable=False),
            id="too much",
        ),
    ],
)
def test_reads_an_answer(data: bytes, expected: Answer) -> None:
    """Status, headers and body, and whether the connection may be used again."""
    assert read(data) == expected


def test_reads_chunks() -> None:
    """A chunked answer ends with its last chunk and trailers."""
    answer = read(CHUNKED)

    assert answer is not None
    assert (answer.status, answer.reusable) == (200, True)


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"HTTP/1.1 200 OK\r\n\r\nsome text", id="no length: until the end"),
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nsome text", id="shorter than it said"),
        pytest.param(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\nsome", id="chunk cut short"),
    ],
)
def test_an_answer_that_ends_early_still_has_its_status(data: bytes) -> None:
    """The status tells what became of the envelope, whatever the body was to be."""
    answer = read(data, closed=True)

    assert answer is not None
    assert (answer.status, answer.reusable) == (200, False)


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"\x16\x03\x01 TLS?", id="another protocol"),
        pytest.param(b"HTTP/2 200 OK\r\n\r\n", id="another version"),
        pytest.param(b"HTTP/1.1 OK\r\n\r\n", id="no status"),
        pytest.param(b"HTTP/1.1 \xb2\xb2\xb2 OK\r\n\r\n", id="digits that are none"),
        pytest.param(b"HTTP/1.1 200 OK\r\nno colon\r\n\r\n", id="a header without a name"),
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", id="negative length"),
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-Length: 1e3\r\n\r\n", id="odd length"),
        pytest.param(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", id="chunk without size"),
        pytest.param(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-5\r\n", id="negative chunk"),
        pytest.param(b"HTTP/1.1 200 OK\r\nX: " + b"x" * 70_000, id="endless headers"),
    ],
)
def test_garbage_is_told_apart(data: bytes) -> None:
    """What is no HTTP answer raises one exception."""
    with pytest.raises(BadAnswer):
        read(data)


def test_a_connection_closed_in_silence_is_no_answer() -> None:
    """Nothing at all is an error, not a success."""
    with pytest.raises(BadAnswer):
        read(b"", closed=True)


def test_an_endless_body_is_not_waited_for() -> None:
    """A megabyte after the headers the status is enough."""
    answer = read(b"HTTP/1.1 500 Oops\r\n\r\n" + b"x" * (1 << 20) + b"x")

    assert answer is not None
    assert (answer.status, answer.reusable) == (500, False)


@given(st.sampled_from([PLAIN, CHUNKED]), st.lists(st.integers(1, 40), max_size=40))
def test_the_pieces_do_not_matter(data: bytes, sizes: list[int]) -> None:
    """An answer is the same however the network cuts it."""
    reader, answers = AnswerReader(), []
    rest = data
    for size in [*sizes, len(data)]:
        piece, rest = rest[:size], rest[size:]
        if piece:
            answers.append(reader.feed(piece))

    assert [answer for answer in answers if answer] == [read(data)]


@given(st.binary(max_size=400) | st.binary(max_size=300).map(lambda tail: b"HTTP/1.1 200 OK\r\n" + tail))
@example(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1_0\r\n")
def test_no_bytes_break_the_reader(data: bytes) -> None:
    """Whatever comes back is an answer, nothing yet, or `BadAnswer`."""
    try:
        answer = read(data, closed=True)
    except BadAnswer:
        return

    assert answer is None or 100 <= answer.status <= 999
