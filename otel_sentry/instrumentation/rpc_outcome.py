"""How a JSON-RPC request went: well, expectedly not, or wrong; and which failures are alike. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from fnmatch import fnmatchcase
from typing import Any, Final

from otel_sentry.instrumentation.json_rpc import STATUS_CODE, RpcError
from otel_sentry.instrumentation.reverts import Revert

OUTCOME: Final = "rpc.outcome"
EXPECTED: Final = "exception.expected"
FINGERPRINT: Final = "exception.fingerprint"
ERROR_TYPE: Final = "error.type"

USER_REJECTED: Final = "user_rejected"
INSUFFICIENT_FUNDS: Final = "insufficient_funds"
EXPECTED_REVERT: Final = "expected_revert"
REVERTED: Final = "reverted"
FAILED: Final = "failed"
EXPECTED_OUTCOMES: Final = frozenset({USER_REJECTED, INSUFFICIENT_FUNDS, EXPECTED_REVERT})
"""What happens to working software: no failure of a span, and no issue."""

_REJECTION_CODES: Final = frozenset({4001, "4001", 5000, "5000", "ACTION_REJECTED"})
"""EIP-1193 "User Rejected Request", WalletConnect's, ethers.js's."""

_WORDS: Final = (
    (
        USER_REJECTED,
        re.compile(r"user (?:rejected|denied|cancelled|canceled)|rejected by (?:the )?user", re.IGNORECASE),
    ),
    (
        INSUFFICIENT_FUNDS,
        re.compile(r"insufficient (?:funds|balance)|enough (?:funds|balance)|cannot afford", re.IGNORECASE),
    ),
)
"""Codes of nodes differ, their words hardly: geth, Hardhat, Ganache, py-evm, wallets."""


def outcome(error: RpcError, revert: Revert | None, *, expected_reverts: Sequence[str] = ()) -> str:
    """What an error amounts to.

    Args:
        error: of the answer.
        revert: what it tells of a contract.
        expected_reverts: reasons, names or selectors that are ordinary; `*` and `?` as in file names.
    """
    if revert is not None:
        return EXPECTED_REVERT if _is_expected(revert, expected_reverts) else REVERTED
    if error.code in _REJECTION_CODES:
        return USER_REJECTED
    return next((name for name, words in _WORDS if words.search(error.message)), FAILED)


def error_attributes(
    method: str,
    error: RpcError,
    *,
    exception: BaseException | None,
    called: str | None,
    expected_reverts: Sequence[str],
    revert: Revert | None,
) -> dict[str, Any]:
    """The attributes of a request that brought an error.

    Args:
        method: of the request.
        error: of the answer; made of the exception where there was none.
        exception: what the caller gets, if anything.
        called: selector of the contract's function.
        expected_reverts: see `outcome`.
        revert: what the error tells of a contract.
    """
    amounts_to = outcome(error, revert, expected_reverts=expected_reverts)
    kind = str(error.code) if error.code is not None else _type_name(exception)
    found: dict[str, Any] = {OUTCOME: amounts_to}
    if error.code is not None:
        found[STATUS_CODE] = str(error.code)
    if revert is not None:
        found.update(_of_revert(revert))
    if amounts_to in EXPECTED_OUTCOMES:
        return {**found, EXPECTED: True}
    parts = ("jsonrpc", method, kind, called, revert.selector if revert is not None else None)
    return {**found, ERROR_TYPE: kind, FINGERPRINT: tuple(part for part in parts if part)}


def _of_revert(revert: Revert) -> dict[str, str]:
    found = {"evm.revert.reason": revert.reason, "evm.revert.selector": revert.selector}
    return {name: value for name, value in found.items() if value is not None}


def _is_expected(revert: Revert, patterns: Sequence[str]) -> bool:
    reason = revert.reason or ""
    names = (reason, reason.partition("(")[0], revert.selector or "")
    return any(name and fnmatchcase(name, pattern) for pattern in patterns for name in names)


def _type_name(exception: BaseException | None) -> str:
    return type(exception).__qualname__ if exception is not None else "error"
