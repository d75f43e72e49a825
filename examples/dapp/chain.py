"""A real EVM chain (eth-tester with py-evm) behind a JSON-RPC port: what a node is to the dapp. It has no telemetry.

Its ten accounts have the private keys 1 to 10 and plenty of ether. The first one deploys the contract, so that its
address is always `CONTRACT`.
"""

from __future__ import annotations

import json
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

from eth_abi import encode
from eth_tester.exceptions import TransactionFailed
from web3 import EthereumTesterProvider, Web3

CONTRACT = "0xF2E246BB76DF876Cef8b38ae84130F4F55De395b"

# mint(): each account once. Written by hand, so that nobody needs a Solidity compiler.
MINT = bytes.fromhex(
    "33 54 60 0a 57"  # if storage[caller] goto 0x0a
    "60 01 33 55 00"  # storage[caller] = 1; stop
    "5b"  # 0x0a: revert Error(string)
    "63 08c379a0 60 e0 1b 60 00 52"  # selector
    "60 20 60 04 52"  # where the text starts
    "60 0e 60 24 52"  # its length
    "6d 616c7265616479206d696e746564 60 90 1b 60 44 52"  # "already minted"
    "60 64 60 00 fd"
)
DEPLOY = bytes.fromhex(f"60 {len(MINT):02x} 80 60 0b 60 00 39 60 00 f3") + MINT  # copy MINT to memory and return it


class Chain:
    """The chain, asked in JSON-RPC."""

    def __init__(self) -> None:
        provider = EthereumTesterProvider()
        chain = Web3(provider)
        chain.middleware_onion.clear()
        self._request = provider.request_func(chain, chain.middleware_onion)
        deployer = self.answer("eth_accounts", [])["result"][0]
        self.answer("eth_sendTransaction", [{"from": deployer, "data": f"0x{DEPLOY.hex()}", "gas": "0x493e0"}])

    def answer(self, method: str, params: list[Any]) -> dict[str, Any]:
        """What a node answers; errors too have a node's shape."""
        try:
            reply = dict(self._request(method, params))
        except TransactionFailed as failed:
            reason = str(failed).removeprefix("execution reverted: ")
            data = bytes.fromhex("08c379a0") + encode(["string"], [reason])
            return {"error": {"code": 3, "message": str(failed), "data": f"0x{data.hex()}"}}
        except Exception as failed:  # noqa: BLE001  # a node has an answer to everything
            return {"error": {"code": -32602, "message": str(failed)}}
        return {"error": reply["error"]} if "error" in reply else {"result": as_json(reply["result"])}


def as_json(value: Any) -> Any:
    """Numbers and bytes as JSON-RPC writes them."""
    if isinstance(value, dict):
        return {key: as_json(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [as_json(item) for item in value]
    if isinstance(value, bytes):
        return f"0x{value.hex()}"
    return hex(value) if isinstance(value, int) and not isinstance(value, bool) else value


class Handler(BaseHTTPRequestHandler):
    """One request after the other: py-evm is no concurrent chain."""

    chain: Chain

    def do_POST(self) -> None:
        """Answer one JSON-RPC call."""
        call = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        reply = {"jsonrpc": "2.0", "id": call["id"], **self.chain.answer(call["method"], call["params"])}
        body = json.dumps(reply).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Nobody reads a node's access log."""


if __name__ == "__main__":
    Handler.chain = Chain()
    HTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
