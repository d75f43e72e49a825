"""What a JSON-RPC request and its answer say, as span attributes. Pure.

RPC names are those of OpenTelemetry's semantic conventions ("Semantic conventions for JSON-RPC", as of 1.4x); no
convention exists for chains, so these names are ours: `evm.*`. Parameters are never taken over whole: they may be
signed transactions.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, NamedTuple

from otel_sentry.identity.wallet import bounded_text
from otel_sentry.instrumentation.evm_values import as_int, hex_text, member, number, selector, transaction_hash, wei

Attributes = dict[str, Any]

SYSTEM: Final = {"rpc.system.name": "jsonrpc", "jsonrpc.protocol.version": "2.0"}
METHOD: Final = "rpc.method"
STATUS_CODE: Final = "rpc.response.status_code"
REQUEST_ID: Final = "jsonrpc.request.id"
BATCH_SIZE: Final = "rpc.batch.size"
BATCH_METHODS: Final = "rpc.batch.methods"
BATCH_ERRORS: Final = "rpc.batch.errors"
CHAIN_ID: Final = "evm.chain.id"
SELECTOR: Final = "evm.contract.selector"
OTHER_METHOD: Final = "_OTHER"
"""What the conventions call a method that cannot be named."""

_RECEIPT_STATUS: Final[Mapping[int | None, str]] = {0: "reverted", 1: "success"}
_LONGEST_METHOD: Final = 64
_MOST_METHODS: Final = 16

TRANSACTION_AT: Final[Mapping[str, int]] = {
    "eth_call": 0,
    "eth_createAccessList": 0,
    "eth_estimateGas": 0,
    "eth_sendTransaction": 0,
    "eth_signTransaction": 0,
    "debug_traceCall": 0,
}
"""Method → which parameter is a transaction."""

BLOCK_AT: Final[Mapping[str, int]] = {
    "eth_call": 1,
    "eth_createAccessList": 1,
    "eth_estimateGas": 1,
    "eth_getBalance": 1,
    "eth_getBlockByHash": 0,
    "eth_getBlockByNumber": 0,
    "eth_getBlockReceipts": 0,
    "eth_getBlockTransactionCountByNumber": 0,
    "eth_getCode": 1,
    "eth_getStorageAt": 2,
    "eth_getTransactionCount": 1,
    "debug_traceBlockByNumber": 0,
    "debug_traceCall": 1,
}
"""Method → which parameter is a block: number, tag or hash."""

HASH_AT: Final[Mapping[str, int]] = {
    "eth_getTransactionByHash": 0,
    "eth_getTransactionReceipt": 0,
    "debug_traceTransaction": 0,
}
"""Method → which parameter is a transaction's hash."""


class RpcError(NamedTuple):
    """The `error` of an answer. Source: JSON-RPC 2.0, section 5.1.

    Attributes:
        code: of the protocol, the node or the wallet; None where the answer is no answer.
        message: bounded.
        data: as the node sent it.
    """

    code: int | str | None
    message: str
    data: Any


def method_name(method: Any) -> str:
    """The method of a request, bounded; `_OTHER` where it is no text."""
    name = bounded_text(method) if isinstance(method, str) else None
    return name[:_LONGEST_METHOD] if name else OTHER_METHOD


def request_attributes(method: str, params: Any) -> Attributes:
    """What a request says of block, transaction, contract, value and gas."""
    found: Attributes = {METHOD: method}
    transaction = _parameter(params, TRANSACTION_AT.get(method))
    if transaction is not None:
        found.update(_of_call(transaction))
    block = _parameter(params, BLOCK_AT.get(method))
    if block is not None:
        found.update(_of_block_reference(block))
    found["evm.transaction.hash"] = transaction_hash(_parameter(params, HASH_AT.get(method)))
    return _known(found)


def batch_attributes(methods: Sequence[str]) -> Attributes:
    """What a batch says: how many requests, and which methods, each once."""
    return {BATCH_SIZE: len(methods), BATCH_METHODS: tuple(dict.fromkeys(methods))[:_MOST_METHODS]}


def result_attributes(method: str, result: Any) -> Attributes:
    """What the result of a method says."""
    read = RESULTS.get(method)
    return _known(read(result)) if read is not None and result is not None else {}


def error_in(response: Any) -> RpcError | None:
    """The error of an answer; None if it has none."""
    error = member(response, "error")
    if error is None:
        return None
    if isinstance(error, str):
        return RpcError(None, error[:1000], None)
    code = member(error, "code")
    message = member(error, "message")
    return RpcError(
        code if isinstance(code, (int, str)) and not isinstance(code, bool) else None,
        message[:1000] if isinstance(message, str) else "",
        member(error, "data"),
    )


def _of_call(transaction: Any) -> Attributes:
    data = member(transaction, "data") or member(transaction, "input")
    to = hex_text(member(transaction, "to"))
    called = selector(data) if to else None  # without an addressee the data is a new contract's code
    return {
        # What is sent without data goes to a person, and is nobody's business here.
        "evm.contract.address": to if called else None,
        SELECTOR: called,
        "evm.value": wei(member(transaction, "value")),
        "evm.gas.limit": number(member(transaction, "gas")),
        CHAIN_ID: number(member(transaction, "chainId")),
    }


def _of_block_reference(block: Any) -> Attributes:
    if isinstance(block, Mapping):  # EIP-1898
        block = block.get("blockNumber") or block.get("blockHash")
    block_hash = transaction_hash(block)
    if block_hash is not None:
        return {"evm.block.hash": block_hash}
    height = number(block)
    return {"evm.block.number": height} if height is not None else {"evm.block.tag": bounded_text(block)}


def _of_receipt(receipt: Any) -> Attributes:
    return {
        "evm.transaction.hash": transaction_hash(member(receipt, "transactionHash")),
        "evm.transaction.status": _RECEIPT_STATUS.get(as_int(member(receipt, "status"))),
        "evm.block.number": number(member(receipt, "blockNumber")),
        "evm.gas.used": number(member(receipt, "gasUsed")),
        "evm.gas.price": wei(member(receipt, "effectiveGasPrice")),
    }


def _of_transaction(transaction: Any) -> Attributes:
    return {
        **_of_call(transaction),
        "evm.transaction.hash": transaction_hash(member(transaction, "hash")),
        "evm.block.number": number(member(transaction, "blockNumber")),
        "evm.gas.price": wei(member(transaction, "gasPrice")),
    }


def _of_block(block: Any) -> Attributes:
    return {
        "evm.block.number": number(member(block, "number")),
        "evm.block.hash": transaction_hash(member(block, "hash")),
        "evm.gas.used": number(member(block, "gasUsed")),
    }


def _as(name: str, convert: Callable[[Any], Any]) -> Callable[[Any], Attributes]:
    return lambda result: {name: convert(result)}


RESULTS: Final[Mapping[str, Callable[[Any], Attributes]]] = {
    "eth_blockNumber": _as("evm.block.number", number),
    "eth_chainId": _as(CHAIN_ID, number),
    "eth_estimateGas": _as("evm.gas.estimate", number),
    "eth_gasPrice": _as("evm.gas.price", wei),
    "eth_getBalance": _as("evm.balance", wei),
    "eth_getBlockByHash": _of_block,
    "eth_getBlockByNumber": _of_block,
    "eth_getTransactionByHash": _of_transaction,
    "eth_getTransactionReceipt": _of_receipt,
    "eth_maxPriorityFeePerGas": _as("evm.gas.price", wei),
    "eth_sendRawTransaction": _as("evm.transaction.hash", transaction_hash),
    "eth_sendTransaction": _as("evm.transaction.hash", transaction_hash),
}
"""Method → what is read from its result."""


def _parameter(params: Any, index: int | None) -> Any:
    if index is None or not isinstance(params, (list, tuple)) or len(params) <= index:
        return None
    return params[index]


def _known(found: Attributes) -> Attributes:
    return {name: value for name, value in found.items() if value is not None}
