"""What a workload asks of a tracing API, and OpenTelemetry's answer; sentry-sdk's are in `native_dialects`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Protocol

from opentelemetry.trace import SpanKind, Tracer

if TYPE_CHECKING:
    from collections.abc import Sequence
    from contextlib import AbstractContextManager

    from opentelemetry.trace import Link

    from tests.benchmarks.loads.web_request import SpanShape, Value

SPAN_KINDS: Final = {"server": SpanKind.SERVER, "client": SpanKind.CLIENT, "internal": SpanKind.INTERNAL}


class Dialect(Protocol):
    """One tracing API. Called on the application's threads; may raise only what the application raised."""

    def root(self, shape: SpanShape, variant: int) -> AbstractContextManager[Any]:
        """Open a local root as the API's own web integration would."""
        ...

    def span(self, shape: SpanShape, variant: int) -> AbstractContextManager[Any]:
        """Open a child of the current span."""
        ...

    def annotate(self, span: Any, key: str, value: Value) -> None:
        """Add an attribute to a span that is open."""
        ...

    def caught(self, error: BaseException) -> None:
        """Do what the API's web integration does with an exception that reaches the framework, inside the root."""
        ...


class OpenTelemetryDialect:
    """Plain OpenTelemetry; its context managers record exceptions by themselves."""

    def __init__(self, tracer: Tracer) -> None:
        self._tracer = tracer

    def root(self, shape: SpanShape, variant: int) -> AbstractContextManager[Any]:
        return self.span(shape, variant)

    def span(self, shape: SpanShape, variant: int) -> AbstractContextManager[Any]:
        return self._tracer.start_as_current_span(
            shape.name, kind=SPAN_KINDS[shape.kind], attributes=shape.attributes[variant]
        )

    def linked(self, name: str, links: Sequence[Link]) -> AbstractContextManager[Any]:
        """Open a span with links, which sentry-sdk's own APIs cannot."""
        return self._tracer.start_as_current_span(name, links=links)

    def annotate(self, span: Any, key: str, value: Value) -> None:
        span.set_attribute(key, value)

    def caught(self, error: BaseException) -> None:
        pass
