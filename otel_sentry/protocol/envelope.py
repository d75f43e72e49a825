"""The envelope grammar, both directions. Pure; knows nothing of what the items mean.

Line 1 is the envelope's header; each item is a header line and a payload. LF only. Source: develop docs "envelopes".
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from otel_sentry.errors import MalformedEnvelope
from otel_sentry.protocol import json_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

_NEWLINE = 0x0A
_SHOWN_BYTES = 40


class EnvelopeItem(NamedTuple):
    """One item: its header without `length` (framing, not meaning) and its payload as it was sent."""

    headers: dict[str, Any]
    payload: bytes

    @property
    def type(self) -> str:
        """What the item is: `span`, `event`, `log`, …; empty when the header does not say."""
        return str(self.headers.get("type", ""))


@dataclass(frozen=True, slots=True)
class Envelope:
    """Header and items of one envelope."""

    headers: dict[str, Any]
    items: list[EnvelopeItem] = field(default_factory=list)


def parse_envelope(data: bytes) -> Envelope:
    """Read one whole envelope; unknown headers are kept, `length` is checked and taken out.

    Raises:
        MalformedEnvelope: says line, byte offset and reason.
    """
    headers, offset = envelope_headers(data)
    return Envelope(headers, list(envelope_items(data, offset)))


def envelope_headers(data: bytes) -> tuple[dict[str, Any], int]:
    """Read the first line.

    Returns:
        The envelope's header and the offset of the first item.

    Raises:
        MalformedEnvelope: the line is missing or no JSON object.
    """
    if not data:
        raise _malformed(data, 0, "the envelope is empty; it must start with a header line")
    return _header_line(data, 0, "envelope header")


def envelope_items(data: bytes, offset: int) -> Iterator[EnvelopeItem]:
    """Yield items one by one, so that a reader of a damaged envelope gets all that precede the damage.

    Args:
        data: the whole envelope.
        offset: where the first item starts, as `envelope_headers` tells.

    Raises:
        MalformedEnvelope: at the first item that cannot be read.
    """
    while offset < len(data):
        start = offset
        headers, offset = _header_line(data, start, "item header")
        if not isinstance(headers.get("type"), str):
            raise _malformed(data, start, "item header has no `type`")
        end = _payload_end(data, start, offset, headers)
        yield EnvelopeItem(headers, data[offset:end])
        offset = end + 1


def serialize_envelope(headers: Mapping[str, Any], items: Iterable[EnvelopeItem]) -> bytes:
    """Write an envelope; every item header gets its `length`, so payloads may hold newlines.

    Raises:
        TypeError: a header holds what JSON cannot carry.
    """
    lines = [json_text.dumps(headers)]
    for item in items:
        lines += (json_text.dumps({**item.headers, "length": len(item.payload)}), item.payload)
    lines.append(b"")
    return b"\n".join(lines)


def serialize_item(headers: Mapping[str, Any], item_headers: Mapping[str, Any], payload: bytes) -> bytes:
    """Write an envelope that has one item; raises as `serialize_envelope` does."""
    item_line = json_text.dumps({**item_headers, "length": len(payload)})
    return b"\n".join((json_text.dumps(headers), item_line, payload, b""))


def _header_line(data: bytes, start: int, what: str) -> tuple[dict[str, Any], int]:
    """Decode the JSON object between `start` and the next newline; also the offset behind that newline."""
    end = data.find(b"\n", start)
    line = data[start:] if end < 0 else data[start:end]
    if line.endswith(b"\r"):
        raise _malformed(data, start, f"{what} ends with CR LF; envelopes use LF only")
    try:
        headers = json_text.loads(line)
    except ValueError:
        raise _malformed(data, start, f"{what} is no JSON: {_shown(line)}") from None
    if not isinstance(headers, dict):
        raise _malformed(data, start, f"{what} must be a JSON object, not {_shown(line)}")
    return headers, len(data) if end < 0 else end + 1


def _payload_end(data: bytes, start: int, offset: int, headers: dict[str, Any]) -> int:
    """Offset behind the payload that starts at `offset`; takes `length` out of `headers`."""
    if "length" not in headers:
        end = data.find(b"\n", offset)
        return len(data) if end < 0 else end
    length = headers.pop("length")
    if not isinstance(length, int) or isinstance(length, bool) or length < 0:
        raise _malformed(data, start, f"`length` must be a number of bytes, not {length!r}")
    end = offset + length
    if end > len(data):
        raise _malformed(data, offset, f"payload must be {length} bytes, only {len(data) - offset} follow")
    if end < len(data) and data[end] != _NEWLINE:
        raise _malformed(data, end, f"a newline must follow the payload of {length} bytes")
    return end


def _malformed(data: bytes, offset: int, reason: str) -> MalformedEnvelope:
    line = data.count(b"\n", 0, offset) + 1
    return MalformedEnvelope(f"line {line}, byte {offset}: {reason}")


def _shown(line: bytes) -> str:
    """The start of a line, fit to be printed."""
    cut = line[:_SHOWN_BYTES]
    return ascii(cut.decode("utf-8", "replace")) + ("…" if len(line) > len(cut) else "")
