"""Functions and errors of contracts, by selector."""

from __future__ import annotations

import pytest

from otel_sentry.identity.checksum import keccak_256
from otel_sentry.instrumentation.contract_functions import STANDARD_FUNCTIONS, ContractFunctions

ABI = [
    {"type": "function", "name": "mint", "inputs": []},
    {"type": "error", "name": "Other", "inputs": []},
    {"type": "error", "name": "Denied", "inputs": [{"type": "address", "name": "who"}, {"type": "uint8", "name": "n"}]},
]
DENIED = "0x" + keccak_256(b"Denied(address,uint8)").hex()[:8]


@pytest.mark.parametrize(("selector", "signature"), STANDARD_FUNCTIONS.items())
def test_standard_functions_have_their_selectors(selector: str, signature: str) -> None:
    """The first four bytes of the signature's Keccak-256."""
    assert "0x" + keccak_256(signature.encode()).hex()[:8] == selector


def test_learnt_functions_come_first() -> None:
    """What this process has seen beats the standards."""
    functions = ContractFunctions()
    functions.learn("0xa9059cbb", "mine(bytes)", [])

    assert functions.signature("0xa9059cbb") == "mine(bytes)"
    assert functions.signature("0x70a08231") == "balanceOf(address)"
    assert functions.signature("0x00000000") is functions.signature(None) is None


def test_error_by_its_abi() -> None:
    """Name and arguments."""
    pytest.importorskip("eth_abi")
    functions = ContractFunctions()
    functions.learn("0x1249c58b", "mint()", ABI)
    data = DENIED + f"{0xAB:064x}" + f"{3:064x}"

    assert functions.error_text("0x1249c58b", data) == f"Denied(0x{0xAB:040x}, 3)"
    assert functions.error_text("0x1249c58b", "0xdeadbeef") is None
    assert functions.error_text("0x99999999", data) is None


def test_memory_is_bounded() -> None:
    """An application that makes contracts without end stays the size it is."""
    functions = ContractFunctions()
    for number in range(10_000):
        functions.learn(f"0x{number:08x}", "f()", [])

    assert len(functions._known) <= 4096
