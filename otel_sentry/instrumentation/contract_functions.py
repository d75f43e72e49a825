"""Which function of which contract a selector is, as far as this process has seen its ABI. eth-abi enters here.

Bounded, so that an application that makes contracts without end stays the size it is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

_MOST_FUNCTIONS: Final = 4096
_MOST_ARGUMENTS: Final = 8

STANDARD_FUNCTIONS: Final[Mapping[str, str]] = {
    "0x06fdde03": "name()",
    "0x095ea7b3": "approve(address,uint256)",
    "0x18160ddd": "totalSupply()",
    "0x23b872dd": "transferFrom(address,address,uint256)",
    "0x313ce567": "decimals()",
    "0x42842e0e": "safeTransferFrom(address,address,uint256)",
    "0x6352211e": "ownerOf(uint256)",
    "0x70a08231": "balanceOf(address)",
    "0x95d89b41": "symbol()",
    "0xa22cb465": "setApprovalForAll(address,bool)",
    "0xa9059cbb": "transfer(address,uint256)",
    "0xc87b56dd": "tokenURI(uint256)",
    "0xdd62ed3e": "allowance(address,address)",
}
"""Selector → function, of ERC-20 and ERC-721: their ABI is known to everybody."""


class Known(NamedTuple):
    """A function that somebody has called.

    Attributes:
        signature: as in `transfer(address,uint256)`.
        abi: of its contract, to name the errors it raises.
    """

    signature: str
    abi: Sequence[Mapping[str, Any]]


class ContractFunctions:
    """Functions by selector; of two contracts with the same selector, the one that was used last."""

    def __init__(self) -> None:
        self._known: dict[str, Known] = {}

    def learn(self, selector: str, signature: str, abi: Sequence[Mapping[str, Any]]) -> None:
        """Remember a function."""
        known = self._known
        if len(known) >= _MOST_FUNCTIONS and selector not in known:
            known.clear()
        known[selector] = Known(signature, abi)

    def signature(self, selector: str | None) -> str | None:
        """The function of a selector; None if no ABI of it was seen."""
        known = self._known.get(selector or "")
        return known.signature if known is not None else STANDARD_FUNCTIONS.get(selector or "")

    def error_text(self, selector: str | None, data: str) -> str | None:
        """Which of its contract's own errors a revert of a function is, as in `SoldOut(7)`; None if that is unknown.

        Args:
            selector: of the function.
            data: of the revert, `0x…`.

        Raises:
            Exception: whatever an odd ABI makes its library raise.
        """
        known = self._known.get(selector or "")
        for one in known.abi if known is not None else ():
            if one.get("type") == "error" and _selector_of(one) == data[:10]:
                return f"{one['name']}({_arguments(one, data)})"
        return None


def _selector_of(error: Mapping[str, Any]) -> str:
    from eth_utils.abi import function_abi_to_4byte_selector  # noqa: PLC0415 - optional library

    return f"0x{function_abi_to_4byte_selector(error).hex()}"  # type: ignore[arg-type] # errors look like functions


def _arguments(error: Mapping[str, Any], data: str) -> str:
    from eth_abi import decode  # type: ignore[attr-defined] # noqa: PLC0415 - optional library
    from eth_utils.abi import get_abi_input_types  # noqa: PLC0415 - optional library

    types = get_abi_input_types(error)  # type: ignore[arg-type] # errors look like functions
    values = decode(types, bytes.fromhex(data[10:]))
    return ", ".join(str(value) for value in values[:_MOST_ARGUMENTS])
