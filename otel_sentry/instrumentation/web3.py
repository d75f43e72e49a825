"""`Web3Instrumentor` (`otel_sentry_web3`): web3.py, and JSON-RPC over httpx and requests without it.

Nothing is imported for it: a library is patched when the application imports it.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, Final

from opentelemetry import trace
from opentelemetry.instrumentation.instrumentor import BaseInstrumentor  # type: ignore[attr-defined]  # untyped file

from otel_sentry._version import __version__
from otel_sentry.instrumentation.chain_ids import ChainIds
from otel_sentry.instrumentation.contract_functions import ContractFunctions
from otel_sentry.instrumentation.json_rpc_http import JsonRpcOverHttp
from otel_sentry.instrumentation.patches import Patches
from otel_sentry.instrumentation.rpc_call import RpcCalls
from otel_sentry.instrumentation.web3_hooks import Web3Hooks

SCOPE: Final = "otel_sentry.instrumentation.web3"


class Web3Instrumentor(BaseInstrumentor):  # type: ignore[misc]  # see its import
    """One span for each JSON-RPC request; names and attributes are in the documentation, "JSON-RPC and web3".

    `instrument()` takes `tracer_provider` and `expected_reverts`: reasons, names or selectors of reverts that are
    ordinary outcomes, with `*` and `?` as in file names. BaseInstrumentor makes one instance of it.
    """

    def instrumentation_dependencies(self) -> Collection[str]:
        """Nothing: what is not there is not patched."""
        return ()

    def expect(self, reverts: Sequence[str]) -> None:
        """Name the reverts that are ordinary outcomes, before or after `instrument()`."""
        self._expected = tuple(reverts)
        calls: RpcCalls | None = getattr(self, "_calls", None)
        if calls is not None:
            calls.expected_reverts = self._expected

    def _instrument(self, **keywords: Any) -> None:
        tracer = trace.get_tracer(SCOPE, __version__, keywords.get("tracer_provider"))
        expected = keywords.get("expected_reverts", getattr(self, "_expected", ()))
        self._calls = RpcCalls(tracer, ContractFunctions(), ChainIds(), expected)
        self._patches = Patches()
        self._patches.apply([*Web3Hooks(self._calls).patches(), *JsonRpcOverHttp(self._calls).patches()])

    def _uninstrument(self, **_: Any) -> None:
        self._patches.undo()
