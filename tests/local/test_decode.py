"""Content encodings: what comes out, what is refused, and that a bomb never grows."""

from __future__ import annotations

import gzip
import tracemalloc
import zlib
from functools import partial
from typing import TYPE_CHECKING

import brotli
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from otel_sentry.local.decode import BodyTooLarge, BrokenBody, UnknownEncoding, decode

if TYPE_CHECKING:
    from collections.abc import Callable


def _streamed_zstd(body: bytes) -> bytes:
    """A frame that does not say its size."""
    stream = zstandard.ZstdCompressor().compressobj()
    return stream.compress(body) + stream.flush()


def _raw_deflate(body: bytes) -> bytes:
    """Without zlib's header and checksum."""
    return zlib.compress(body)[2:-4]


ENCODERS = [
    pytest.param("gzip", gzip.compress, id="gzip"),
    pytest.param("deflate", zlib.compress, id="deflate"),
    pytest.param("deflate", _raw_deflate, id="raw deflate"),
    pytest.param("br", partial(brotli.compress, quality=4), id="br"),
    pytest.param("zstd", zstandard.compress, id="zstd"),
    pytest.param("zstd", _streamed_zstd, id="streamed zstd"),
]


@pytest.mark.parametrize(("encoding", "encode"), ENCODERS)
@given(body=st.binary(max_size=5_000) | st.integers(0, 300_000).map(bytes))
def test_decoding_undoes_encoding(encoding: str, encode: Callable[[bytes], bytes], body: bytes) -> None:
    """Whatever was sent comes out, up to the very limit."""
    assert decode(encode(body), encoding, len(body)) == body


@pytest.mark.parametrize("encoding", ["", "identity", " Identity "])
def test_plain_bodies_pass(encoding: str) -> None:
    """No encoding, or its name."""
    assert decode(b"abc", encoding, 3) == b"abc"


@pytest.mark.parametrize(("encoding", "encode"), [*ENCODERS, pytest.param("", bytes, id="none")])
def test_one_byte_over_the_limit_is_too_large(encoding: str, encode: Callable[[bytes], bytes]) -> None:
    """The limit counts decoded bytes."""
    with pytest.raises(BodyTooLarge, match="more than 99 bytes"):
        decode(encode(b"x" * 100), encoding, 99)


@pytest.mark.parametrize(("encoding", "encode"), ENCODERS)
def test_a_bomb_costs_no_memory(encoding: str, encode: Callable[[bytes], bytes]) -> None:
    """A hundred megabytes packed into a few kilobytes are never held."""
    bomb = encode(bytes(100_000_000))
    tracemalloc.start()
    with pytest.raises(BodyTooLarge):
        decode(bomb, encoding, 100_000)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert peak < 5_000_000


@pytest.mark.parametrize(("encoding", "encode"), ENCODERS)
def test_a_cut_body_is_told(encoding: str, encode: Callable[[bytes], bytes]) -> None:
    """A body that ends in the middle is broken, not short."""
    whole = encode(bytes(range(256)) * 4)

    with pytest.raises(BrokenBody):
        decode(whole[: len(whole) // 2], encoding, 10_000)


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "zstd"])
@given(body=st.binary())
def test_rubbish_is_broken_or_small(encoding: str, body: bytes) -> None:
    """Arbitrary bytes raise what the endpoint answers with, nothing else."""
    try:
        decoded = decode(body, encoding, 1_000)
    except (BrokenBody, BodyTooLarge):
        decoded = b""

    assert len(decoded) <= 1_000


def test_an_unknown_encoding_names_the_known_ones() -> None:
    """So that the sender can choose."""
    with pytest.raises(UnknownEncoding, match="'rot13' is not known; accepted: br, deflate, gzip, identity, zstd"):
        decode(b"", "rot13", 1)


@pytest.mark.parametrize(("encoding", "module"), [("br", "brotli"), ("zstd", "zstandard")])
def test_a_missing_decoder_says_what_to_install(encoding: str, module: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the optional package."""
    monkeypatch.setitem(__import__("sys").modules, module, None)

    with pytest.raises(UnknownEncoding, match=rf"{module}: pip install 'otel-sentry\[dev\]'"):
        decode(b"", encoding, 1)
