"""Wallets in free text: names, URLs, messages, local variables of stack frames. Pure.

Rule: in every mode but `plain`, an address that can be told from other text leaves in no other form than a user's does.
Base58 and ENS cannot be told (`web3.eth` is Python), so these are private as attributes only.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from otel_sentry.identity.privacy import Privacy

# One pattern for each literal beginning: the search for it runs at memory speed, an alternation at a fiftieth of that.
_FORMS: Final = (r"0[xX][0-9a-fA-F]{40}", r"bc1[02-9ac-hj-np-z]{8,87}", r"BC1[02-9AC-HJ-NP-Z]{8,87}")
_IN_TEXT: Final = tuple(re.compile(f"{form}(?![0-9a-zA-Z])") for form in _FORMS)
_IN_JSON: Final = tuple(re.compile(pattern.pattern.encode()) for pattern in _IN_TEXT)
_LETTERS_OF_ESCAPES: Final = (b"b", b"f", b"n", b"r", b"t")
_HIDDEN: Final = "[wallet]"
_DEEPEST: Final = 40


class WalletRedaction:
    """Replaces addresses by what stands for them.

    Args:
        privacy: decides what that is; with `plain` everything stays as it is, the same objects.
    """

    def __init__(self, privacy: Privacy) -> None:
        self._privacy = privacy

    def text(self, text: str) -> str:
        """`text` with private addresses; transaction hashes and shorter or longer hexadecimal numbers stay."""
        for pattern in () if self._privacy.plain else _IN_TEXT:
            text = pattern.sub(self._in_text, text)
        return text

    def json(self, encoded: bytes) -> bytes:
        """JSON in UTF-8 with private addresses, in names as in values."""
        for pattern in () if self._privacy.plain else _IN_JSON:
            encoded = pattern.sub(self._in_json, encoded)
        return encoded

    def tree(self, value: Any) -> Any:
        """A copy of nested mappings and sequences with each text and key treated; `value` itself if mode is `plain`."""
        return value if self._privacy.plain else self._tree(value, 0)

    def _tree(self, value: Any, depth: int) -> Any:
        if isinstance(value, str):
            return self.text(value)
        if depth > _DEEPEST:
            return value
        if isinstance(value, dict):
            return {self._tree(key, depth + 1): self._tree(item, depth + 1) for key, item in value.items()}
        if isinstance(value, (list, tuple)):
            return [self._tree(item, depth + 1) for item in value]
        return value

    def _in_text(self, found: re.Match[str]) -> str:
        before = found.string[max(0, found.start() - 1) : found.start()]
        return found[0] if before.isascii() and before.isalnum() else self._form(found[0])

    def _in_json(self, found: re.Match[bytes]) -> bytes:
        start = found.start()
        escape, before = found.string[max(0, start - 2) : start - 1], found.string[max(0, start - 1) : start]
        in_word = before.isalnum() and not (escape == b"\\" and before in _LETTERS_OF_ESCAPES)
        return found[0] if in_word else self._form(found[0].decode()).encode()

    def _form(self, address: str) -> str:
        return self._privacy.address(address) or _HIDDEN
