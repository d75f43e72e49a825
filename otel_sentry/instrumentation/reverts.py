"""Why a contract reverted, from the data or the words of a node. Pure.

Source: Solidity documentation, "Panic via assert and Error via require" and "Errors and the Revert Statement".
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final, NamedTuple

from otel_sentry.identity.wallet import bounded_text
from otel_sentry.instrumentation.evm_values import hex_text, member, selector

ERROR: Final = "0x08c379a0"
"""Selector of `Error(string)`."""
PANIC: Final = "0x4e487b71"
"""Selector of `Panic(uint256)`."""

PANICS: Final = {
    0x00: "generic compiler panic",
    0x01: "assertion failed",
    0x11: "arithmetic overflow",
    0x12: "division by zero",
    0x21: "no such enum value",
    0x22: "bad storage encoding",
    0x31: "pop of an empty array",
    0x32: "index out of bounds",
    0x41: "too much memory",
    0x51: "call of a zero-initialised function",
}
"""Code of a panic → what it means."""

# Nodes say it in words of their own: geth, erigon and most, Ganache and Hardhat, older OpenEthereum.
_WORDS: Final = re.compile(
    r"(?:execution reverted|VM Exception while processing transaction: revert(?:ed)?|Transaction reverted)"
    r"(?: with reason string)?[:,]?\s*(?P<reason>.*)",
    re.IGNORECASE | re.DOTALL,
)
_WORD_DIGITS: Final = 64
_LEVELS: Final = 3


class Revert(NamedTuple):
    """A contract's refusal.

    Attributes:
        reason: in words, at most 128 characters; None where nothing tells.
        selector: which error it is; None where only words are known.
    """

    reason: str | None
    selector: str | None


def revert_of(message: str, data: Any, custom: Callable[[str], str | None] = lambda _: None) -> Revert | None:
    """The revert that an error tells of; None if it is no revert.

    Args:
        message: the node's words.
        data: the error's data: hexadecimal text, or nested as some nodes and wallets do.
        custom: names a contract's own error by the data of the revert.
    """
    encoded = _encoded(data)
    which = selector(encoded)
    told = _WORDS.search(message)
    if which is None or encoded is None:
        reason = told["reason"].strip(" '\"") if told is not None else None
        return Revert(bounded_text(reason), None) if told is not None else None
    return Revert(bounded_text(_decoded(which, encoded) or custom(encoded) or which), which)


def _encoded(data: Any, level: int = 0) -> str | None:
    """The hexadecimal data, wherever a node put it: bare, after `Reverted `, under `data` or `originalError`."""
    if isinstance(data, (str, bytes)):
        return hex_text(data.removeprefix("Reverted ") if isinstance(data, str) else data)
    inner = member(data, "data") or member(data, "originalError") or member(data, "result")
    return None if inner is None or level >= _LEVELS else _encoded(inner, level + 1)


def _decoded(which: str, encoded: str) -> str | None:
    if which == ERROR:
        return _text(encoded[10:])
    if which == PANIC:
        code = int(encoded[10 : 10 + _WORD_DIGITS] or "0", 16)
        return f"Panic(0x{code:02x}): {PANICS.get(code, 'unknown')}"
    return None


def _text(words: str) -> str | None:
    """An ABI-encoded string: offset, length, bytes."""
    try:
        offset = 2 * int(words[:_WORD_DIGITS], 16)
        length = 2 * int(words[offset : offset + _WORD_DIGITS], 16)
        start = offset + _WORD_DIGITS
        return bytes.fromhex(words[start : start + length]).decode("utf-8", "replace")
    except ValueError:
        return None
