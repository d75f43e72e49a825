"""Which names hold secrets."""

from __future__ import annotations

import pytest
from sentry_sdk.scrubber import DEFAULT_DENYLIST

from otel_sentry.masking.names import ALWAYS, HINTS, IF_KEY, IF_OPAQUE, Holds, Names, is_opaque

NAMES = Names()


@pytest.mark.parametrize(
    "name",
    [
        *("password", "DB_PASSWORD", "dbPassword", "password2", "password_hash", "user.password"),
        *("apiKey", "X-Api-Key", "api_keys", "http.request.header.authorization", "Set-Cookie", "http.request.cookie"),
        *("private_key", "privateKey", "PRIVATE_KEY_HEX", "mnemonic", "raw_transaction", "signedTx", "connect.sid"),
    ],
)
def test_knows_a_name_in_every_spelling(name: str) -> None:
    """Case and punctuation make no difference, nor what usually follows."""
    assert NAMES.holds(name) is Holds.SECRET


@pytest.mark.parametrize("name", ["http.route", "public_key", "cache.key", "author", "is_passed", "tokens", "page"])
def test_leaves_other_names(name: str) -> None:
    """Names that only sound alike."""
    assert NAMES.holds(name) is Holds.NOTHING


def test_covers_what_sentry_sdk_scrubs() -> None:
    """Every secret of sentry-sdk's own list is one here, too; `x_forwarded_for` is personal, no secret."""
    unknown = [name for name in DEFAULT_DENYLIST if NAMES.holds(name) is Holds.NOTHING]

    assert unknown == ["x_forwarded_for"]


@pytest.mark.parametrize(
    ("name", "value", "is_secret"),
    [
        pytest.param("token", "USDC", False, id="symbol"),
        pytest.param("token", "0x" + "ab" * 20, False, id="address"),
        pytest.param("token", "AbCd1234efgh5678", True, id="opaque"),
        pytest.param("session", "<sqlalchemy.orm.Session object at 0x7f>", False, id="object"),
        pytest.param("session", "550e8400-e29b-41d4-a716-446655440000", True, id="session id"),
        pytest.param("token", "/srv/app/data/tokens1.json", False, id="path"),
        pytest.param("key", "0x" + "ab" * 32, True, id="32 bytes"),
        pytest.param("key", "user:12", False, id="key of a cache"),
        pytest.param("page", "AbCd1234efgh5678", False, id="any name"),
        pytest.param("password", "", True, id="whatever it holds"),
    ],
)
def test_weighs_the_value_where_the_name_does_not_suffice(name: str, value: str, is_secret: bool) -> None:
    """A token is as often a coin, a key as often a cache's."""
    assert NAMES.is_secret(name, value) is is_secret


def test_takes_names_of_the_application() -> None:
    """Further names are written as one likes."""
    assert Names(["loyalty pin"]).holds("customer.loyaltyPin") is Holds.SECRET


def test_remembers_a_bounded_number_of_names() -> None:
    """Keys of mappings may be anything."""
    names = Names()
    for number in range(5000):
        names.holds(f"n{number}")

    assert len(names._known) <= 4096


def test_every_name_has_its_hint() -> None:
    """What the table of names knows, the quick look lets pass."""
    squeezed = [name.replace(" ", "").replace(".", "") for name in (*ALWAYS, *IF_OPAQUE, *IF_KEY)]
    known_by_prefix = [name for name in squeezed if not any(hint in name for hint in HINTS)]

    assert known_by_prefix == []


def test_numbers_are_not_opaque() -> None:
    """A long number counts something."""
    assert not is_opaque("12345678901234567890")
