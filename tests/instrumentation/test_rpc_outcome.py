"""What an error amounts to."""

from __future__ import annotations

import pytest

from otel_sentry.instrumentation.json_rpc import RpcError
from otel_sentry.instrumentation.reverts import Revert
from otel_sentry.instrumentation.rpc_outcome import outcome


@pytest.mark.parametrize(
    ("code", "message", "expected"),
    [
        pytest.param(4001, "", "user_rejected", id="EIP-1193"),
        pytest.param("ACTION_REJECTED", "", "user_rejected", id="ethers.js"),
        pytest.param(-32603, "MetaMask Tx Signature: User denied transaction", "user_rejected", id="MetaMask's words"),
        pytest.param(-32000, "insufficient funds for transfer", "insufficient_funds", id="geth"),
        pytest.param(-32000, "sender doesn't have enough funds to send tx", "insufficient_funds", id="Ganache"),
        pytest.param(-32000, "Sender balance 0 cannot afford txn", "insufficient_funds", id="py-evm"),
        pytest.param(-32601, "the method does not exist", "failed", id="anything else"),
        pytest.param(None, "", "failed", id="nothing known"),
    ],
)
def test_outcome_by_code_and_words(code: int | str | None, message: str, expected: str) -> None:
    """Codes of nodes differ, their words hardly."""
    assert outcome(RpcError(code, message, None), None) == expected


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        pytest.param("already minted", "expected_revert", id="reason"),
        pytest.param("already *", "expected_revert", id="pattern"),
        pytest.param("0x08c379a0", "expected_revert", id="selector"),
        pytest.param("minted", "reverted", id="a part is not enough"),
    ],
)
def test_expected_reverts(pattern: str, expected: str) -> None:
    """By reason or selector, whole."""
    revert = Revert("already minted", "0x08c379a0")

    assert outcome(RpcError(3, "", None), revert, expected_reverts=(pattern,)) == expected


@pytest.mark.parametrize("pattern", ["SoldOut", "SoldOut(7)", "Sold*"])
def test_expected_errors_of_a_contract(pattern: str) -> None:
    """By name, with or without arguments."""
    error = RpcError(3, "", None)

    assert outcome(error, Revert("SoldOut(7)", "0x7e1f5a77"), expected_reverts=(pattern,)) == "expected_revert"


def test_a_revert_without_reason_is_not_expected() -> None:
    """Nothing says which one it is."""
    assert outcome(RpcError(3, "", None), Revert(None, None), expected_reverts=("*",)) == "reverted"
