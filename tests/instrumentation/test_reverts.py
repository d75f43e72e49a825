"""Reverts as the nodes of this world describe them."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otel_sentry.instrumentation.reverts import PANICS, Revert, revert_of

REASON = "already minted"
ENCODED = "0x08c379a0" + f"{32:064x}" + f"{len(REASON):064x}" + REASON.encode().hex().ljust(64, "0")
PANIC = "0x4e487b71" + f"{0x11:064x}"


@pytest.mark.parametrize(
    ("message", "data", "expected"),
    [
        pytest.param("execution reverted: x", ENCODED, Revert(REASON, "0x08c379a0"), id="geth with data"),
        pytest.param("", f"Reverted {ENCODED}", Revert(REASON, "0x08c379a0"), id="openethereum"),
        pytest.param("", {"data": ENCODED}, Revert(REASON, "0x08c379a0"), id="nested"),
        pytest.param("", {"originalError": {"data": ENCODED}}, Revert(REASON, "0x08c379a0"), id="wallet"),
        pytest.param("", bytes.fromhex(ENCODED[2:]), Revert(REASON, "0x08c379a0"), id="eth-tester's bytes"),
        pytest.param("", PANIC, Revert("Panic(0x11): arithmetic overflow", "0x4e487b71"), id="panic"),
        pytest.param("", "0x4e487b71" + f"{0x99:064x}", Revert("Panic(0x99): unknown", "0x4e487b71"), id="odd panic"),
        pytest.param("", "0x4e487b71", Revert("Panic(0x00): generic compiler panic", "0x4e487b71"), id="cut panic"),
        pytest.param("", "0xdeadbeef", Revert("0xdeadbeef", "0xdeadbeef"), id="an error nobody knows"),
        pytest.param("execution reverted: paused", None, Revert("paused", None), id="words only"),
        pytest.param("execution reverted", "0x", Revert(None, None), id="no reason"),
        pytest.param(
            "VM Exception while processing transaction: revert paused", None, Revert("paused", None), id="ganache"
        ),
        pytest.param(
            "VM Exception while processing transaction: reverted with reason string 'paused'",
            None,
            Revert("paused", None),
            id="hardhat",
        ),
        pytest.param("header not found", None, None, id="no revert"),
        pytest.param("", {"data": {"data": {"data": {"data": {"data": ENCODED}}}}}, None, id="nested without end"),
        pytest.param("", 7, None, id="a number"),
        pytest.param("", "0x08c379a0zz", None, id="not hexadecimal"),
    ],
)
def test_revert(message: str, data: Any, expected: Revert | None) -> None:
    """Reason and selector, wherever they stand."""
    assert revert_of(message, data) == expected


def test_broken_text_is_named_by_its_selector() -> None:
    """Offsets that lead nowhere decode to nothing."""
    assert revert_of("", "0x08c379a0" + "f" * 64) == Revert("0x08c379a0", "0x08c379a0")


def test_custom_errors_are_asked_for() -> None:
    """Only for what is neither a text nor a panic."""
    asked: list[str] = []
    revert_of("", ENCODED, asked.append)
    named = revert_of("", "0xdeadbeef00", lambda data: f"SoldOut({data})")

    assert (asked, named) == ([], Revert("SoldOut(0xdeadbeef00)", "0xdeadbeef"))


def test_every_panic_has_words() -> None:
    """Solidity's ten."""
    assert len(PANICS) == len(set(PANICS.values())) == 10


@given(
    message=st.text(max_size=200),
    data=st.one_of(
        st.none(),
        st.binary(max_size=200),
        st.text(max_size=200),
        st.from_regex(r"0x08c379a0[0-9a-f]{0,300}", fullmatch=True),
        st.dictionaries(st.text(max_size=4), st.text(max_size=20), max_size=3),
    ),
)
def test_never_raises(message: str, data: Any) -> None:
    """Bounded words, whatever arrives."""
    found = revert_of(message, data)

    assert found is None or len(found.reason or "") <= 128
