"""The example dapp: free of us, correct in itself, and traced by OpenTelemetry alone."""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

# web3.py imports the old client of websockets, which says so each time; nothing of ours.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:websockets", "ignore:websockets.legacy")

DAPP = Path(__file__).parents[2] / "examples" / "dapp"
SOURCES = sorted(DAPP.glob("*.py"))
WALLET = "0x2B5AD5c4795c026514f8317c7a215E218DcCD6cF"
STRANGER = 99
MINT = {"from": WALLET, "data": "0x1249c58b", "gas": "0x186a0"}


def imported_by(source: Path) -> set[str]:
    """First parts of everything that a file imports."""
    nodes = list(ast.walk(ast.parse(source.read_text())))
    plain = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    return {name.partition(".")[0] for name in plain | {n.module or "" for n in nodes if isinstance(n, ast.ImportFrom)}}


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.name)
def test_application_files_know_opentelemetry_only(source: Path) -> None:
    """No import of ours or Sentry's, not even a mention: the dapp can leave at any time."""
    vendors = {"otel_sentry", "sentry_sdk", "sentry"}

    assert imported_by(source) & vendors == set()
    assert [vendor for vendor in vendors if vendor in source.read_text().lower()] == []


def test_telemetry_is_really_in_use() -> None:
    """The grep above proves something: the web app and the worker do import OpenTelemetry."""
    users = {source.name for source in SOURCES if "opentelemetry" in imported_by(source)}

    assert users == {"app.py", "sign_in.py", "worker.py"}


def test_example_stays_small() -> None:
    """Nine files to read, page, README and requirements included, none of them long."""
    files = [path for path in DAPP.iterdir() if path.is_file()]

    assert len(files) <= 9
    assert all(len(path.read_text().splitlines()) < 160 for path in files)


def test_requirements_cover_the_imports() -> None:
    """What the files import is in requirements.txt, in the standard library, or comes with otel-sentry."""
    listed = (DAPP / "requirements.txt").read_text().replace("-", "_")
    own = {source.stem for source in SOURCES}
    brought = {"eth_abi": "web3"}
    imported = set[str]().union(*map(imported_by, SOURCES)) - own - sys.stdlib_module_names - {"opentelemetry", ""}

    assert [name for name in sorted(imported) if brought.get(name, name) not in listed] == []


@pytest.fixture(name="store")
def _store(dapp_module: Callable[[str], Any], tmp_path: Path) -> Iterator[Any]:
    store = dapp_module("store").Store(str(tmp_path / "dapp.sqlite"))
    store.prepare()
    yield store
    store.close()


def signed(nonce: str, *, key: int = 2, domain: str = "dapp.example") -> tuple[str, str]:
    """A sign-in message of `WALLET`, signed with a private key; 2 is its own."""
    from eth_account import Account  # noqa: PLC0415  # an example's requirement, not one of the test suite
    from eth_account.messages import encode_defunct  # noqa: PLC0415

    text = (
        f"{domain} wants you to sign in with your Ethereum account:\n{WALLET}\n\n\n"
        f"URI: https://{domain}\nVersion: 1\nChain ID: 1\nNonce: {nonce}\nIssued At: 2026-11-22T10:00:00Z"
    )
    return text, Account.from_key(key.to_bytes(32, "big")).sign_message(encode_defunct(text=text)).signature.to_0x_hex()


def test_wallet_signs_in_once_per_nonce(dapp_module: Callable[[str], Any], store: Any) -> None:
    """A true signature opens a session; the same message is worth nothing the second time."""
    sign_in = dapp_module("sign_in")
    text, signature = signed(sign_in.new_nonce(store))

    token, wallet = sign_in.sign_in(store, text, signature)

    assert (wallet, store.wallet_of(token)) == (WALLET, WALLET)
    with pytest.raises(sign_in.NotSignedIn):
        sign_in.sign_in(store, text, signature)
    store.close_session(token)
    assert store.wallet_of(token) is None


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"key": STRANGER}, id="signed by another wallet"),
        pytest.param({"domain": "phishing.example"}, id="for another site"),
        pytest.param({"nonce": "neverhandedout"}, id="a nonce of its own"),
    ],
)
def test_forged_sign_in_is_refused(dapp_module: Callable[[str], Any], store: Any, changes: dict[str, Any]) -> None:
    """Each part of the message counts."""
    sign_in = dapp_module("sign_in")
    text, signature = signed(**{"nonce": sign_in.new_nonce(store), **changes})

    with pytest.raises(sign_in.NotSignedIn):
        sign_in.sign_in(store, text, signature)


@pytest.mark.parametrize("text", ["", "not a message", "dapp.example wants you to sign in"])
def test_nonsense_is_refused(dapp_module: Callable[[str], Any], store: Any, text: str) -> None:
    """A message that cannot be read is no server error."""
    sign_in = dapp_module("sign_in")

    with pytest.raises(sign_in.NotSignedIn):
        sign_in.sign_in(store, text, "0x00")


def test_a_notification_is_taken_once(dapp_module: Callable[[str], Any], store: Any, tmp_path: Path) -> None:
    """Two workers on one table never get the same row; headers come back as they went in."""
    other = dapp_module("store").Store(str(tmp_path / "dapp.sqlite"))
    store.open_session("token", WALLET)
    store.add_notification(WALLET, "0xabc", {"traceparent": "00-1-2-03"})

    taken = store.take_notification()

    assert taken[1:] == (WALLET, "0xabc", {"traceparent": "00-1-2-03"})
    assert other.take_notification() is None
    store.finish_notification(taken.id)
    assert store.get_user(WALLET) == {"wallet": WALLET, "visits": 1, "notifications": 1}
    other.close()


def test_chain_mints_once_per_account(dapp_module: Callable[[str], Any]) -> None:
    """A real EVM runs the contract, and a revert is answered as nodes do: code 3, reason, ABI-encoded data."""
    module = dapp_module("chain")
    chain = module.Chain()
    call = {**MINT, "to": module.CONTRACT}

    assert chain.answer("eth_call", [call, "latest"]) == {"result": "0x"}
    sent = chain.answer("eth_sendTransaction", [call])["result"]
    receipt = chain.answer("eth_getTransactionReceipt", [sent])["result"]
    assert (receipt["status"], receipt["from"], receipt["to"]) == ("0x1", WALLET, module.CONTRACT)
    error = chain.answer("eth_call", [call, "latest"])["error"]
    assert (error["code"], error["message"]) == (3, "execution reverted: already minted")
    assert error["data"].startswith("0x08c379a0")


@pytest.mark.parametrize(
    ("method", "params"),
    [
        pytest.param("eth_nonsense", [], id="unknown method"),
        pytest.param("eth_getBalance", ["0x12", "latest"], id="no address"),
        pytest.param("eth_sendRawTransaction", ["0x1234"], id="no transaction"),
    ],
)
def test_chain_answers_errors_as_json_rpc(dapp_module: Callable[[str], Any], method: str, params: list[Any]) -> None:
    """Never an exception, always an `error` object with a code."""
    assert dapp_module("chain").Chain().answer(method, params)["error"]["code"] < 0
