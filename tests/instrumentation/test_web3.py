"""web3.py against a real EVM: synchronous, asynchronous, in batches; over HTTP and without."""

from __future__ import annotations

import asyncio
import contextlib
import inspect
from typing import TYPE_CHECKING, Any

import pytest
from opentelemetry.trace import SpanKind, StatusCode

from otel_sentry.instrumentation.web3 import Web3Instrumentor

if TYPE_CHECKING:
    from tests.instrumentation.conftest import Node, Recorded

pytest.importorskip("web3")
# web3.py imports the old client of websockets, which says so each time; nothing of ours.
pytestmark = pytest.mark.filterwarnings(
    "ignore::DeprecationWarning:websockets", "ignore:websockets.legacy", "ignore::ResourceWarning"
)

ABI = [
    {"type": "function", "name": "mint", "inputs": [], "outputs": [], "stateMutability": "nonpayable"},
    {"type": "error", "name": "SoldOut", "inputs": [{"name": "left", "type": "uint256"}]},
]
ALICE = "0x2B5AD5c4795c026514f8317c7a215E218DcCD6cF"
BOB = "0x6813Eb9362372EEF6200f3b1dbC3f819671cBA69"
SOLD_OUT = "0x" + "7e1f5a77" + f"{7:064x}"


@pytest.fixture(name="w3")
def _w3(node: Node) -> Any:
    from web3 import HTTPProvider, Web3  # noqa: PLC0415 - an optional library

    return Web3(HTTPProvider(node.url))


@pytest.fixture(name="contract")
def _contract(w3: Any, node: Node) -> Any:
    return w3.eth.contract(address=node.contract, abi=ABI)


async def on_async(url: str, work: Any) -> Any:
    """What `work` gives of an asynchronous web3 that is disconnected afterwards."""
    from web3 import AsyncHTTPProvider, AsyncWeb3  # noqa: PLC0415 - an optional library

    provider = AsyncHTTPProvider(url)
    try:
        return await work(AsyncWeb3(provider))
    finally:
        await provider.disconnect()


def test_a_call_is_a_span(recorded: Recorded, w3: Any) -> None:
    """Names of the semantic conventions; the node by its host and never by its key; an amount with its unit."""
    assert w3.eth.get_balance(ALICE, 0) == 10**24
    span = recorded.only()

    assert (span.name, span.kind, span.status.status_code) == ("eth_getBalance", SpanKind.CLIENT, StatusCode.UNSET)
    assert {name: value for name, value in span.attributes.items() if name != "server.port"} == {
        "rpc.system.name": "jsonrpc",
        "rpc.method": "eth_getBalance",
        "jsonrpc.protocol.version": "2.0",
        "jsonrpc.request.id": "0",
        "server.address": "127.0.0.1",
        "evm.block.number": 0,
        "evm.balance": f"{10**24} wei",
    }


def test_chain_id_is_on_spans_once_it_is_known(recorded: Recorded, w3: Any) -> None:
    """Nobody asks for it but the application."""
    w3.eth.get_block_number()
    chain_id = w3.eth.chain_id
    w3.eth.get_block_number()

    assert [span.attributes.get("evm.chain.id") for span in recorded.spans] == [None, chain_id, chain_id]


def test_transaction_by_its_receipt(recorded: Recorded, contract: Any, w3: Any) -> None:
    """The contract's function by name, the hash, and from the receipt block, gas and whether it went well."""
    sent = contract.functions.mint().transact({"from": ALICE, "gas": 100_000, "gasPrice": 2 * 10**9})
    w3.eth.wait_for_transaction_receipt(sent)
    sending, receipt = recorded.named("eth_sendTransaction mint"), recorded.spans[-1]

    assert sending.attributes["evm.contract.method"] == "mint()"
    assert sending.attributes["evm.transaction.hash"] == sent.to_0x_hex()
    assert receipt.name == "eth_getTransactionReceipt"
    assert receipt.attributes["evm.transaction.status"] == "success"
    assert receipt.attributes["evm.gas.price"] == f"{2 * 10**9} wei"
    assert receipt.attributes["evm.gas.used"] > 21_000


@pytest.mark.parametrize("is_async", [False, True])
def test_revert_is_decoded(recorded: Recorded, node: Node, contract: Any, is_async: bool) -> None:
    """A real revert: reason and function in words, code of the node, and what its issue is grouped by."""
    from web3.exceptions import ContractLogicError  # noqa: PLC0415 - an optional library

    with contextlib.suppress(ContractLogicError):  # the chain lives longer than this test
        contract.functions.mint().transact({"from": BOB})
    with pytest.raises(ContractLogicError, match="already minted"):
        contract.functions.mint().call({"from": BOB})
    if is_async:

        async def call(w3: Any) -> None:
            await w3.eth.contract(address=node.contract, abi=ABI).functions.mint().call({"from": BOB})

        with pytest.raises(ContractLogicError, match="already minted"):
            asyncio.run(on_async(node.url, call))
    span = recorded.spans[-1]

    assert (span.name, span.status.status_code) == ("eth_call mint", StatusCode.ERROR)
    assert {
        "rpc.response.status_code": "3",
        "error.type": "3",
        "rpc.outcome": "reverted",
        "evm.revert.reason": "already minted",
        "evm.revert.selector": "0x08c379a0",
        "evm.contract.method": "mint()",
        "exception.fingerprint": ("jsonrpc", "eth_call", "3", "0x1249c58b", "0x08c379a0"),
    }.items() <= dict(span.attributes).items()
    assert [event.name for event in span.events] == ["exception"]


def test_error_of_the_contract_by_name(recorded: Recorded, node: Node, contract: Any) -> None:
    """A custom error, named and with its arguments by the ABI that the application gave."""
    node.script.append({"error": {"code": 3, "message": "execution reverted", "data": SOLD_OUT}})
    with pytest.raises(Exception, match="7e1f5a77"):
        contract.functions.mint().call({"from": BOB})

    span = recorded.named("eth_call mint")

    assert span.attributes["evm.revert.reason"] == "SoldOut(7)"
    assert span.attributes["evm.revert.selector"] == SOLD_OUT[:10]


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        pytest.param({"code": 4001, "message": "User rejected the request."}, "user_rejected", id="wallet says no"),
        pytest.param(
            {"code": -32000, "message": "insufficient funds for gas * price + value"}, "insufficient_funds", id="poor"
        ),
        pytest.param({"code": 3, "message": "execution reverted: sold out"}, "expected_revert", id="marked by reason"),
    ],
)
def test_expected_outcomes_are_no_failures(recorded: Recorded, node: Node, w3: Any, error: Any, expected: str) -> None:
    """Classified and excused: the span has not failed, and nobody makes an issue of the exception."""
    node.script.append({"error": error})
    with pytest.raises(Exception, match=str(error["message"])[:8]):
        w3.eth.send_raw_transaction("0x02")
    span = recorded.only()

    assert (span.attributes["rpc.outcome"], span.status.status_code) == (expected, StatusCode.UNSET)
    assert span.attributes["exception.expected"] is True
    assert "exception.fingerprint" not in span.attributes
    assert "0x02" not in str(span.to_json())


def test_failures_are_alike_whatever_they_say(recorded: Recorded, node: Node, w3: Any) -> None:
    """Grouped by method, code and selector, not by payload."""
    for number in range(2):
        node.script.append({"error": {"code": -32005, "message": f"limit exceeded by {number}"}})
        with pytest.raises(Exception, match="limit exceeded"):
            w3.eth.call({"to": ALICE, "data": f"0x70a08231{number:064x}"})

    calls = [span for span in recorded.spans if span.name == "eth_call balanceOf"]

    assert [span.attributes["exception.fingerprint"] for span in calls] == [
        ("jsonrpc", "eth_call", "-32005", "0x70a08231")
    ] * 2


def test_nothing_found_is_no_failure(recorded: Recorded, w3: Any) -> None:
    """A receipt that is not there yet: the caller knows whether that is wrong."""
    from web3.exceptions import TransactionNotFound  # noqa: PLC0415 - an optional library

    with pytest.raises(TransactionNotFound):
        w3.eth.get_transaction_receipt("0x" + "11" * 32)
    span = recorded.only()

    assert (span.attributes["rpc.outcome"], span.status.status_code, span.events) == (
        "not_found",
        StatusCode.UNSET,
        (),
    )


@pytest.mark.parametrize("is_async", [False, True])
def test_retries_are_events(recorded: Recorded, node: Node, w3: Any, is_async: bool) -> None:
    """web3.py tries again by itself; the span tells how often and why."""
    node.script.append(503)
    if is_async:
        asyncio.run(on_async(node.url, lambda w3: w3.eth.get_block_number()))
    else:
        w3.provider.exception_retry_configuration.backoff_factor = 0
        w3.eth.get_block_number()
    span = recorded.only()
    (event,) = span.events

    assert (event.name, event.attributes["rpc.attempt"], span.status.status_code) == (
        "rpc.retry",
        2,
        StatusCode.UNSET,
    )
    assert event.attributes["error.type"] in {"HTTPError", "ClientResponseError"}


def test_fail_over_is_an_event(recorded: Recorded, node: Node) -> None:
    """A provider of the application that turns to another node: from where, to where, because of what."""
    from web3 import HTTPProvider, Web3  # noqa: PLC0415 - an optional library
    from web3.providers.base import JSONBaseProvider  # noqa: PLC0415 - as above

    class Either(JSONBaseProvider):
        nodes = (
            HTTPProvider("http://127.0.0.2:9/", exception_retry_configuration=None),
            HTTPProvider(node.url),
        )

        def make_request(self, method: Any, params: Any) -> Any:
            try:
                return self.nodes[0].make_request(method, params)
            except OSError:
                return self.nodes[1].make_request(method, params)

    Web3(Either()).eth.get_block_number()
    span = recorded.only()
    (event,) = span.events

    assert (event.name, dict(event.attributes)) == (
        "rpc.failover",
        {
            "rpc.attempt": 2,
            "server.address": "127.0.0.1",
            "rpc.failover.from": "127.0.0.2",
            "error.type": "ConnectionError",
        },
    )
    assert span.attributes["server.address"] == "127.0.0.1"


@pytest.mark.parametrize("is_async", [False, True])
def test_batch_is_one_span(recorded: Recorded, node: Node, w3: Any, is_async: bool) -> None:
    """Its size, its methods, and how many of its requests failed."""

    async def ask(w3: Any) -> Any:
        async with w3.batch_requests() as batch:
            batch.add(w3.eth.get_block(0))
            batch.add(w3.eth.get_block(0))
            return await batch.async_execute()

    def ask_blocking() -> Any:
        with w3.batch_requests() as batch:
            batch.add(w3.eth.get_block(0))
            batch.add(w3.eth.get_block(0))
            return batch.execute()

    blocks = asyncio.run(on_async(node.url, ask)) if is_async else ask_blocking()
    node.script.extend([{"result": None}, {"error": {"code": -32000, "message": "header not found"}}])
    with pytest.raises(Exception, match="not found"):
        asyncio.run(on_async(node.url, ask)) if is_async else ask_blocking()
    well, wrong = recorded.spans

    assert [block["number"] for block in blocks] == [0, 0]
    assert well.name == "JSON-RPC batch"
    assert (well.attributes["rpc.batch.size"], well.attributes["rpc.batch.methods"]) == (2, ("eth_getBlockByNumber",))
    assert (well.status.status_code, wrong.status.status_code) == (StatusCode.UNSET, StatusCode.ERROR)
    assert (wrong.attributes["rpc.batch.errors"], wrong.attributes["rpc.response.status_code"]) == (1, "-32000")


def test_raw_requests_of_a_provider_are_spans(recorded: Recorded, w3: Any) -> None:
    """`provider.make_request` passes no manager and raises nothing for an error."""
    answer = w3.provider.make_request("eth_nonsense", [])
    span = recorded.only()

    assert (span.name, span.status.status_code) == ("eth_nonsense", StatusCode.ERROR)
    assert span.attributes["rpc.response.status_code"] == str(answer["error"]["code"])


def test_provider_without_a_url(recorded: Recorded, chain_module: Any) -> None:
    """eth-tester in the same process; its reverts are exceptions of its own."""
    from web3 import EthereumTesterProvider, Web3  # noqa: PLC0415 - an optional library

    w3 = Web3(EthereumTesterProvider())
    code = w3.eth.send_transaction({"from": w3.eth.accounts[0], "data": f"0x{chain_module.DEPLOY.hex()}"})
    contract = w3.eth.contract(address=w3.eth.get_transaction_receipt(code)["contractAddress"], abi=ABI)
    contract.functions.mint().transact({"from": w3.eth.accounts[1]})
    with pytest.raises(Exception, match="already minted"):
        contract.functions.mint().call({"from": w3.eth.accounts[1]})
    span = recorded.spans[-1]

    assert (span.attributes["rpc.outcome"], span.attributes["evm.revert.reason"]) == ("reverted", "already minted")


def test_connection_refused_is_a_failure(recorded: Recorded) -> None:
    """No node, no code: grouped by the exception's type; the key in the URL is on no attribute."""
    from web3 import HTTPProvider, Web3  # noqa: PLC0415 - an optional library

    w3 = Web3(HTTPProvider("http://127.0.0.1:9/v3/secretsecret", exception_retry_configuration=None))
    with pytest.raises(OSError, match="Connection refused"):
        w3.eth.get_block_number()
    span = recorded.only()

    assert span.attributes["exception.fingerprint"] == ("jsonrpc", "eth_blockNumber", "ConnectionError")
    assert "secret" not in str(span.attributes)


def test_cancelled_request_is_no_failure(recorded: Recorded, node: Node) -> None:
    """The application gave up; its exception reaches it."""

    async def cancel(w3: Any) -> str:
        asking = asyncio.create_task(w3.eth.get_block_number())
        await asyncio.sleep(0)
        asking.cancel()
        try:
            await asking
        except asyncio.CancelledError:
            return "cancelled"
        return "finished"

    assert asyncio.run(on_async(node.url, cancel)) == "cancelled"
    assert [span.status.status_code for span in recorded.spans] == [StatusCode.UNSET] * len(recorded.spans)


def test_uninstrument_restores_exactly() -> None:
    """The very objects that were there, and the same signatures meanwhile; kept bound methods pass through."""
    from web3 import EthereumTesterProvider, Web3  # noqa: PLC0415 - an optional library
    from web3.manager import RequestManager  # noqa: PLC0415 - as above

    before = dict(vars(RequestManager))
    Web3Instrumentor().instrument()
    patched = dict(vars(RequestManager))
    w3 = Web3(EthereumTesterProvider())
    w3.eth.get_block_number()  # web3.py keeps the bound method from here on
    Web3Instrumentor().uninstrument()
    changed = [name for name, value in before.items() if patched[name] is not value]

    assert "request_blocking" in changed
    assert [name for name in changed if inspect.signature(before[name]) != inspect.signature(patched[name])] == []
    assert [name for name, value in before.items() if vars(RequestManager)[name] is not value] == []
    assert w3.eth.get_block_number() == 0
