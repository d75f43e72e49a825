"""What happens around the methods of web3.py 7 that make requests. web3.py enters here, by its names only.

The request manager is where one call of the application is one call; HTTP sessions and providers tell of attempts.
"""

from __future__ import annotations

from collections.abc import Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final

from otel_sentry.instrumentation.patches import Patch, Step
from otel_sentry.instrumentation.rpc_call import call_in_progress, never_raises

if TYPE_CHECKING:
    from otel_sentry.instrumentation.rpc_call import RpcCall, RpcCalls

_MANAGER: Final = ("web3.manager", "RequestManager")
_HTTP_SESSIONS: Final = ("web3._utils.http_session_manager", "HTTPSessionManager")
_FUNCTION: Final = ("web3.contract.base_contract", "BaseContractFunction")

_PROVIDERS: Final = (
    ("web3.providers.rpc.rpc", "HTTPProvider"),
    ("web3.providers.rpc.async_rpc", "AsyncHTTPProvider"),
    ("web3.providers.ipc", "IPCProvider"),
    ("web3.providers.legacy_websocket", "LegacyWebSocketProvider"),
    ("web3.providers.persistent.persistent", "PersistentConnectionProvider"),
    ("web3.providers.eth_tester.main", "EthereumTesterProvider"),
    ("web3.providers.eth_tester.main", "AsyncEthereumTesterProvider"),
)


class Web3Hooks:
    """The methods, and what happens around them.

    Args:
        calls: begins requests.
    """

    def __init__(self, calls: RpcCalls) -> None:
        self._calls = calls

    def patches(self) -> list[Patch]:
        """Every method that is replaced, synchronous or not."""
        return [
            Patch(*_MANAGER, "request_blocking", self._request),
            Patch(*_MANAGER, "coro_request", self._request),
            Patch(*_MANAGER, "socket_request", self._request),
            Patch(*_MANAGER, "_make_batch_request", self._batch),
            Patch(*_MANAGER, "_async_make_batch_request", self._batch),
            Patch(*_MANAGER, "_async_make_socket_batch_request", self._batch),
            Patch(*_MANAGER, "_async_send_batch", _batch_is_sent),
            Patch(*_MANAGER, "_async_recv_batch", _batch_is_received),
            Patch(*_MANAGER, "formatted_response", _response),
            Patch(*_HTTP_SESSIONS, "make_post_request", _post),
            Patch(*_HTTP_SESSIONS, "async_make_post_request", _post),
            Patch(*_FUNCTION, "_set_function_info", self._function),
            *(Patch(*provider, "make_request", self._provider_request) for provider in _PROVIDERS),
            *(Patch(*provider, "make_batch_request", _provider_batch) for provider in _PROVIDERS),
        ]

    def _request(self, manager: Any, method: Any, params: Any = None, *_: Any, **__: Any) -> Step | None:
        return _step(self._calls.begin(method, params, manager.provider))

    def _batch(self, manager: Any, requests: Sequence[Any], *_: Any, **__: Any) -> Step | None:
        """Of asynchronous batches the methods are not known yet: their requests are coroutines."""
        methods = [one[0][0] if isinstance(one, tuple) else None for one in requests]
        return _step(self._calls.begin_batch(methods, manager.provider))

    def _provider_request(self, provider: Any, method: Any, params: Any = None, *_: Any, **__: Any) -> Step | None:
        """A request that passes no manager is one of its own; any other is an attempt at the one in progress."""
        running = call_in_progress()
        if running is None:
            call = self._calls.begin(method, params, provider)
            return None if call is None else Step(call, call.answered)
        is_attempt = running.method == method and not hasattr(provider, "_request_session_manager")
        return Step(_Attempt(running, provider)) if is_attempt else None

    def _function(self, function: Any, *_: Any, **__: Any) -> Step:
        def learn(_: Any) -> None:
            self._calls.functions.learn(function.selector, function.signature, function.contract_abi or ())

        return Step(returned=never_raises(learn))


class _Attempt:
    """One sending of the request in progress."""

    __slots__ = ("_call", "_endpoint")

    def __init__(self, call: RpcCall, endpoint: Any) -> None:
        self._call = call
        self._endpoint = endpoint

    def __enter__(self) -> None:
        self._call.attempt(self._endpoint)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if error is not None:
            self._call.attempt_failed(error)


def _step(call: RpcCall | None) -> Step | None:
    return None if call is None else Step(call)


def _post(_: Any, endpoint_uri: Any, *__: Any, **___: Any) -> Step | None:
    running = call_in_progress()
    return None if running is None else Step(_Attempt(running, endpoint_uri))


def _response(_: Any, response: Any, *__: Any, **___: Any) -> None:
    """Look at an answer before it becomes a result or an exception; a batch's items are looked at together."""
    running = call_in_progress()
    if running is not None and not running.is_batch:
        running.answered(response)


def _provider_batch(_: Any, requests: Sequence[Any], *__: Any, **___: Any) -> Step | None:
    running = call_in_progress()
    if running is None:
        return None
    running.batched([one[0] for one in requests])
    return Step(returned=running.batch_answered)


def _batch_is_sent(_: Any, requests: Sequence[Any], *__: Any, **___: Any) -> None:
    running = call_in_progress()
    if running is not None:
        running.batched([one[0] for one in requests])


def _batch_is_received(*_: Any, **__: Any) -> Step | None:
    running = call_in_progress()
    return None if running is None else Step(returned=running.batch_answered)
