"""Content encodings of a request body, undone with a cap on what comes out. Pure; brotli and zstandard enter here."""

from __future__ import annotations

import importlib
import zlib
from typing import TYPE_CHECKING, Any, Final

from otel_sentry.errors import OtelSentryError

if TYPE_CHECKING:
    from collections.abc import Callable


class UnknownEncoding(OtelSentryError):
    """No decoder for this `Content-Encoding` is at hand; says what to install where that helps."""


class BrokenBody(OtelSentryError):
    """The bytes are not what `Content-Encoding` says."""


class BodyTooLarge(OtelSentryError):
    """More bytes than are accepted, sent or after decompression."""


def decode(body: bytes, encoding: str, max_bytes: int) -> bytes:
    """Undo a `Content-Encoding`; stops as soon as more than `max_bytes` come out, so a bomb costs no memory.

    Raises:
        UnknownEncoding: no decoder.
        BrokenBody: not of that encoding, or cut.
        BodyTooLarge: more than `max_bytes`.
    """
    name = encoding.strip().lower()
    if name not in _DECODERS:
        accepted = ", ".join(sorted(filter(None, _DECODERS)))
        raise UnknownEncoding(f"Content-Encoding {name!r} is not known; accepted: {accepted}")
    decoded = _DECODERS[name](body, max_bytes + 1)
    if len(decoded) > max_bytes:
        raise BodyTooLarge(f"the envelope has more than {max_bytes} bytes")
    return decoded


def _plain(body: bytes, _limit: int) -> bytes:
    return body


def _gzip(body: bytes, limit: int) -> bytes:
    return _zlib(body, limit, zlib.MAX_WBITS | 16, "gzip")


def _deflate(body: bytes, limit: int) -> bytes:
    """RFC 9110 means zlib's format; some senders mean the raw stream without its two header bytes."""
    has_header = len(body) > 1 and body[0] & 0x0F == zlib.DEFLATED and (body[0] << 8 | body[1]) % 31 == 0
    return _zlib(body, limit, zlib.MAX_WBITS if has_header else -zlib.MAX_WBITS, "deflate")


def _zlib(body: bytes, limit: int, window_bits: int, name: str) -> bytes:
    stream = zlib.decompressobj(window_bits)
    try:
        decoded = stream.decompress(body, limit)
    except zlib.error as exc:
        raise BrokenBody(f"the body is no valid {name}: {exc}") from exc
    return _whole(decoded, limit, name, ended=stream.eof)


def _brotli(body: bytes, limit: int) -> bytes:
    brotli = _library("brotli", "br")
    stream = brotli.Decompressor()
    try:
        parts: list[bytes] = [stream.process(body, output_buffer_limit=limit)]
        room = limit - len(parts[0])
        while room > 0 and not stream.can_accept_more_data():
            parts.append(stream.process(b"", output_buffer_limit=room))
            room -= len(parts[-1])
    except brotli.error as exc:
        raise BrokenBody(f"the body is no valid br: {exc}") from exc
    return _whole(b"".join(parts), limit, "br", ended=stream.is_finished())


def _zstd(body: bytes, limit: int) -> bytes:
    zstandard = _library("zstandard", "zstd")
    try:
        with zstandard.ZstdDecompressor().stream_reader(body) as stream:
            decoded: bytes = stream.read(limit)
        ended = len(decoded) >= limit or _zstd_ended(zstandard, body, len(decoded))
    except zstandard.ZstdError as exc:
        raise BrokenBody(f"the body is no valid zstd: {exc}") from exc
    return _whole(decoded, limit, "zstd", ended=ended)


def _zstd_ended(zstandard: Any, body: bytes, size: int) -> bool:
    """The frame's own word on its size; a streamed frame has none and is decoded again, its size being known to fit."""
    declared = zstandard.frame_content_size(body)
    if declared >= 0:
        return bool(declared == size)
    stream = zstandard.ZstdDecompressor().decompressobj()
    stream.decompress(body)
    return bool(stream.eof)


def _whole(decoded: bytes, limit: int, name: str, *, ended: bool) -> bytes:
    if not ended and len(decoded) < limit:
        raise BrokenBody(f"the {name} body is cut: it ends in the middle")
    return decoded


def _library(module: str, encoding: str) -> Any:
    try:
        return importlib.import_module(module)
    except ImportError as exc:
        raise UnknownEncoding(
            f"Content-Encoding {encoding!r} needs the package {module}: pip install 'otel-sentry[dev]'"
        ) from exc


_DECODERS: Final[dict[str, Callable[[bytes, int], bytes]]] = {
    "": _plain,
    "identity": _plain,
    "gzip": _gzip,
    "deflate": _deflate,
    "br": _brotli,
    "zstd": _zstd,
}
