"""Squeezes request bodies: zstd towards current Sentry, gzip for old servers. The one place where zstandard enters.

Levels are measured: zstd 1 costs a third of gzip 1 and is smaller than gzip 6.
"""

from __future__ import annotations

import zlib
from collections import deque
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    Squeeze = Callable[[bytes], bytes]
    SqueezeAll = Callable[[Sequence[bytes]], list[bytes]]

ZSTD: Final = "zstd"
GZIP: Final = "gzip"
IDENTITY: Final = ""

_ZSTD_LEVEL: Final = 1
_GZIP_LEVEL: Final = 3
_SMALL_BYTES: Final = 8192
_SMALL_MEMORY_LEVEL: Final = 6
"""zlib clears its hash table for each body; a small table makes a 1 KB body three times cheaper."""
_WORTH_IT_BYTES: Final = 256
"""Bodies below this size are sent as they are."""


class Compressor:
    """Compresses bodies; may be used from any thread.

    Args:
        encoding: `zstd` (gzip where no zstd library is installed), `gzip`, or empty for none.
    """

    def __init__(self, encoding: str = ZSTD) -> None:
        self._using: tuple[str, Squeeze | None] = (IDENTITY, None)
        self._all_at_once = _all_at_once()
        zstd = _zstd() if encoding == ZSTD else None
        if zstd is not None:
            self._using = (ZSTD, zstd)
        elif encoding != IDENTITY:
            self.settle_for_gzip()

    def settle_for_gzip(self) -> None:
        """Use what every server can read from now on."""
        self._using = (GZIP, _gzip)

    def compress(self, body: bytes) -> tuple[str, bytes]:
        """The body and the name of its encoding, empty when it is not worth compressing."""
        encoding, squeeze = self._using
        if squeeze is None or len(body) < _WORTH_IT_BYTES:
            return IDENTITY, body
        return encoding, squeeze(body)

    def compress_all(self, bodies: Sequence[bytes]) -> list[tuple[str, bytes]]:
        """`compress`, for several bodies.

        In one step where the library can: each step gives the GIL away, and a thread that does not wait for I/O keeps
        it for 5 ms. That would limit a process to 200 bodies a second.
        """
        together, encoding = self._all_at_once, self._using[0]
        if together is None or encoding != ZSTD or min(map(len, bodies), default=0) < _WORTH_IT_BYTES:
            return [self.compress(body) for body in bodies]
        return [(encoding, squeezed) for squeezed in together(bodies)]


def decompress(encoding: str, body: bytes) -> bytes:
    """Undo `Compressor.compress`.

    Raises:
        ValueError: the body is damaged, or its encoding cannot be read here.
    """
    if encoding == IDENTITY:
        return body
    if encoding == GZIP:
        try:
            return zlib.decompress(body, wbits=31)
        except zlib.error as error:
            raise ValueError(str(error)) from None
    return _unzstd(body)


def _gzip(body: bytes) -> bytes:
    memory = _SMALL_MEMORY_LEVEL if len(body) < _SMALL_BYTES else zlib.DEF_MEM_LEVEL
    squeezer = zlib.compressobj(_GZIP_LEVEL, zlib.DEFLATED, 31, memory)
    return squeezer.compress(body) + squeezer.flush()


def _zstd() -> Squeeze | None:
    """A zstd function over a pool of compressors (one is not safe for two threads), or None without a library."""
    new = _compressor_maker()
    if new is None:
        return None
    idle: deque[Squeeze] = deque((new(),))

    def squeeze(body: bytes) -> bytes:
        try:
            one = idle.pop()
        except IndexError:
            one = new()
        squeezed = one(body)
        idle.append(one)
        # A copy: zstandard's result keeps the room that the worst case would have needed, eleven times its size.
        return bytes(memoryview(squeezed))

    return squeeze


def _all_at_once() -> SqueezeAll | None:
    """Several bodies in one step, each as a frame of its own; only `zstandard` with its C extension can."""
    try:
        library = import_module("zstandard")
    except ImportError:
        return None
    if "multi_compress_to_buffer" not in library.backend_features:  # its other back ends have it and raise
        return None
    kind = library.ZstdCompressor

    def squeeze_all(bodies: Sequence[bytes]) -> list[bytes]:
        squeezed = kind(level=_ZSTD_LEVEL).multi_compress_to_buffer(list(bodies), threads=0)
        return [one.tobytes() for one in squeezed]

    return squeeze_all


def _compressor_maker() -> Callable[[], Squeeze] | None:
    """What makes a reusable compressor: a fresh one for each body would double the cost of small bodies."""
    try:
        library = import_module("compression.zstd")  # Python 3.14
    except ImportError:
        pass
    else:
        kind = library.ZstdCompressor
        return lambda: partial(kind(level=_ZSTD_LEVEL).compress, mode=kind.FLUSH_FRAME)
    try:
        library = import_module("zstandard")
    except ImportError:
        return None
    return lambda: library.ZstdCompressor(level=_ZSTD_LEVEL).compress


def _unzstd(body: bytes) -> bytes:
    for name in ("compression.zstd", "zstandard"):
        try:
            library = import_module(name)
        except ImportError:
            continue
        try:
            plain: bytes = library.decompress(body)
        except (library.ZstdError, ValueError) as error:
            raise ValueError(str(error)) from None
        return plain
    raise ValueError("no zstd library is installed")
