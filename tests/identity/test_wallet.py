"""One spelling for each wallet, whatever is handed over."""

from __future__ import annotations

import string
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otel_sentry.identity.wallet import (
    MAX_LENGTH,
    Wallet,
    bounded_text,
    canonical_chain,
    canonical_wallet,
    is_wallet,
    parse_wallet,
)

VITALIK = "0xd8da6bf26964af9d7eed9e03e53415d37aa96045"
BECH32 = "bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq"
BASE58 = "7S3P4HxJpyyigGzodYwHtCxZyUQe9JiBMHyRWXArAaKv"

hex_digits = st.text(alphabet=string.hexdigits, min_size=40, max_size=40)
chains = st.sampled_from(["eip155:1", "eip155:137", "solana:5eykt4UsFv8P8NJdTREpY1vzqKqZKvdp", "cosmos:cosmoshub-3"])
addresses = st.one_of(
    hex_digits.map("0x".__add__),
    hex_digits.map("0X".__add__),
    st.sampled_from([BECH32, BECH32.upper(), BASE58, "Vitalik.eth", "treasury"]),
)
anything: st.SearchStrategy[Any] = st.one_of(
    st.text(),
    addresses,
    st.tuples(chains, addresses).map(":".join),
    st.text(alphabet="eip155:0xABCDEF.ethQPZ did:pkh:", max_size=200),
    st.binary(),
    st.integers(),
    st.floats(),
    st.booleans(),
    st.none(),
    st.lists(st.text()),
)


@pytest.mark.parametrize(
    ("given_value", "address", "chain"),
    [
        pytest.param(VITALIK, VITALIK, None, id="evm lower-case"),
        pytest.param("0xd8dA6BF26964aF9D7eEd9e03E53415D37aA96045", VITALIK, None, id="evm checksum form"),
        pytest.param(VITALIK.upper(), VITALIK, None, id="evm upper-case, 0X too"),
        pytest.param(f"  {VITALIK}\n", VITALIK, None, id="spaces and newline around"),
        pytest.param(bytes.fromhex(VITALIK[2:]), VITALIK, None, id="the 20 bytes themselves"),
        pytest.param(VITALIK.encode(), VITALIK, None, id="text in bytes"),
        pytest.param(f"eip155:1:{VITALIK.upper()}", VITALIK, "eip155:1", id="CAIP-10"),
        pytest.param(f"did:pkh:eip155:137:{VITALIK}", VITALIK, "eip155:137", id="did:pkh"),
        pytest.param("eip155:0x89:" + VITALIK, VITALIK, "eip155:137", id="CAIP-10 with a hexadecimal chain id"),
        pytest.param(
            f"solana:5eykt4UsFv8P8NJdTREpY1vzqKqZKvdp:{BASE58}",
            BASE58,
            "solana:5eykt4UsFv8P8NJdTREpY1vzqKqZKvdp",
            id="CAIP-10 of Solana",
        ),
        pytest.param(
            "bip122:000000000019d6689c085ae165831e93:128Lkh3S7CkDTBZ8W7BbpsN3YYizJMp8p6",
            "128Lkh3S7CkDTBZ8W7BbpsN3YYizJMp8p6",
            "bip122:000000000019d6689c085ae165831e93",
            id="CAIP-10 of Bitcoin",
        ),
        pytest.param(BASE58, BASE58, None, id="base58 keeps its case"),
        pytest.param(BECH32.upper(), BECH32, None, id="bech32 of a QR code"),
        pytest.param(
            "COSMOS1FL48VSNMSDZCV85Q5D2Q4Z5AJDHA8YU34MF0EH",
            "cosmos1fl48vsnmsdzcv85q5d2q4z5ajdha8yu34mf0eh",
            None,
            id="bech32 of another chain",
        ),
        pytest.param("Vitalik.ETH", "vitalik.eth", None, id="ENS"),
        pytest.param("Bücher.eth", "Bücher.eth", None, id="ENS beyond ASCII stays"),
        pytest.param("0x02DD1b492765c064eac4039e3841aa5f382773b598097a40073bd8b48170ab57",
                     "0x02dd1b492765c064eac4039e3841aa5f382773b598097a40073bd8b48170ab57", None, id="Starknet"),
        pytest.param("acct:prod:77", "acct:prod:77", None, id="an application's own id keeps its parts"),
        pytest.param("My Safe", "My Safe", None, id="label"),
        pytest.param("a\x00b\x1b[31mc\u202ed", "ab[31mcd", None, id="control characters and direction overrides"),
        pytest.param("a\ud800b", "ab", None, id="lone surrogate"),
        pytest.param("A" * 10_240, "A" * 128, None, id="10 KB"),
        pytest.param(42, "42", None, id="integer"),
        pytest.param(1.5, "1.5", None, id="float"),
    ],
)  # fmt: skip
def test_every_spelling_has_one_canonical_form(given_value: object, address: str, chain: str | None) -> None:
    """The address is canonical and the chain comes from the text itself."""
    assert parse_wallet(given_value) == Wallet(address, chain)


@pytest.mark.parametrize(
    "value",
    [
        pytest.param(None, id="None"),
        pytest.param("", id="empty"),
        pytest.param(" \t\x00", id="nothing printable"),
        pytest.param(True, id="boolean"),
        pytest.param(["0x1"], id="list"),
        pytest.param(object(), id="object"),
        pytest.param(1 << 100_000, id="integer that str() refuses"),
    ],
)
def test_what_is_no_text_names_no_wallet(value: object) -> None:
    """Such values are ignored, never raised."""
    assert (parse_wallet(value), canonical_wallet(value), bounded_text(value)) == (None, "", None)


@given(anything)
def test_canonical_form_is_stable(value: Any) -> None:
    """Idempotent, bounded, printable, valid UTF-8; never raises."""
    once = canonical_wallet(value)

    assert canonical_wallet(once) == once
    assert len(once) <= MAX_LENGTH
    assert once == once.strip()
    assert not any(ord(character) < 32 for character in once.encode("utf-8").decode())


@given(hex_digits)
def test_evm_address_is_compared_without_case(digits: str) -> None:
    """All 2⁴⁰ spellings of an address are one wallet."""
    spellings = {
        canonical_wallet(text) for text in (f"0x{digits}", f"0X{digits.upper()}", f"eip155:5:0x{digits.lower()}")
    }

    assert spellings == {f"0x{digits.lower()}"}


@pytest.mark.parametrize(
    ("given_value", "expected"),
    [
        pytest.param(1, "eip155:1", id="integer"),
        pytest.param("137", "eip155:137", id="digits"),
        pytest.param("0x89", "eip155:137", id="hexadecimal"),
        pytest.param("eip155:0X89", "eip155:137", id="CAIP-2 with a hexadecimal id"),
        pytest.param("eip155:10", "eip155:10", id="CAIP-2"),
        pytest.param("solana", "solana", id="any other text"),
        pytest.param("-1", "-1", id="no chain id"),
        pytest.param(None, None, id="None"),
        pytest.param(False, None, id="boolean"),
    ],
)
def test_chain_is_caip_2(given_value: object, expected: str | None) -> None:
    """EVM chain ids in any form become `eip155:<decimal>`."""
    assert canonical_chain(given_value) == expected


@given(anything)
def test_chain_is_stable(value: Any) -> None:
    """Idempotent, bounded; never raises."""
    once = canonical_chain(value)

    assert canonical_chain(once) == once
    assert once is None or 0 < len(once) <= MAX_LENGTH


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(VITALIK.upper(), True, id="evm"),
        pytest.param(f"eip155:1:{VITALIK}", True, id="CAIP-10"),
        pytest.param(f"solana:mainnet:{BASE58}", True, id="CAIP-10 of base58"),
        pytest.param(BECH32.upper(), True, id="bech32"),
        pytest.param("vitalik.eth", True, id="ENS"),
        pytest.param("42", False, id="database id"),
        pytest.param("0x2a", False, id="short hexadecimal"),
        pytest.param("3f2b8c1e-0000-4000-8000-000000000000", False, id="UUID"),
    ],
)
def test_wallets_are_recognised_where_there_is_no_doubt(text: str, *, expected: bool) -> None:
    """A wallet in the place of a user id falls under privacy; other ids do not."""
    assert is_wallet(text) is expected
