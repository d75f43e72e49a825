"""The sink's arithmetic: every form in which spans arrive is counted, by span id."""

from __future__ import annotations

import gzip
import json
import zlib
from typing import TYPE_CHECKING

import pytest

from tests.benchmarks.received import Received
from tests.benchmarks.tally import tally

if TYPE_CHECKING:
    from collections.abc import Callable


def envelope(kind: str, payload: dict[str, object]) -> bytes:
    """Return an envelope with one item."""
    body = json.dumps(payload).encode()
    return b"{}\n" + json.dumps({"type": kind, "length": len(body)}).encode() + b"\n" + body + b"\n"


def request(body: bytes, **headers: str) -> Received:
    """Return a request whose head took a hundred bytes."""
    return Received("/", {name.replace("_", "-"): value for name, value in headers.items()}, body, 100)


def span_container(*ids: str) -> bytes:
    """Return an envelope of streamed spans."""
    return envelope("span", {"version": 2, "items": [{"span_id": span_id} for span_id in ids]})


def transaction(*ids: str) -> bytes:
    """Return an envelope of a transaction; the first id is the root's."""
    root, *children = ids
    return envelope(
        "transaction",
        {"contexts": {"trace": {"span_id": root}}, "spans": [{"span_id": child} for child in children]},
    )


def otlp(*ids: str) -> bytes:
    """Return an OTLP request."""
    proto = pytest.importorskip("opentelemetry.proto.collector.trace.v1.trace_service_pb2")
    message = proto.ExportTraceServiceRequest()
    spans = message.resource_spans.add().scope_spans.add().spans
    for span_id in ids:
        spans.add(span_id=bytes.fromhex(span_id))
    serialized: bytes = message.SerializeToString()
    return serialized


@pytest.mark.parametrize(
    ("make", "headers"),
    [
        pytest.param(span_container, {}, id="streamed spans"),
        pytest.param(transaction, {}, id="a transaction"),
        pytest.param(otlp, {"content_type": "application/x-protobuf"}, id="OTLP"),
    ],
)
def test_spans_are_counted_in_each_form(make: Callable[..., bytes], headers: dict[str, str]) -> None:
    """Two requests with two spans each are four spans."""
    found = tally([request(make("01" * 8, "02" * 8), **headers), request(make("03" * 8, "04" * 8), **headers)])

    assert (found.spans, found.repeated, found.requests) == (4, 0, 2)


@pytest.mark.parametrize(
    ("encoding", "encode"),
    [("gzip", gzip.compress), ("deflate", zlib.compress), ("identity", bytes)],
)
def test_bytes_are_counted_as_sent(encoding: str, encode: Callable[[bytes], bytes]) -> None:
    """The size of a compressed body is its size on the wire, and the heads are counted apart."""
    body = encode(span_container("0a" * 8))

    found = tally([request(body, content_encoding=encoding)])

    assert (1, len(body), 100, {encoding: 1}) == (found.spans, found.body_bytes, found.head_bytes, found.encodings)


def test_a_span_that_comes_twice_is_one_span() -> None:
    """A retry after a lost answer must not hide a loss."""
    found = tally([request(span_container("01" * 8, "02" * 8)), request(span_container("02" * 8))])

    assert (found.spans, found.repeated) == (2, 1)


def test_issues_are_counted() -> None:
    """An error event is an issue, and no span."""
    found = tally([request(envelope("event", {"event_id": "0" * 32}))])

    assert (found.issues, found.spans, found.kinds) == (1, 0, {"event": 1})
