"""The JSON-RPC node of the dapp's chain, through web3.py. It has no telemetry of its own."""

from __future__ import annotations

from typing import Any

from web3 import HTTPProvider, Web3
from web3.exceptions import ContractLogicError

ABI = [{"type": "function", "name": "mint", "inputs": [], "outputs": [], "stateMutability": "nonpayable"}]


class Refused(Exception):
    """The contract would revert."""


class Node:
    """A node, asked over HTTP, and the dapp's contract on its chain."""

    def __init__(self, url: str, contract: str) -> None:
        self._chain = Web3(HTTPProvider(url))
        self._contract = self._chain.eth.contract(address=Web3.to_checksum_address(contract), abi=ABI)

    def balance(self, wallet: str) -> int:
        """What a wallet holds, in wei."""
        return self._chain.eth.get_balance(Web3.to_checksum_address(wallet))

    def try_mint(self, wallet: str) -> None:
        """See whether a wallet could mint now.

        Raises:
            Refused: in the contract's own words.
        """
        try:
            self._contract.functions.mint().call({"from": Web3.to_checksum_address(wallet)})
        except ContractLogicError as error:
            raise Refused(error.message) from error

    def send(self, transaction: str) -> str:
        """Send a signed transaction; returns its hash."""
        return self._chain.eth.send_raw_transaction(transaction).to_0x_hex()

    def receipt(self, transaction: str) -> dict[str, Any]:
        """What became of a transaction."""
        return dict(self._chain.eth.wait_for_transaction_receipt(transaction, timeout=10))
