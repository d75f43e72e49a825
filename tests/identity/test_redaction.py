"""Wallets in free text."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otel_sentry.identity.privacy import MODES, Privacy
from otel_sentry.identity.redaction import WalletRedaction

ALICE = "0xD8dA6BF26964aF9D7eEd9e03E53415D37aA96045"
BITCOIN = "bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq"
TRANSACTION = "0x" + "ab" * 32
SHORT = WalletRedaction(Privacy("short"))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(ALICE, "0xd8da…6045", id="alone"),
        pytest.param(f"'{ALICE}'", "'0xd8da…6045'", id="as repr writes it"),
        pytest.param(
            f"/users/{ALICE.lower()}/nfts?of={ALICE}", "/users/0xd8da…6045/nfts?of=0xd8da…6045", id="in a URL"
        ),
        pytest.param(f"eip155:1:{ALICE}", "eip155:1:0xd8da…6045", id="CAIP-10"),
        pytest.param(f"{BITCOIN}, {BITCOIN.upper()}", "bc1qar…5mdq, bc1qar…5mdq", id="bech32"),
        pytest.param(TRANSACTION, TRANSACTION, id="a transaction hash stays readable"),
        pytest.param(f"{ALICE}ff", f"{ALICE}ff", id="longer"),
        pytest.param(ALICE[:-1], ALICE[:-1], id="shorter"),
        pytest.param("web3.eth, 0x1249c58b", "web3.eth, 0x1249c58b", id="neither names nor selectors"),
    ],
)
def test_text(text: str, expected: str) -> None:
    """Only what is an address for certain is replaced, wherever it stands."""
    assert SHORT.text(text) == expected


def test_off_leaves_a_word() -> None:
    """What cannot be named at all is still seen to have been there."""
    assert WalletRedaction(Privacy("off")).text(f"from {ALICE}") == "from [wallet]"


def test_tree() -> None:
    """Keys and values at any depth; what is no text stays; the original is not touched."""
    event = {"vars": {"owners": [{ALICE: 1}, (ALICE, None)]}, "level": "error"}

    assert SHORT.tree(event) == {"vars": {"owners": [{"0xd8da…6045": 1}, ["0xd8da…6045", None]]}, "level": "error"}
    assert event["vars"] == {"owners": [{ALICE: 1}, (ALICE, None)]}


@given(st.text(), st.sampled_from(["", "\n", "\t", '"', "\\", "é", "/", "="]), st.sampled_from(MODES[1:]))
def test_json_is_treated_as_its_texts_are(before: str, edge: str, mode: str) -> None:
    """Escapes included: what is hidden in a text is hidden in its JSON, and nothing else changes."""
    redaction = WalletRedaction(Privacy(mode, "k"))
    text = f"{before} {edge}{ALICE}{edge}"

    encoded = redaction.json(json.dumps({"k": text}, ensure_ascii=False).encode("utf-8", "replace"))

    assert ALICE.encode() not in encoded
    expected = redaction.text(text).encode("utf-8", "replace").decode()
    assert json.loads(encoded) == {"k": expected}


def test_plain_gives_the_same_object() -> None:
    """No copy, no search."""
    event = {"message": ALICE}

    assert WalletRedaction(Privacy()).tree(event) is event
    assert WalletRedaction(Privacy()).text(ALICE) is ALICE
    encoded = ALICE.encode()
    assert WalletRedaction(Privacy()).json(encoded) is encoded


def test_a_cycle_comes_to_an_end() -> None:
    """Deeper than anything that is sent, nothing is looked at."""
    cycle: list[Any] = [ALICE]
    cycle.append(cycle)

    assert SHORT.tree(cycle)[0] == "0xd8da…6045"


@given(st.text(), st.text(), st.sampled_from(MODES[1:]))
def test_no_address_gets_through(before: str, after: str, mode: str) -> None:
    """Unless letters or digits around it make it something else; twice is the same as once."""
    redaction = WalletRedaction(Privacy(mode, "k"))
    once = redaction.text(f"{before} {ALICE} {after}")

    assert ALICE not in once
    assert redaction.text(once) == once
