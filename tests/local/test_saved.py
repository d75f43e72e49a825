"""The `.envelopes` file: round trip, foreign files, damage, size."""

from __future__ import annotations

import gzip
import io
import tracemalloc
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otel_sentry.local.saved import MAX_ENVELOPE_BYTES, Damage, Saved, read_saved, readable_part, write_saved

if TYPE_CHECKING:
    from pathlib import Path

BARE = b'{"event_id":"x"}\n{"type":"event"}\n{}\n'


def saved_bytes(*envelopes: bytes) -> bytes:
    """A file with these envelopes, received at 0, 1, 2, … seconds."""
    stream = io.BytesIO()
    for at, raw in enumerate(envelopes):
        write_saved(stream, raw, at)
    return stream.getvalue()


def read(data: bytes) -> list[Saved | Damage]:
    """What a file of these bytes holds."""
    return list(read_saved(io.BytesIO(data)))


@given(st.lists(st.binary(), min_size=1))
def test_what_was_saved_is_read(envelopes: list[bytes]) -> None:
    """Any bytes, any number; empty ones carry nothing and are left out."""
    expected = [Saved(raw, float(at)) for at, raw in enumerate(envelopes) if raw]

    assert read(saved_bytes(*envelopes)) == expected
    assert read(gzip.compress(saved_bytes(*envelopes))) == expected


def test_the_file_can_be_read_by_people() -> None:
    """The line before an envelope is JSON with the time as text."""
    assert saved_bytes(BARE).splitlines()[0] == (
        b'{"envelope_bytes":37,"received_at":"1970-01-01T00:00:00.000000+00:00"}'
    )


@pytest.mark.parametrize("data", [pytest.param(BARE, id="plain"), pytest.param(gzip.compress(BARE), id="gzip")])
def test_a_bare_envelope_is_read(data: bytes) -> None:
    """As other SDKs save them."""
    assert read(data) == [Saved(BARE, None)]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        pytest.param(b"", "the file is empty", id="empty"),
        pytest.param(saved_bytes(BARE, BARE)[:-9], "envelope 2 must have 37 bytes, 29 are there", id="cut"),
        pytest.param(saved_bytes(BARE) + b"rubbish", "before envelope 2 stands no line with envelope_bytes", id="tail"),
        pytest.param(
            b'{"envelope_bytes":999999999}\n', f"999999999 bytes, allowed are {MAX_ENVELOPE_BYTES}", id="huge"
        ),
        pytest.param(gzip.compress(saved_bytes(BARE, BARE * 99))[:-20], "the compressed file is cut", id="cut gzip"),
        pytest.param(b"\x1f\x8b\x08" + b"\xff" * 30, "the compressed file is cut or broken", id="broken gzip"),
    ],
)
def test_damage_is_the_last_that_is_read(data: bytes, reason: str) -> None:
    """What precedes it is there, then comes the reason."""
    *readable, damage = read(data)

    assert isinstance(damage, Damage)
    assert reason in damage.reason
    assert all(isinstance(entry, Saved) for entry in readable)


@given(st.binary())
def test_rubbish_is_read_without_an_error(data: bytes) -> None:
    """Arbitrary bytes are envelopes or damage."""
    assert all(isinstance(entry, (Saved, Damage)) for entry in read(data))


@given(st.integers(0, len(saved_bytes(BARE, BARE, BARE))))
def test_a_file_cut_anywhere_gives_what_is_whole(cut: int) -> None:
    """Each envelope before the cut is whole."""
    found = [entry.raw for entry in read(saved_bytes(BARE, BARE, BARE)[:cut]) if isinstance(entry, Saved)]

    assert all(raw == BARE for raw in found[:-1])
    assert len(found) >= cut // len(saved_bytes(BARE)) - (cut % len(saved_bytes(BARE)) == 0)


def test_a_large_file_is_read_one_envelope_at_a_time(tmp_path: Path) -> None:
    """Fifty megabytes never lie in memory at once."""
    file = tmp_path / "large.envelopes"
    with file.open("wb") as stream:
        for _ in range(50):
            write_saved(stream, b"x" * 2**20, 0.0)
    tracemalloc.start()
    with file.open("rb") as stream:
        count = sum(1 for _ in read_saved(stream))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert count == 50
    assert peak < 8 * 2**20


def test_the_readable_part_of_an_envelope() -> None:
    """Items before the damage, and the reason; nothing but the reason when the header is broken."""
    whole, nothing = readable_part(BARE), readable_part(b"rubbish")
    part, reason = readable_part(BARE + b'{"type":"log","length":9}\ncut')

    assert (len(whole[0].items), whole[1]) == (1, None)
    assert (part.headers, len(part.items)) == ({"event_id": "x"}, 1)
    assert reason is not None
    assert "must be 9 bytes, only 3 follow" in reason
    assert (nothing[0].items, "no JSON" in str(nothing[1])) == ([], True)
