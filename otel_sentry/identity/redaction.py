"""Wallets in free text: stack frames' local variables, messages, extras. Pure.

Rule: in every mode but `plain`, an address that can be told from other text leaves in no other form than a user's does.
Base58 and ENS cannot be told (`web3.eth` is Python), so these are private as attributes only.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from otel_sentry.identity.privacy import Privacy

_ADDRESS: Final = re.compile(
    r"(?<![0-9a-zA-Z])(?:0[xX][0-9a-fA-F]{40}|bc1[02-9ac-hj-np-z]{8,87}|BC1[02-9AC-HJ-NP-Z]{8,87})(?![0-9a-zA-Z])"
)
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
        return text if self._privacy.plain else _ADDRESS.sub(self._form, text)

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

    def _form(self, found: re.Match[str]) -> str:
        return self._privacy.address(found[0]) or _HIDDEN
