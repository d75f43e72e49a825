"""Bodies squeezed and unsqueezed."""

from __future__ import annotations

import os
import subprocess
import sys
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otel_sentry.delivery.wire.compression import GZIP, IDENTITY, ZSTD, Compressor, decompress

BODY = b'{"version":2,"items":[' + b'{"span_id":"0123456789abcdef"},' * 100 + b"]}"


@given(st.sampled_from([ZSTD, GZIP, IDENTITY]), st.binary(max_size=20_000))
def test_what_is_compressed_can_be_read(encoding: str, body: bytes) -> None:
    """Decompressing undoes compressing, whatever the body."""
    assert decompress(*Compressor(encoding).compress(body)) == body


@given(st.sampled_from([ZSTD, GZIP, IDENTITY]), st.lists(st.binary(max_size=600), max_size=6), st.booleans())
def test_several_at_once_are_as_one_by_one(encoding: str, bodies: list[bytes], long: bool) -> None:
    """In their order, each readable by itself; the encoding is the one that each would get."""
    compressor = Compressor(encoding)
    bodies = [body + BODY for body in bodies] if long else bodies

    together = compressor.compress_all(bodies)

    assert [decompress(*one) for one in together] == bodies
    assert [one[0] for one in together] == [compressor.compress(body)[0] for body in bodies]


def test_a_library_that_cannot_do_several_at_once() -> None:
    """With zstandard's other back end each body is compressed by itself."""
    program = "from otel_sentry.delivery.wire.compression import Compressor, decompress as d; "
    program += "print([d(*one) == bytes(999) for one in Compressor().compress_all(2 * [bytes(999)])])"
    environment = {**os.environ, "PYTHON_ZSTANDARD_IMPORT_POLICY": "cffi"}
    done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "[True, True]"


@pytest.mark.parametrize("encoding", [ZSTD, GZIP])
def test_says_how_it_compressed(encoding: str) -> None:
    """The name is the one that goes into Content-Encoding."""
    used, body = Compressor(encoding).compress(BODY)

    assert used == encoding
    assert len(body) < len(BODY) / 10


def test_leaves_small_bodies_alone() -> None:
    """What would hardly become smaller is sent as it is."""
    assert Compressor(ZSTD).compress(b"{}") == (IDENTITY, b"{}")


def test_settles_for_what_every_server_reads() -> None:
    """After a server refused zstd, everything is gzip."""
    compressor = Compressor(ZSTD)
    compressor.settle_for_gzip()

    assert compressor.compress(BODY)[0] == GZIP


@pytest.mark.parametrize("encoding", [ZSTD, GZIP])
def test_damage_is_told(encoding: str) -> None:
    """A body that was damaged raises ValueError, nothing else."""
    with pytest.raises(ValueError, match=r"."):
        decompress(encoding, b"damaged")


def test_threads_do_not_disturb_each_other() -> None:
    """One compressor serves many threads at once."""
    compressor = Compressor(ZSTD)
    bodies = [bytes([number]) * 5000 + BODY for number in range(8)]
    results: dict[int, bool] = {}

    def work(number: int) -> None:
        results[number] = all(decompress(*compressor.compress(bodies[number])) == bodies[number] for _ in range(200))

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert results == dict.fromkeys(range(8), True)
