"""Who a span's user is. Pure: attributes in, identity out, and the two shapes Sentry knows a user in.

Rule: an explicit `user.id` stays the id and the wallet becomes the name; with only a wallet, both are the wallet.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from otel_sentry.identity.wallet import (
    bounded_text,
    canonical_chain,
    canonical_wallet,
    is_caip2,
    is_wallet,
    parse_wallet,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from otel_sentry.identity.privacy import Privacy
    from otel_sentry.identity.wallet import Wallet

WALLET_ADDRESS = "wallet.address"
WALLET_CHAIN = "wallet.chain"
WALLET_NAME = "wallet.name"
USER_ID = "user.id"
USER_NAME = "user.name"
USER_EMAIL = "user.email"
ENDUSER_ID = "enduser.id"
"""OpenTelemetry's older spelling of `user.id`, read when that is absent."""

_DEFAULT_WALLET_ATTRIBUTES = (WALLET_ADDRESS,)
_FIXED_KEYS = frozenset({WALLET_ADDRESS, WALLET_CHAIN, WALLET_NAME, USER_ID, USER_NAME, USER_EMAIL, ENDUSER_ID})
_LONGEST_EMAIL = 75
REMEMBERED = 1024
"""Identities that are known by heart; beyond, some or all are forgotten and learnt anew."""
_TOO_LONG_FOR_CHANCE = 8
_LONGEST_WORD = 256


@dataclass(frozen=True, slots=True)
class Identity:
    """What is known of a user, canonical and in plain: privacy is applied on the way out. False if nothing is known."""

    user_id: str | None = None
    user_name: str | None = None
    user_email: str | None = None
    wallet: str | None = None
    wallet_chain: str | None = None
    wallet_name: str | None = None

    def merged(self, other: Identity) -> Identity:
        """This identity, updated by what `other` knows.

        Another wallet or another user id is another user: nobody inherits a stranger's name, address or e-mail.
        """
        if _differ(self.wallet, other.wallet) or _differ(self.user_id, other.user_id):
            return other
        return Identity(
            user_id=other.user_id or self.user_id,
            user_name=other.user_name or self.user_name,
            user_email=other.user_email or self.user_email,
            wallet=other.wallet or self.wallet,
            wallet_chain=other.wallet_chain or self.wallet_chain,
            wallet_name=other.wallet_name or self.wallet_name,
        )

    def __bool__(self) -> bool:
        return not (
            self.wallet is None
            and self.user_id is None
            and self.user_name is None
            and self.user_email is None
            and self.wallet_name is None
            and self.wallet_chain is None
        )


NOBODY = Identity()
"""The identity after a logout."""


def identity_keys(wallet_attributes: Sequence[str] = _DEFAULT_WALLET_ATTRIBUTES) -> frozenset[str]:
    """The span attributes that carry identity; none goes to Sentry raw, `user_attributes` says what goes instead."""
    return _FIXED_KEYS.union(wallet_attributes)


def identity_reader(
    wallet_attributes: Sequence[str] = _DEFAULT_WALLET_ATTRIBUTES,
) -> Callable[[Mapping[str, Any]], Identity | None]:
    """`identity_of` for the path that every span takes: its key set is made once, and who was there comes again."""
    keys = identity_keys(wallet_attributes)
    known: dict[object, Identity | None] = {}

    def read(attributes: Mapping[str, Any]) -> Identity | None:
        if keys.isdisjoint(attributes):
            return None
        said = tuple([attributes.get(key) for key in keys])
        what = (said, tuple(map(type, said)))  # with their types, for 1 equals True and is another user
        try:
            return known[what]
        except (KeyError, TypeError):  # not seen yet, or a value without a hash
            found = _identity(attributes, wallet_attributes)
        if len(known) >= REMEMBERED:
            known.clear()
        with suppress(TypeError):
            known[what] = found
        return found

    return read


def identity_of(
    attributes: Mapping[str, Any], wallet_attributes: Sequence[str] = _DEFAULT_WALLET_ATTRIBUTES
) -> Identity | None:
    """The identity that a span's attributes carry, None if they carry none.

    Args:
        attributes: span attributes of any value type; values that are no text are ignored.
        wallet_attributes: names read as the wallet, first usable one wins.
    """
    keys = _FIXED_KEYS if wallet_attributes == _DEFAULT_WALLET_ATTRIBUTES else identity_keys(wallet_attributes)
    return None if keys.isdisjoint(attributes) else _identity(attributes, wallet_attributes)


def wallet_identity(address: object, name: object = None, chain: object = None) -> Identity:
    """The identity of a wallet given by hand; `NOBODY` if `address` names none."""
    if _is_word(address) and (name is None or _is_word(name)) and (chain is None or _is_word(chain)):
        return _known_wallet_identity(address, name, chain)
    return _wallet_identity(address, name, chain)


def _wallet_identity(address: object, name: object, chain: object) -> Identity:
    wallet = parse_wallet(address)
    if wallet is None:
        return NOBODY
    wallet_name = bounded_text(name)
    return Identity(
        wallet=wallet.address,
        wallet_chain=canonical_chain(chain) or wallet.chain,
        wallet_name=None if wallet_name == wallet.address else wallet_name,
    )


_known_wallet_identity = lru_cache(REMEMBERED)(_wallet_identity)


def _is_word(value: object) -> bool:
    """Whether a value may be remembered: nothing large, and no object of the application."""
    return type(value) is str and len(value) <= _LONGEST_WORD


def user_attributes(identity: Identity, privacy: Privacy) -> dict[str, str]:
    """`user.*` and `wallet.*` attributes as they may be sent to Sentry on spans, logs and metrics.

    Returns:
        Only what is known and not private.
    """
    if not identity:
        return {}
    wallet = privacy.address(identity.wallet) if identity.wallet else None
    wallet_name = identity.wallet_name if privacy.plain else None
    found = {
        USER_ID: _own_word(identity.user_id, identity, privacy) or wallet,
        USER_NAME: _own_word(identity.user_name, identity, privacy) or wallet_name or wallet,
        USER_EMAIL: _own_word(identity.user_email, identity, privacy),
        WALLET_ADDRESS: wallet,
        WALLET_CHAIN: _chain(identity, privacy),
        WALLET_NAME: wallet_name,
    }
    return {key: value for key, value in found.items() if value is not None}


def user_payload(identity: Identity, privacy: Privacy) -> dict[str, Any]:
    """The `user` object of a Sentry event or transaction: id, username, email, and the wallet under `data`.

    Returns:
        Only what is known and not private. Source: event-payloads/user of Sentry's developer documentation; keys of
        its own go under `data`.
    """
    found = user_attributes(identity, privacy)
    names = {"id": USER_ID, "username": USER_NAME, "email": USER_EMAIL}
    payload: dict[str, Any] = {name: found[key] for name, key in names.items() if key in found}
    data = {key.replace(".", "_"): found[key] for key in (WALLET_ADDRESS, WALLET_CHAIN, WALLET_NAME) if key in found}
    return {**payload, "data": data} if data else payload


def _differ(one: str | None, other: str | None) -> bool:
    return None not in (one, other) and one != other


def _identity(attributes: Mapping[str, Any], wallet_attributes: Sequence[str]) -> Identity | None:
    wallet = _first_wallet(attributes, wallet_attributes)
    address = wallet.address if wallet else None
    wallet_name = _unless(bounded_text(attributes.get(WALLET_NAME)), address)
    user_id = bounded_text(attributes.get(USER_ID)) or bounded_text(attributes.get(ENDUSER_ID))
    email = bounded_text(attributes.get(USER_EMAIL))
    found = Identity(
        user_id=_unless(user_id, address),
        user_name=_unless(_unless(bounded_text(attributes.get(USER_NAME)), address), wallet_name),
        user_email=email and email[:_LONGEST_EMAIL].rstrip(),
        wallet=address,
        wallet_chain=canonical_chain(attributes.get(WALLET_CHAIN)) or (wallet.chain if wallet else None),
        wallet_name=wallet_name,
    )
    return found or None


def _first_wallet(attributes: Mapping[str, Any], wallet_attributes: Sequence[str]) -> Wallet | None:
    return next(filter(None, (parse_wallet(attributes.get(name)) for name in wallet_attributes)), None)


def _unless(text: str | None, implied: str | None) -> str | None:
    """`text`, or None if it only repeats what the wallet implies anyway: stamps that are read back stay implied."""
    return None if text is None or implied in (text, canonical_wallet(text)) else text


def _chain(identity: Identity, privacy: Privacy) -> str | None:
    """The chain; in private modes only a real CAIP-2 one, because free text might be the address again."""
    if privacy.plain:
        return identity.wallet_chain
    wallet = identity.wallet and privacy.address(identity.wallet)
    return identity.wallet_chain if wallet and is_caip2(identity.wallet_chain or "") else None


def _own_word(text: str | None, identity: Identity, privacy: Privacy) -> str | None:
    """What the application called the user, except that a wallet in disguise falls under privacy as well."""
    if text is None or privacy.plain:
        return text
    if text == identity.wallet_name:
        return None
    if identity.wallet and _contains(text, identity.wallet):
        return privacy.address(identity.wallet)
    return privacy.address(text) if is_wallet(text) else text


def _contains(text: str, wallet: str) -> bool:
    """Whether `text` gives `wallet` away: `did:ethr:0x…`, the digits without `0x`."""
    digits = wallet.lower().removeprefix("0x")
    return digits in text.lower() if len(digits) >= _TOO_LONG_FOR_CHANCE else canonical_wallet(text) == wallet
