"""`telemetry.start_span()`: a span around a block or a function of any kind, over the plain tracer."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, Final, TypeVar

from opentelemetry import trace

from otel_sentry.identity.decoration import decorated

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from types import TracebackType

Function = TypeVar("Function", bound="Callable[..., Any]")

TRACER_NAME: Final = "otel_sentry"


class SpanBlock:
    """A context manager and decorator; each use starts a span of its own.

    Args:
        name: of the span.
        attributes: of the span; None values are left out.
        provider: makes the tracer; the global one if None.
    """

    __slots__ = ("_attributes", "_entered", "_name", "_provider")

    def __init__(self, name: str, attributes: Mapping[str, Any], provider: trace.TracerProvider | None = None) -> None:
        self._name = name
        self._provider = provider
        self._attributes = {key: value for key, value in attributes.items() if value is not None}
        self._entered: list[AbstractContextManager[trace.Span]] = []

    def __enter__(self) -> trace.Span:
        entered = self._new()
        span = entered.__enter__()
        self._entered.append(entered)
        return span

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> bool:
        return bool(self._entered.pop().__exit__(kind, error, traceback))

    def __call__(self, function: Function) -> Function:
        """Decorate a function, coroutine function, generator or asynchronous generator."""
        return decorated(function, self._new)

    def _new(self) -> AbstractContextManager[trace.Span]:
        tracer = trace.get_tracer(TRACER_NAME, tracer_provider=self._provider)
        return tracer.start_as_current_span(self._name, attributes=self._attributes)
