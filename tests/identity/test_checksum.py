"""EIP-55 against the EIP's own vectors, Keccak against published ones."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otel_sentry.identity.checksum import checksum_address, checksum_disagrees, keccak_256
from otel_sentry.identity.wallet import canonical_wallet

EIP_55_VECTORS = [
    "0x52908400098527886E0F7030069857D2E4169EE7",
    "0x8617E340B3D01FA5F11F306F4090FD50E238070D",
    "0xde709f2102306220921060314715629080e2fb77",
    "0x27b1fdb04752bbc536007a920d24acb045561c26",
    "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
    "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359",
    "0xdbF03B407c01E7cD3CBea99509d93f8DDDC8C6FB",
    "0xD1220A0cf47c7B9Be7A2E6BA89F429762e7b9aDb",
]


@pytest.mark.parametrize("address", EIP_55_VECTORS)
def test_vectors_of_the_eip(address: str) -> None:
    """Any spelling gives the checksum form, which agrees with itself."""
    assert checksum_address(address.lower()) == checksum_address(f"eip155:1:{address}") == address
    assert not checksum_disagrees(address)


@pytest.mark.parametrize(
    ("data", "digest"),
    [
        pytest.param(b"", "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470", id="empty"),
        pytest.param(b"hello", "1c8aff950685c2ed4bc3174f3472287b56d9517b9c948127319a09a7a36deac8", id="hello"),
        pytest.param(
            b"\xaa" * 135, "aba4a58b3b2fcbcdc90624cc76fb6acc522abffc59c25642a5aaaafd00469e8b", id="block less 1"
        ),
        pytest.param(b"\xaa" * 136, "3b3e38f46f9e12a80496894e32e624903a092a42d2096603b4d8151235a56795", id="block"),
        pytest.param(
            b"\xaa" * 200, "ebad1a36949340cbc35b0906948677ac8a062fffa62ee131ae893d81acba7763", id="two blocks"
        ),
    ],
)
def test_keccak_256(data: bytes, digest: str) -> None:
    """Equal to Ethereum's hash on both sides of the block length."""
    assert keccak_256(data).hex() == digest


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAeD", True, id="last letter in the wrong case"),
        pytest.param("0x5aaeb6053f3e94c9b9a09f33669435e7ef1beaed", False, id="lower-case has no checksum"),
        pytest.param("0X5AAEB6053F3E94C9B9A09F33669435E7EF1BEAED", False, id="upper-case has none either"),
        pytest.param("7S3P4HxJpyyigGzodYwHtCxZyUQe9JiBMHyRWXArAaKv", False, id="not EVM"),
    ],
)
def test_typing_errors_show(text: str, *, expected: bool) -> None:
    """Only a mixed-case EVM address can disagree with its checksum."""
    assert checksum_disagrees(text) is expected


@given(st.text())
def test_other_wallets_stay_canonical(text: str) -> None:
    """What has no checksum form is shown as it is compared; showing never changes the wallet."""
    assert canonical_wallet(checksum_address(text)) == canonical_wallet(text)
