"""Attributes → identity → Sentry's user, by the contract's rules."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.sdk.trace import TracerProvider

from otel_sentry.identity.privacy import MODES, Privacy
from otel_sentry.identity.user import (
    NOBODY,
    Identity,
    identity_keys,
    identity_of,
    identity_reader,
    user_attributes,
    user_payload,
    wallet_identity,
)

ALICE = "0xd8da6bf26964af9d7eed9e03e53415d37aa96045"
BOB = "0x5aaeb6053f3e94c9b9a09f33669435e7ef1beaed"
PLAIN = Privacy()
values: st.SearchStrategy[Any] = st.one_of(
    st.text(),
    st.sampled_from([ALICE, ALICE.upper(), "alice.eth", "42"]),
    st.integers(),
    st.booleans(),
    st.none(),
    st.lists(st.text()),
)
attribute_sets = st.dictionaries(st.sampled_from(sorted([*identity_keys(), "http.route"])), values)


@pytest.mark.parametrize(
    ("attributes", "expected"),
    [
        pytest.param({}, None, id="nothing"),
        pytest.param({"http.route": "/"}, None, id="nothing of ours"),
        pytest.param({"wallet.address": True}, None, id="a wallet that is no text"),
        pytest.param({"wallet.address": ALICE.upper()}, Identity(wallet=ALICE), id="wallet"),
        pytest.param(
            {"wallet.address": f"eip155:1:{ALICE}"}, Identity(wallet=ALICE, wallet_chain="eip155:1"), id="CAIP-10"
        ),
        pytest.param(
            {"wallet.address": f"eip155:1:{ALICE}", "wallet.chain": 137, "wallet.name": "alice.eth"},
            Identity(wallet=ALICE, wallet_chain="eip155:137", wallet_name="alice.eth"),
            id="explicit chain and name",
        ),
        pytest.param(
            {"user.id": 42, "user.name": "Alice", "user.email": "a@example.org"},
            Identity(user_id="42", user_name="Alice", user_email="a@example.org"),
            id="user without wallet",
        ),
        pytest.param({"enduser.id": "old"}, Identity(user_id="old"), id="older spelling"),
        pytest.param({"enduser.id": "old", "user.id": "new"}, Identity(user_id="new"), id="newer spelling wins"),
        pytest.param(
            {"user.id": ALICE.upper(), "user.name": ALICE, "wallet.address": ALICE},
            Identity(wallet=ALICE),
            id="user that only repeats the wallet",
        ),
        pytest.param({"wallet.chain": "1"}, Identity(wallet_chain="eip155:1"), id="chain alone"),
        pytest.param({"user.email": "x" * 200}, Identity(user_email="x" * 75), id="bounded e-mail"),
    ],
)
def test_identity_is_read_from_attributes(attributes: dict[str, Any], expected: Identity | None) -> None:
    """Canonical, in plain, explicit words kept apart from what the wallet implies."""
    assert identity_of(attributes) == expected == identity_reader()(attributes)


def test_wallet_attributes_are_tried_in_order() -> None:
    """The first attribute that holds a usable wallet wins; the names count as identity and never leave raw."""
    names = ("app.wallet", "wallet.address")

    assert identity_of({"wallet.address": BOB, "app.wallet": ALICE}, names) == Identity(wallet=ALICE)
    assert identity_of({"wallet.address": BOB, "app.wallet": ""}, names) == Identity(wallet=BOB)
    assert identity_reader(names)({"app.wallet": ALICE}) == Identity(wallet=ALICE)
    assert "app.wallet" in identity_keys(names)


def test_identity_of_a_real_span() -> None:
    """A span's own attribute container works as any mapping does."""
    with TracerProvider().get_tracer("test").start_as_current_span("x", attributes={"wallet.address": ALICE}) as span:
        assert identity_of(span.attributes or {}) == Identity(wallet=ALICE)


@pytest.mark.parametrize(
    ("identity", "expected"),
    [
        pytest.param(
            Identity(wallet=ALICE),
            {"user.id": ALICE, "user.name": ALICE, "wallet.address": ALICE},
            id="only a wallet: id and name are the wallet",
        ),
        pytest.param(
            Identity(wallet=ALICE, wallet_name="alice.eth", wallet_chain="eip155:1"),
            {
                "user.id": ALICE,
                "user.name": "alice.eth",
                "wallet.address": ALICE,
                "wallet.chain": "eip155:1",
                "wallet.name": "alice.eth",
            },
            id="wallet with a name",
        ),
        pytest.param(
            Identity(user_id="42", wallet=ALICE),
            {"user.id": "42", "user.name": ALICE, "wallet.address": ALICE},
            id="explicit id stays, the wallet becomes the name",
        ),
        pytest.param(
            Identity(user_id="42", user_name="Alice", user_email="a@example.org", wallet=ALICE),
            {"user.id": "42", "user.name": "Alice", "user.email": "a@example.org", "wallet.address": ALICE},
            id="explicit name stays too",
        ),
        pytest.param(Identity(user_name="Alice"), {"user.name": "Alice"}, id="name alone"),
        pytest.param(NOBODY, {}, id="nobody"),
    ],
)
def test_attributes_in_plain(identity: Identity, expected: dict[str, str]) -> None:
    """The contract's rules for id and name."""
    assert user_attributes(identity, PLAIN) == expected


@pytest.mark.parametrize(
    ("mode", "expected"),
    [
        pytest.param(
            "short",
            {
                "user.id": "0xd8da…6045",
                "user.name": "0xd8da…6045",
                "wallet.address": "0xd8da…6045",
                "wallet.chain": "eip155:1",
            },
            id="short",
        ),
        pytest.param("off", {}, id="off"),
    ],
)
def test_privacy_covers_the_name_as_well(mode: str, expected: dict[str, str]) -> None:
    """An ENS name gives the address away, so it leaves in plain mode only; likewise a wallet in place of id or name."""
    disguised = Identity(
        user_id=ALICE.upper(), user_name="a.eth", wallet=ALICE, wallet_name="a.eth", wallet_chain="eip155:1"
    )

    assert user_attributes(disguised, Privacy(mode)) == expected


def test_other_wallets_in_the_place_of_an_id_are_private_too() -> None:
    """A recognisable wallet is private even where the application never said that it is one; a database id is not."""
    assert user_attributes(Identity(user_id=ALICE, user_name="Alice"), Privacy("off")) == {"user.name": "Alice"}
    assert user_attributes(Identity(user_id="42", wallet=ALICE), Privacy("off")) == {"user.id": "42"}


@pytest.mark.parametrize(
    ("identity", "expected"),
    [
        pytest.param(Identity(user_id=f"did:ethr:{ALICE}", wallet=ALICE), "0xd8da…6045", id="inside a longer id"),
        pytest.param(Identity(user_id=ALICE[2:].upper(), wallet=ALICE), "0xd8da…6045", id="without 0x"),
        pytest.param(Identity(user_id="bob", wallet="bob"), "b…", id="short label"),
        pytest.param(Identity(user_id="bobby", wallet="bob"), "bobby", id="a short label inside a word is chance"),
    ],
)
def test_disguises(identity: Identity, expected: str) -> None:
    """Ids that give the wallet away are replaced, others are the application's."""
    assert user_attributes(identity, Privacy("short"))["user.id"] == expected


@pytest.mark.parametrize(
    ("chain", "mode", "expected"),
    [
        pytest.param("my chain", "plain", "my chain", id="plain: any text"),
        pytest.param("my chain", "short", None, id="private: free text might be anything"),
        pytest.param("eip155:1", "short", "eip155:1", id="private: CAIP-2"),
        pytest.param("eip155:1", "off", None, id="off: no wallet, no chain"),
    ],
)
def test_chain_under_privacy(chain: str, mode: str, expected: str | None) -> None:
    """A chain tells nothing of a user; text in its place could."""
    said = user_attributes(Identity(wallet=ALICE, wallet_chain=chain), Privacy(mode))

    assert said.get("wallet.chain") == expected


@given(attribute_sets, st.sampled_from(["short", "hash", "off"]))
def test_private_wallet_never_leaves(attributes: dict[str, Any], mode: str) -> None:
    """In no mode but plain does any value contain the address or its name."""
    identity = identity_of({**attributes, "wallet.address": ALICE, "wallet.name": "alice.eth"}) or NOBODY
    said = " ".join(user_attributes(identity, Privacy(mode, "k")).values()).lower()

    assert ALICE[2:] not in said
    assert "alice.eth" not in said


@given(attribute_sets)
def test_reading_back_what_was_written_changes_nothing(attributes: dict[str, Any]) -> None:
    """Stamped attributes are read as the identity they came from, and nothing raises on the way."""
    written = user_attributes(identity_of(attributes) or NOBODY, PLAIN)

    assert user_attributes(identity_of(written) or NOBODY, PLAIN) == written


@given(attribute_sets, attribute_sets, st.sampled_from(MODES))
def test_merging(one: dict[str, Any], two: dict[str, Any], mode: str) -> None:
    """The newer word wins, nobody changes nothing, and the result can always be sent."""
    older, newer = identity_of(one) or NOBODY, identity_of(two) or NOBODY
    merged = older.merged(newer)

    assert newer.wallet in (None, merged.wallet)
    assert newer.user_id in (None, merged.user_id)
    assert older.merged(NOBODY) == older == NOBODY.merged(older) == older.merged(older)
    assert all(user_attributes(merged, Privacy(mode, "k")).values())


def test_nobody_inherits_from_a_stranger() -> None:
    """Another wallet or another id is another user; a new word about the same one is added."""
    alice = Identity("1", "Alice", "a@example.org", ALICE, "eip155:1", "alice.eth")

    assert alice.merged(Identity(wallet=BOB)) == Identity(wallet=BOB)
    assert alice.merged(Identity(user_id="2")) == Identity(user_id="2")
    assert alice.merged(Identity(wallet=ALICE, wallet_name="al.eth")).wallet_name == "al.eth"
    assert alice.merged(Identity(user_name="Al")) == Identity(
        "1", "Al", "a@example.org", ALICE, "eip155:1", "alice.eth"
    )


@pytest.mark.parametrize(
    ("identity", "expected"),
    [
        pytest.param(
            Identity("42", None, "a@example.org", ALICE, "eip155:1", "alice.eth"),
            {
                "id": "42",
                "username": "alice.eth",
                "email": "a@example.org",
                "data": {"wallet_address": ALICE, "wallet_chain": "eip155:1", "wallet_name": "alice.eth"},
            },
            id="everything",
        ),
        pytest.param(Identity(user_id="42"), {"id": "42"}, id="no wallet, no data"),
        pytest.param(NOBODY, {}, id="nobody"),
    ],
)
def test_event_user(identity: Identity, expected: dict[str, Any]) -> None:
    """The shape of Sentry's user interface."""
    assert user_payload(identity, PLAIN) == expected


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        pytest.param((ALICE.upper(),), Identity(wallet=ALICE), id="address"),
        pytest.param(
            (ALICE, "alice.eth", 1), Identity(wallet=ALICE, wallet_name="alice.eth", wallet_chain="eip155:1"), id="all"
        ),
        pytest.param(
            (f"eip155:5:{ALICE}", ALICE), Identity(wallet=ALICE, wallet_chain="eip155:5"), id="name that says nothing"
        ),
        pytest.param((None, "alice.eth"), NOBODY, id="no wallet, nobody"),
    ],
)
def test_wallet_given_by_hand(arguments: tuple[Any, ...], expected: Identity) -> None:
    """What `use_wallet` makes of its arguments."""
    assert wallet_identity(*arguments) == expected


def test_a_reader_knows_again_whom_it_has_read() -> None:
    """By values and their types: 1 and True are not the same user."""
    read = identity_reader()
    users = [{"user.id": value} for value in (1, True, "1", 1.0)]

    assert [read(user) for user in users] == [identity_of(user) for user in users]
    assert read({"user.id": "1"}) is read({"user.id": "1"})


def test_a_reader_takes_values_without_a_hash() -> None:
    """They are nobody, each time anew."""
    read = identity_reader()

    assert read({"user.id": ["a"], "user.name": "Ann"}) == Identity(user_name="Ann")
    assert read({"user.id": ["a"], "user.name": "Ann"}) == Identity(user_name="Ann")


def test_a_reader_forgets() -> None:
    """Users that never come again do not fill the memory."""
    read = identity_reader()
    first = read({"user.id": "0"})
    for number in range(1, 2_000):
        assert read({"user.id": str(number)}) == Identity(user_id=str(number))

    assert read({"user.id": "0"}) == first
    assert read({"user.id": "0"}) is not first
