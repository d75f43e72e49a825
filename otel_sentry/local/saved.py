"""The `.envelopes` file: envelopes one after the other, each behind a line of JSON that says how long it is.

    {"envelope_bytes": 1234, "received_at": "2026-11-22T10:00:00.000000+00:00"}
    … 1234 bytes …

A file may grow by appending, be compressed with gzip as a whole, or be a single bare envelope as other SDKs save them.
Works on binary streams that the caller opened.
"""

from __future__ import annotations

import gzip
import io
import zlib
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import IO, TYPE_CHECKING, Any, Final

from otel_sentry.errors import MalformedEnvelope
from otel_sentry.local.fields import epoch_seconds
from otel_sentry.local.plain_text import visible
from otel_sentry.protocol import json_text
from otel_sentry.protocol.envelope import Envelope, EnvelopeItem, envelope_headers, envelope_items

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_ENVELOPE_BYTES: Final = 200 * 2**20
_MAX_LINE_BYTES: Final = 64 * 2**10
_GZIP_MAGIC: Final = b"\x1f\x8b"


@dataclass(frozen=True, slots=True)
class Saved:
    """One envelope of a file; `at` is None when the file does not tell."""

    raw: bytes
    at: float | None


@dataclass(frozen=True, slots=True)
class Damage:
    """Where reading had to stop or skip, and why, in a sentence."""

    reason: str


def write_saved(stream: IO[bytes], raw: bytes, at: float) -> None:
    """Append one envelope."""
    received_at = datetime.fromtimestamp(at, timezone.utc).isoformat(timespec="microseconds")
    stream.write(json_text.dumps({"envelope_bytes": len(raw), "received_at": received_at}))
    stream.write(b"\n" + raw + b"\n")


def read_saved(stream: IO[bytes]) -> Iterator[Saved | Damage]:
    """Yield envelopes one at a time; what cannot be read ends as one `Damage`.

    Args:
        stream: at its start; must support `peek` or `seek`.
    """
    plain = _decompressed(stream)
    try:
        first = plain.readline(_MAX_LINE_BYTES)
        frame = _frame(first)
        if frame is None:
            yield from _bare(first, plain)
        else:
            yield from _framed(frame, plain)
    except (EOFError, gzip.BadGzipFile, zlib.error) as exc:
        yield Damage(f"the compressed file is cut or broken: {exc}")


def readable_part(raw: bytes) -> tuple[Envelope, str | None]:
    """The items that precede any damage, and what the damage is."""
    items: list[EnvelopeItem] = []
    headers: dict[str, Any] = {}
    try:
        headers, offset = envelope_headers(raw)
        for item in envelope_items(raw, offset):
            items.append(item)  # noqa: PERF402 - extend() would lose them at the error
    except MalformedEnvelope as exc:
        return Envelope(headers, items), str(exc)
    return Envelope(headers, items), None


def _decompressed(stream: IO[bytes]) -> IO[bytes]:
    buffered = io.BufferedReader(stream) if isinstance(stream, io.RawIOBase) else stream
    start = buffered.read(len(_GZIP_MAGIC))
    buffered.seek(0)
    return gzip.GzipFile(fileobj=buffered) if start == _GZIP_MAGIC else buffered  # type: ignore[return-value] # IO by duck


def _frame(line: bytes) -> dict[str, Any] | None:
    try:
        frame = json_text.loads(line)
    except ValueError:
        return None
    size = frame.get("envelope_bytes") if isinstance(frame, dict) else None
    return frame if isinstance(size, int) and not isinstance(size, bool) and size >= 0 else None


def _bare(first: bytes, stream: IO[bytes]) -> Iterator[Saved | Damage]:
    """The whole file is one envelope."""
    raw = first + stream.read(MAX_ENVELOPE_BYTES + 1)
    if not raw:
        yield Damage("the file is empty")
    elif len(raw) > MAX_ENVELOPE_BYTES:
        yield Damage(f"the file is one envelope of more than {MAX_ENVELOPE_BYTES} bytes")
    else:
        yield Saved(raw, None)


def _framed(frame: dict[str, Any], stream: IO[bytes]) -> Iterator[Saved | Damage]:
    number = 1
    while True:
        size = frame["envelope_bytes"]
        if size > MAX_ENVELOPE_BYTES:
            yield Damage(f"envelope {number} says that it has {size} bytes, allowed are {MAX_ENVELOPE_BYTES}")
            return
        raw = stream.read(size)
        if raw:
            yield Saved(raw, epoch_seconds(frame.get("received_at")))
        if len(raw) < size:
            yield Damage(f"the file is cut: envelope {number} must have {size} bytes, {len(raw)} are there")
            return
        stream.read(1)
        line = stream.readline(_MAX_LINE_BYTES)
        if not line:
            return
        number += 1
        next_frame = _frame(line)
        if next_frame is None:
            yield Damage(f"before envelope {number} stands no line with envelope_bytes but {visible(repr(line), 60)}")
            return
        frame = next_frame
