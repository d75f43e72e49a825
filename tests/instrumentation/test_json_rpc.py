"""What requests and answers say, method by method."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from otel_sentry.instrumentation.json_rpc import (
    BLOCK_AT,
    RESULTS,
    TRANSACTION_AT,
    RpcError,
    batch_attributes,
    error_in,
    method_name,
    request_attributes,
    result_attributes,
)

HASH = "0x" + "ab" * 32
CONTRACT = "0x" + "Cd" * 20
ANY = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=20), st.binary(max_size=8)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=8), inner, max_size=3)),
    max_leaves=8,
)


@pytest.mark.parametrize(
    ("method", "params", "expected"),
    [
        pytest.param(
            "eth_call",
            [{"to": CONTRACT, "data": "0x1249c58b00"}, "latest"],
            {
                "evm.contract.address": CONTRACT.lower(),
                "evm.contract.selector": "0x1249c58b",
                "evm.block.tag": "latest",
            },
            id="call",
        ),
        pytest.param(
            "eth_sendTransaction",
            [{"to": CONTRACT, "value": "0x1", "gas": 21_000, "chainId": 1}],
            {"evm.value": "1 wei", "evm.gas.limit": 21_000, "evm.chain.id": 1},
            id="a payment does not name its receiver",
        ),
        pytest.param("eth_sendTransaction", [{"data": "0x60806040"}], {}, id="a new contract has no selector"),
        pytest.param("eth_sendRawTransaction", ["0x02f8"], {}, id="nothing of a signed transaction"),
        pytest.param("eth_getBlockByNumber", ["0x10", False], {"evm.block.number": 16}, id="block by number"),
        pytest.param("eth_getBlockByHash", [HASH], {"evm.block.hash": HASH}, id="block by hash"),
        pytest.param("eth_getBalance", [CONTRACT, {"blockNumber": "0x1"}], {"evm.block.number": 1}, id="EIP-1898"),
        pytest.param("eth_getTransactionReceipt", [HASH], {"evm.transaction.hash": HASH}, id="receipt"),
        pytest.param("eth_call", [], {}, id="no parameters"),
        pytest.param("eth_call", {"to": 1}, {}, id="parameters by name"),
        pytest.param("eth_call", "nonsense", {}, id="no parameters at all"),
    ],
)
def test_request(method: str, params: Any, expected: dict[str, Any]) -> None:
    """Block, transaction, contract, value and gas, by method."""
    assert request_attributes(method, params) == {"rpc.method": method, **expected}


def test_block_of_a_transaction_result() -> None:
    """By the method's result."""
    found = result_attributes(
        "eth_getTransactionByHash",
        {"hash": HASH, "blockNumber": "0x2", "gasPrice": "0x3", "to": CONTRACT, "input": "0x1249c58b"},
    )

    assert found == {
        "evm.contract.address": CONTRACT.lower(),
        "evm.contract.selector": "0x1249c58b",
        "evm.transaction.hash": HASH,
        "evm.block.number": 2,
        "evm.gas.price": "3 wei",
    }


def test_receipt_of_a_reverted_transaction() -> None:
    """Mined, and in vain."""
    found = result_attributes("eth_getTransactionReceipt", {"status": "0x0", "gasUsed": "0x5208"})

    assert found == {"evm.transaction.status": "reverted", "evm.gas.used": 21_000}


@pytest.mark.parametrize(
    ("response", "expected"),
    [
        pytest.param({"result": 1}, None, id="none"),
        pytest.param({"error": None}, None, id="null"),
        pytest.param({"error": "no"}, RpcError(None, "no", None), id="a text"),
        pytest.param({"error": {"code": 1, "message": "m", "data": 2}}, RpcError(1, "m", 2), id="as specified"),
        pytest.param({"error": {"code": True, "message": 5}}, RpcError(None, "", None), id="odd"),
        pytest.param({"error": {"message": "x" * 5000}}, RpcError(None, "x" * 1000, None), id="long"),
        pytest.param(None, None, id="no answer"),
    ],
)
def test_error(response: Any, expected: RpcError | None) -> None:
    """Section 5.1, and what nodes make of it."""
    assert error_in(response) == expected


def test_methods_have_bounded_names() -> None:
    """What is no text is `_OTHER`."""
    assert [method_name(method) for method in ("eth_call", "x" * 999, "", 7, print)] == [
        "eth_call",
        "x" * 64,
        "_OTHER",
        "_OTHER",
        "_OTHER",
    ]


def test_batch() -> None:
    """Each method once, and not all of them."""
    found = batch_attributes([f"m{number % 20}" for number in range(100)])

    assert (found["rpc.batch.size"], len(found["rpc.batch.methods"])) == (100, 16)


@settings(max_examples=50)
@given(method=st.sampled_from(sorted({*RESULTS, *TRANSACTION_AT, *BLOCK_AT})), params=ANY, result=ANY)
def test_never_raises(method: str, params: Any, result: Any) -> None:
    """Whatever an application sends and a node answers; and every value is one that all backends take."""
    found = {**request_attributes(method, params), **request_attributes(method, [params, result])}
    found.update(result_attributes(method, result))

    assert [value for value in found.values() if not isinstance(value, (str, int))] == []
    assert all(value.bit_length() < 64 for value in found.values() if isinstance(value, int))
