"""How much of a wallet Sentry may see. Pure: the mode and the key come in as arguments.

Applying a form twice changes nothing: a wallet that another service shortened or hashed stays as it is.
"""

from __future__ import annotations

import hmac
import re
from dataclasses import dataclass, field

from otel_sentry.errors import InvalidSetting
from otel_sentry.identity.wallet import canonical_wallet

MODES = ("plain", "short", "hash", "off")
MODE_VARIABLE = "OTEL_SENTRY_WALLET_PRIVACY"
KEY_VARIABLE = "OTEL_SENTRY_WALLET_HASH_KEY"

HASH_PREFIX = "wallet-"
_HASH_DIGITS = 32
_SHORTENED = re.compile(r".{1,6}…(?:.{4})?")
_HASHED = re.compile(rf"{HASH_PREFIX}[0-9a-f]{{{_HASH_DIGITS}}}")
_LONG_ENOUGH_FOR_BOTH_ENDS = 20


@dataclass(frozen=True, slots=True)
class Privacy:
    """What stands for a wallet in everything sent to Sentry.

    Args:
        mode: `plain` (the address), `short` (`0x1234…abcd`), `hash` (`wallet-` and the first 32 hexadecimal digits of
            HMAC-SHA-256), `off` (nothing).
        key: secret of `hash`. To rotate it put the new key first: `new,old`. Only the first one writes; the others
            are for `former_addresses`.

    Raises:
        InvalidSetting: unknown mode, or `hash` without a key.
    """

    mode: str = "plain"
    key: str | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        if self.mode not in MODES:
            raise InvalidSetting(MODE_VARIABLE, self.mode, ", ".join(MODES))
        if self.mode == "hash" and not _keys(self.key):
            raise InvalidSetting(KEY_VARIABLE, "", f"a secret text, needed by {MODE_VARIABLE}=hash")

    @property
    def plain(self) -> bool:
        """Whether wallets leave as they are, names and all."""
        return self.mode == "plain"

    def address(self, text: str) -> str | None:
        """What stands for the wallet `text` (any spelling); None if nothing may, or if `text` names no wallet."""
        wallet = canonical_wallet(text)
        if not wallet or self.mode == "off":
            return None
        if self.mode == "short":
            return _shortened(wallet)
        if self.mode == "hash":
            return _hashed(wallet, _keys(self.key)[0])
        return wallet

    def former_addresses(self, text: str) -> list[str]:
        """The hashes of `text` under the keys before the current one, newest first: for data from before a rotation."""
        wallet = canonical_wallet(text)
        return [_hashed(wallet, key) for key in _keys(self.key)[1:]] if self.mode == "hash" and wallet else []


def _keys(key: str | None) -> list[str]:
    return [part for part in map(str.strip, (key or "").split(",")) if part]


def _shortened(wallet: str) -> str:
    if _SHORTENED.fullmatch(wallet):
        return wallet
    if len(wallet) >= _LONG_ENOUGH_FOR_BOTH_ENDS:
        return f"{wallet[:6]}…{wallet[-4:]}"
    return f"{wallet[: max(1, len(wallet) // 4)]}…"


def _hashed(wallet: str, key: str) -> str:
    if _HASHED.fullmatch(wallet):
        return wallet
    digest = hmac.digest(key.encode("utf-8", "surrogateescape"), wallet.encode(), "sha256")
    return HASH_PREFIX + digest.hex()[:_HASH_DIGITS]
