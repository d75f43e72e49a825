"""Numbers, amounts and hashes of a chain as span attributes."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otel_sentry.instrumentation.evm_values import as_int, hex_text, member, number, selector, transaction_hash, wei

ODD = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(), st.binary(), st.lists(st.integers()))


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        pytest.param("0x1f", 31, id="quantity"),
        pytest.param("31", 31, id="decimal"),
        pytest.param(31, 31, id="int"),
        pytest.param((1 << 63) - 1, (1 << 63) - 1, id="the largest number"),
        pytest.param(1 << 63, "9223372036854775808", id="beyond 64 bits"),
        pytest.param("0x" + "f" * 64, str((1 << 256) - 1), id="256 bits"),
        pytest.param("0x" + "f" * 65, None, id="beyond 256 bits"),
        pytest.param(1 << 300, None, id="beyond any chain"),
        pytest.param(True, None, id="no number"),
        pytest.param("latest", None, id="a tag"),
        pytest.param(1.5, None, id="a float"),
    ],
)
def test_number(value: Any, expected: Any) -> None:
    """A number where 64 bits hold it, digits where not."""
    assert number(value) == expected


def test_amounts_have_their_unit() -> None:
    """Text, because an ether is more than most numbers hold."""
    assert (wei("0xde0b6b3a7640000"), wei(10**30), wei("x")) == (
        "1000000000000000000 wei",
        "1000000000000000000000000000000 wei",
        None,
    )


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        pytest.param("0x1249C58B", "0x1249c58b", id="text"),
        pytest.param("0x1249c58b" + "0" * 100_000, "0x1249c58b", id="long"),
        pytest.param(bytes.fromhex("1249c58b00"), "0x1249c58b", id="bytes"),
        pytest.param("0x1249", None, id="too short"),
        pytest.param("mint()", None, id="words"),
        pytest.param(None, None, id="nothing"),
    ],
)
def test_selector(data: Any, expected: str | None) -> None:
    """The first four bytes."""
    assert selector(data) == expected


def test_hash() -> None:
    """Thirty-two bytes, and nothing shorter."""
    assert transaction_hash(bytes(32)) == "0x" + "0" * 64
    assert transaction_hash("0x00") is None


def test_hexadecimal_text_is_bounded() -> None:
    """A contract's code is no attribute."""
    for code in (bytes(100_000), "0x" + "0" * 100_000):
        assert 16_000 < len(hex_text(code) or "") <= 16_386


@given(value=ODD)
def test_never_raises(value: Any) -> None:
    """What a node answers may be anything."""
    assert as_int(value) is None or isinstance(as_int(value), int)
    for read in (number, wei, hex_text, selector, transaction_hash):
        read(value)
    assert member(value, "x") is None
