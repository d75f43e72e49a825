"""What arrived at the sink, decoded and counted. Pure; runs after the load, so that it costs nobody's measurement."""

from __future__ import annotations

import gzip
import json
import zlib
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from tests.benchmarks.received import Received


def _zstd(body: bytes) -> bytes:
    import zstandard  # noqa: PLC0415 - only needed where a peer chose zstd

    return zstandard.ZstdDecompressor().decompressobj().decompress(body)


def _brotli(body: bytes) -> bytes:
    import brotli  # type: ignore[import-not-found,unused-ignore]  # noqa: PLC0415 - only needed where a peer chose br

    decompressed: bytes = brotli.decompress(body)
    return decompressed


DECODERS: Final[dict[str, Callable[[bytes], bytes]]] = {
    "": bytes,
    "identity": bytes,
    "gzip": gzip.decompress,
    "deflate": zlib.decompress,
    "br": _brotli,
    "zstd": _zstd,
}


@dataclass
class Tally:
    """Counts of one run.

    Attributes:
        requests: HTTP requests.
        body_bytes: their bodies as sent.
        head_bytes: their request lines and headers.
        spans: distinct spans, whatever form they came in.
        repeated: spans that came more than once.
        issues: error events.
        kinds: how many of each envelope item (an OTLP request counts as `otlp`).
        encodings: how many requests of each content encoding.
    """

    requests: int
    body_bytes: int
    head_bytes: int
    spans: int
    repeated: int
    issues: int
    kinds: dict[str, int]
    encodings: dict[str, int]

    def as_dict(self) -> dict[str, Any]:
        """Return the counts as JSON can hold them."""
        return asdict(self)


def tally(arrived: Iterable[Received]) -> Tally:
    """Decode and count everything that arrived."""
    spans: Counter[str] = Counter()
    kinds: Counter[str] = Counter()
    encodings: Counter[str] = Counter()
    body_bytes = head_bytes = 0
    for request in arrived:
        encoding = request.headers.get("content-encoding", "")
        encodings[encoding or "identity"] += 1
        body_bytes += len(request.body)
        head_bytes += request.head_bytes
        body = DECODERS[encoding](request.body)
        if "protobuf" in request.headers.get("content-type", ""):
            kinds["otlp"] += 1
            spans.update(_otlp_spans(body))
        else:
            for kind, payload in _items(body):
                kinds[kind] += 1
                spans.update(_sentry_spans(kind, payload))
    return Tally(
        requests=sum(encodings.values()),
        body_bytes=body_bytes,
        head_bytes=head_bytes,
        spans=len(spans),
        repeated=sum(spans.values()) - len(spans),
        issues=kinds["event"],
        kinds=dict(kinds),
        encodings=dict(encodings),
    )


def _items(envelope: bytes) -> Iterable[tuple[str, bytes]]:
    position = envelope.index(b"\n") + 1
    while position < len(envelope):
        end = envelope.find(b"\n", position)
        header = json.loads(envelope[position : end if end >= 0 else len(envelope)])
        start = end + 1
        following = envelope.find(b"\n", start)
        until_newline = (following if following >= 0 else len(envelope)) - start
        size = header.get("length", until_newline)
        yield header["type"], envelope[start : start + size]
        position = start + size + 1


def _sentry_spans(kind: str, payload: bytes) -> Iterable[str]:
    if kind == "span":
        return [span["span_id"] for span in json.loads(payload)["items"]]
    if kind == "transaction":
        transaction = json.loads(payload)
        return [transaction["contexts"]["trace"]["span_id"], *(span["span_id"] for span in transaction["spans"])]
    return []


def _otlp_spans(body: bytes) -> Iterable[str]:
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (  # noqa: PLC0415 - a Sentry run needs none
        ExportTraceServiceRequest,
    )

    request = ExportTraceServiceRequest.FromString(body)
    return [
        span.span_id.hex()
        for resource_spans in request.resource_spans
        for scope_spans in resource_spans.scope_spans
        for span in scope_spans.spans
    ]
