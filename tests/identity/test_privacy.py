"""How much of a wallet leaves, mode by mode."""

from __future__ import annotations

import hashlib
import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otel_sentry.errors import InvalidSetting
from otel_sentry.identity.privacy import MODES, Privacy
from otel_sentry.identity.wallet import MAX_LENGTH, canonical_wallet

WALLET = "0xd8da6bf26964af9d7eed9e03e53415d37aa96045"
HASHED = "wallet-" + hmac.new(b"k", WALLET.encode(), hashlib.sha256).hexdigest()[:32]

privacies = st.sampled_from(MODES).map(lambda mode: Privacy(mode, "k"))


@pytest.mark.parametrize(
    ("mode", "expected"),
    [
        pytest.param("plain", WALLET, id="plain is the canonical address"),
        pytest.param("short", "0xd8da…6045", id="short keeps both ends"),
        pytest.param("hash", HASHED, id="hash is the documented HMAC"),
        pytest.param("off", None, id="off says nothing"),
    ],
)
def test_each_mode_has_one_form_for_every_spelling(mode: str, expected: str | None) -> None:
    """Spelling does not matter."""
    privacy = Privacy(mode, "k")

    assert {privacy.address(text) for text in (WALLET, WALLET.upper(), f"eip155:1:{WALLET}")} == {expected}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq", "bc1qar…5mdq", id="bech32"),
        pytest.param("vitalik.eth", "vi…", id="a short name must not show whole"),
        pytest.param("bob", "b…", id="three letters"),
        pytest.param("0xd8da…6045", "0xd8da…6045", id="what another service shortened"),
    ],
)
def test_short_form_hides_most_of_it(text: str, expected: str) -> None:
    """At least half of the characters are gone."""
    assert Privacy("short").address(text) == expected


def test_a_hash_of_another_service_stays() -> None:
    """What arrives hashed is not hashed again."""
    assert Privacy("hash", "k").address(HASHED) == HASHED


@given(st.text(), privacies)
def test_applying_privacy_twice_changes_nothing(text: str, privacy: Privacy) -> None:
    """So a wallet that arrives hashed from another service stays the same user; bounded, never raises."""
    once = privacy.address(text)

    assert once is None or (privacy.address(once) == once and len(once) <= MAX_LENGTH)
    assert (once is None) == (privacy.mode == "off" or not canonical_wallet(text))


def test_rotation_keeps_the_old_names_findable() -> None:
    """The first key writes, the others tell what the wallet was called before."""
    rotated = Privacy("hash", " new , k")

    assert rotated.address(WALLET) == Privacy("hash", "new").address(WALLET) != HASHED
    assert rotated.former_addresses(WALLET) == [HASHED]


@pytest.mark.parametrize(
    ("mode", "text"),
    [pytest.param("plain", WALLET, id="only hashes have former forms"), pytest.param("hash", "", id="no wallet")],
)
def test_nothing_to_rotate(mode: str, text: str) -> None:
    """No former address where none was written."""
    assert Privacy(mode, "a,b").former_addresses(text) == []


@pytest.mark.parametrize(
    ("mode", "key", "variable"),
    [
        pytest.param("secret", None, "OTEL_SENTRY_WALLET_PRIVACY", id="unknown mode"),
        pytest.param("hash", None, "OTEL_SENTRY_WALLET_HASH_KEY", id="no key"),
        pytest.param("hash", " , ", "OTEL_SENTRY_WALLET_HASH_KEY", id="empty keys"),
    ],
)
def test_unusable_privacy_is_refused(mode: str, key: str | None, variable: str) -> None:
    """The error names the variable to mend."""
    with pytest.raises(InvalidSetting) as refused:
        Privacy(mode, key)

    assert refused.value.variable == variable


def test_key_never_shows() -> None:
    """A repr in a log must not give the key away."""
    assert "hunter2" not in repr(Privacy("hash", "hunter2"))
