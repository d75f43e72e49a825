"""Three wallets that use the example dapp as browsers with a wallet extension would. eth-account enters here."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timezone
from typing import Any, Final

import httpx

from otel_sentry.cli.demo_checks import Visit, user_agent
from otel_sentry.errors import MissingExtra

try:
    from eth_account import Account
    from eth_account.messages import encode_defunct
except ImportError as exc:
    raise MissingExtra("the demo's wallets", "demo") from exc

NAMES: Final = ("alice", "bob", "carol")
CONTRACT: Final = "0xF2E246BB76DF876Cef8b38ae84130F4F55De395b"
"""Where `examples/dapp/chain.py` deploys its contract."""
_MINT: Final = "0x1249c58b"
_SIGN_IN_MESSAGE: Final = """\
dapp.example wants you to sign in with your Ethereum account:
{}


URI: https://dapp.example
Version: 1
Chain ID: {}
Nonce: {}
Issued At: {}"""
"""The message of EIP-4361 without its optional parts."""
_FIRST_KEY: Final = 2  # the test chain funds the private keys 1 to 10; the first one is the deployer
_GWEI: Final = 10**9


class Visitor:
    """A wallet and the browser it lives in."""

    def __init__(self, name: str, key: int, dapp_url: str, node_url: str) -> None:
        self.name = name
        self._account = Account.from_key(key.to_bytes(32, "big"))
        self._browser = httpx.Client(base_url=dapp_url, timeout=30, headers={"User-Agent": user_agent(name)})
        self._node = httpx.Client(base_url=node_url, timeout=30)
        self._signed_in = False
        self.visits: list[Visit] = []

    @property
    def wallet(self) -> str:
        """The address, lower-case."""
        return str(self._account.address).lower()

    def sign_in(self) -> None:
        """Sign the dapp's nonce with the wallet's key (EIP-4361)."""
        nonce = self._visit("GET", "/nonce").json()["nonce"]
        issued = datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
        text = _SIGN_IN_MESSAGE.format(self._account.address, self._chain_id(), nonce, issued)
        signature = self._account.sign_message(encode_defunct(text=text)).signature.to_0x_hex()
        self._signed_in = True
        self._visit("POST", "/sign-in", json={"message": text, "signature": signature})

    def read_profile(self) -> None:
        """Look at the own profile."""
        self._visit("GET", "/profile")

    def mint(self, *, expected: int = 200) -> None:
        """Sign a transaction that mints, and let the dapp send it."""
        signed = self._account.sign_transaction(
            {
                "to": CONTRACT,
                "data": _MINT,
                "nonce": int(self._ask_node("eth_getTransactionCount", self._account.address, "latest"), 16),
                "gas": 100_000,
                "maxFeePerGas": 3 * _GWEI,
                "maxPriorityFeePerGas": _GWEI,
                "chainId": self._chain_id(),
                "value": 0,
            }
        )
        self._visit("POST", "/mint", expected=expected, json={"transaction": signed.raw_transaction.to_0x_hex()})

    def claim_rewards(self) -> None:
        """Run into the dapp's bug."""
        self._visit("GET", "/rewards", expected=500)

    def sign_out(self) -> None:
        """Leave, and be nobody afterwards."""
        self._visit("POST", "/sign-out")
        self._signed_in = False
        self._visit("GET", "/profile", expected=401)

    def _visit(self, method: str, path: str, *, expected: int = 200, **request: Any) -> httpx.Response:
        response = self._browser.request(method, path, **request)
        wallet = self.wallet if self._signed_in else None
        self.visits.append(Visit(self.name, method, path, wallet, expected, response.status_code))
        return response

    def _chain_id(self) -> int:
        return int(self._ask_node("eth_chainId"), 16)

    def _ask_node(self, method: str, *params: Any) -> Any:
        request = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
        return self._node.post("/", json=request).json()["result"]


def use_dapp(dapp_url: str, node_url: str) -> list[Visit]:
    """Let all visitors use the dapp at the same time."""
    visitors = [Visitor(name, _FIRST_KEY + index, dapp_url, node_url) for index, name in enumerate(NAMES)]
    with ThreadPoolExecutor(len(visitors)) as pool:
        list(pool.map(_stay, visitors))
    return [visit for visitor in visitors for visit in visitor.visits]


def _stay(visitor: Visitor) -> None:
    visitor.sign_in()
    visitor.read_profile()
    visitor.mint()
    match visitor.name:
        case "alice":
            visitor.sign_out()
        case "bob":
            visitor.mint(expected=409)
        case _:
            visitor.claim_rewards()
