"""One JSON-RPC request from the start of its span to its end, whoever makes it.

Rule: the application gets the result or exception it would have got; what goes wrong here is a debug line.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial, wraps
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, TypeVar, cast
from urllib.parse import urlsplit

from opentelemetry import trace
from opentelemetry.context import Context, attach, create_key, detach, get_value, set_value
from opentelemetry.instrumentation.utils import is_instrumentation_enabled
from opentelemetry.trace import SpanKind, StatusCode

from otel_sentry.instrumentation import json_rpc
from otel_sentry.instrumentation.evm_values import member
from otel_sentry.instrumentation.json_rpc import RpcError
from otel_sentry.instrumentation.reverts import revert_of
from otel_sentry.instrumentation.rpc_outcome import ERROR_TYPE, EXPECTED, OUTCOME, error_attributes
from otel_sentry.masking.own_log import own_logger

if TYPE_CHECKING:
    from contextvars import Token

    from typing_extensions import Self

    from otel_sentry.instrumentation.chain_ids import ChainIds
    from otel_sentry.instrumentation.contract_functions import ContractFunctions

_logger = own_logger(__name__)

BATCH_NAME: Final = "JSON-RPC batch"
RETRY_EVENT: Final = "rpc.retry"
FAILOVER_EVENT: Final = "rpc.failover"
NOT_FOUND: Final = "not_found"
_CALL_KEY: Final = create_key("otel_sentry.rpc_call")
_LONGEST_MESSAGE: Final = 1000

Function = TypeVar("Function", bound=Callable[..., Any])


def call_in_progress() -> RpcCall | None:
    """The request that the running code works on; None outside of one."""
    return cast("RpcCall | None", get_value(_CALL_KEY))


def never_raises(function: Function) -> Function:
    """Make a function of ours that answers None where it would raise."""

    @wraps(function)
    def guarded(*args: Any, **keywords: Any) -> Any:
        try:
            return function(*args, **keywords)
        except Exception:
            _logger.debug("otel_sentry could not describe a JSON-RPC request", exc_info=True)
            return None

    return cast("Function", guarded)


class RpcCalls:
    """Begins requests.

    Args:
        tracer: makes the spans.
        functions: names contract functions.
        chain_ids: remembers which chain an endpoint is of.
        expected_reverts: reverts that are ordinary outcomes.
    """

    def __init__(
        self,
        tracer: trace.Tracer,
        functions: ContractFunctions,
        chain_ids: ChainIds,
        expected_reverts: Sequence[str] = (),
    ) -> None:
        self._tracer = tracer
        self.functions = functions
        self.chain_ids = chain_ids
        self.expected_reverts = tuple(expected_reverts)

    @never_raises
    def begin(self, method: Any, params: Any, endpoint: Any) -> RpcCall | None:
        """A request, to be made in a `with` block; None where nothing is to be traced.

        A span that the application has opened for the very request is completed instead of being doubled.

        Args:
            method: of the request, whatever it is.
            params: of the request.
            endpoint: URL of the node, or the object that knows it.
        """
        if not is_instrumentation_enabled():
            return None
        name = json_rpc.method_name(method)
        attributes = self._described(json_rpc.request_attributes(name, params), endpoint)
        function = self.functions.signature(attributes.get(json_rpc.SELECTOR))
        if function is not None:
            attributes["evm.contract.method"] = function
        mine = _span_of_the_application(name)
        if mine is not None:
            mine.set_attributes(attributes)
            return RpcCall(self, mine, name, attributes, endpoint, ends=False)
        title = f"{name} {function.partition('(')[0]}" if function else name
        return self._call(title, name, attributes, endpoint)

    @never_raises
    def begin_batch(self, methods: Sequence[Any], endpoint: Any) -> RpcCall | None:
        """The same for a batch.

        Args:
            methods: of its requests, as far as they are known.
            endpoint: as above.
        """
        if not is_instrumentation_enabled():
            return None
        names = [json_rpc.method_name(method) for method in methods]
        attributes = self._described(json_rpc.batch_attributes(names), endpoint)
        return self._call(BATCH_NAME, BATCH_NAME, attributes, endpoint)

    def _call(self, title: str, method: str, attributes: dict[str, Any], endpoint: Any) -> RpcCall:
        span = self._tracer.start_span(title, kind=SpanKind.CLIENT, attributes=attributes)
        return RpcCall(self, span, method, attributes, endpoint)

    def _described(self, attributes: dict[str, Any], endpoint: Any) -> dict[str, Any]:
        chain_id = attributes.get(json_rpc.CHAIN_ID)
        if chain_id is not None:
            self.chain_ids.learn(endpoint, chain_id)
        known = self.chain_ids.of(endpoint)
        chain = {} if known is None else {json_rpc.CHAIN_ID: known}
        return {**json_rpc.SYSTEM, **_server(endpoint), **chain, **attributes}


class RpcCall:
    """A request in progress; `with` makes its span current and ends it.

    Args:
        calls: where it comes from.
        span: of the request.
        method: of the request.
        attributes: what the request says.
        endpoint: of the node.
        ends: whether the span is ours to end.
    """

    def __init__(
        self,
        calls: RpcCalls,
        span: trace.Span,
        method: str,
        attributes: dict[str, Any],
        endpoint: Any,
        *,
        ends: bool = True,
    ) -> None:
        self.method = method
        self._calls = calls
        self._span = span
        self._called = attributes.get(json_rpc.SELECTOR)
        self._endpoint = endpoint
        self._ends = ends
        self._token: Token[Context] | None = None
        self._attempts = 0
        self._last_host: str | None = None
        self._last_error: str | None = None
        self._error: RpcError | None = None
        self._is_empty = False

    def __enter__(self) -> Self:
        self._token = attach(set_value(_CALL_KEY, self, trace.set_span_in_context(self._span)))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._conclude(error)
        if self._ends:
            self._span.end()
        if self._token is not None:
            detach(self._token)

    @property
    def is_batch(self) -> bool:
        """Whether it is many requests in one."""
        return self.method == BATCH_NAME

    @never_raises
    def attempt(self, endpoint: Any) -> None:
        """The request is sent; a second time is a retry, to another host a fail-over."""
        host = _server(endpoint).get("server.address")
        self._attempts += 1
        if self._attempts > 1:
            moved = host != self._last_host
            told = {
                "rpc.attempt": self._attempts,
                "server.address": host,
                "rpc.failover.from": self._last_host if moved else None,
                ERROR_TYPE: self._last_error,
            }
            known = {name: value for name, value in told.items() if value is not None}
            self._span.add_event(FAILOVER_EVENT if moved else RETRY_EVENT, known)
            if moved:
                self._span.set_attributes(_server(endpoint))
        self._last_host, self._last_error = host, None

    def attempt_failed(self, error: BaseException) -> None:
        """What `attempt` told of brought no answer."""
        self._last_error = type(error).__qualname__

    @never_raises
    def answered(self, response: Any) -> None:
        """The node has answered: with a result or an error."""
        self._error = json_rpc.error_in(response)
        request_id = member(response, "id")
        if request_id is not None:
            self._span.set_attribute(json_rpc.REQUEST_ID, str(request_id)[:128])
        result = member(response, "result")
        self._is_empty = self._error is None and result is None
        if self._error is None and self._span.is_recording():
            found = json_rpc.result_attributes(self.method, result)
            self._span.set_attributes(found)
            if self.method == "eth_chainId" and json_rpc.CHAIN_ID in found:
                self._calls.chain_ids.learn(self._endpoint, found[json_rpc.CHAIN_ID])

    @never_raises
    def batched(self, methods: Sequence[Any]) -> None:
        """The requests of the batch are known now."""
        self._span.set_attributes(json_rpc.batch_attributes([json_rpc.method_name(method) for method in methods]))

    @never_raises
    def batch_answered(self, responses: Any) -> None:
        """The node has answered a batch; the first error speaks for it."""
        errors = list(filter(None, map(json_rpc.error_in, responses if isinstance(responses, list) else [responses])))
        if errors:
            self._error = errors[0]
            self._span.set_attribute(json_rpc.BATCH_ERRORS, len(errors))

    @never_raises
    def _conclude(self, exception: BaseException | None) -> None:
        span, error = self._span, self._error
        if exception is not None and not isinstance(exception, Exception):
            span.set_attribute(ERROR_TYPE, type(exception).__qualname__)  # a cancellation is nobody's failure
            return
        if error is None and self._is_empty and exception is not None:
            span.set_attribute(OUTCOME, NOT_FOUND)  # answered, with nothing: whether that is wrong its caller knows
            return
        if error is None and exception is None:
            return
        error = error or json_rpc.error_in(getattr(exception, "rpc_response", None))
        found = self._failure(error or RpcError(None, str(exception), getattr(exception, "data", None)), exception)
        span.set_attributes(found)
        if not self._ends:
            return
        if exception is not None:
            span.record_exception(exception)
        if EXPECTED not in found:
            span.set_status(StatusCode.ERROR, (error.message if error else str(exception))[:_LONGEST_MESSAGE])

    def _failure(self, error: RpcError, exception: BaseException | None) -> dict[str, Any]:
        name_error = never_raises(partial(self._calls.functions.error_text, self._called))
        return error_attributes(
            self.method,
            error,
            exception=exception,
            called=self._called,
            expected_reverts=self._calls.expected_reverts,
            revert=revert_of(error.message, error.data, name_error),
        )


def _server(endpoint: Any) -> dict[str, Any]:
    """Host and port of a node, never its path: that may be a key."""
    url = endpoint if isinstance(endpoint, str) else getattr(endpoint, "endpoint_uri", None)
    if not isinstance(url, str):
        return {}
    parts = urlsplit(url)
    port = parts.port or {"https": 443, "wss": 443, "http": 80, "ws": 80}.get(parts.scheme)
    found = {"server.address": parts.hostname, "server.port": port}
    return {name: value for name, value in found.items() if value is not None}


def _span_of_the_application(method: str) -> trace.Span | None:
    """The current span if the application has opened it for this request; None if a span has to be made."""
    span = trace.get_current_span()
    attributes = getattr(span, "attributes", None) or {}
    is_rpc = "jsonrpc" in (attributes.get("rpc.system.name"), attributes.get("rpc.system"))
    fits = is_rpc and attributes.get(json_rpc.METHOD) == method and call_in_progress() is None
    return span if fits and span.is_recording() else None
