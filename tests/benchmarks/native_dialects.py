"""The same spans in sentry-sdk's two native tracing APIs, opened as its own WSGI integration opens them.

Importing this file imports sentry_sdk: only the peers that use it may.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import sentry_sdk
import sentry_sdk.traces

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager

    from sentry_sdk._types import Attributes

    from tests.benchmarks.loads.web_request import SpanShape, Value


class TransactionDialect:
    """sentry-sdk's transactions, opened as its WSGI integration opens them: one isolation scope per request."""

    @contextmanager
    def root(self, shape: SpanShape, variant: int) -> Iterator[Any]:
        with sentry_sdk.isolation_scope(), sentry_sdk.start_transaction(op=shape.op, name=shape.name) as transaction:
            for key, value in shape.attributes[variant].items():
                transaction.set_data(key, value)
            yield transaction

    def span(self, shape: SpanShape, variant: int) -> AbstractContextManager[Any]:
        span = sentry_sdk.start_span(op=shape.op, name=shape.name)
        for key, value in shape.attributes[variant].items():
            span.set_data(key, value)
        return span

    def annotate(self, span: Any, key: str, value: Value) -> None:
        span.set_data(key, value)

    def caught(self, error: BaseException) -> None:
        sentry_sdk.capture_exception(error)


class StreamingDialect:
    """sentry-sdk's streamed spans, opened as its WSGI integration opens them."""

    @contextmanager
    def root(self, shape: SpanShape, variant: int) -> Iterator[Any]:
        with sentry_sdk.isolation_scope():
            sentry_sdk.traces.continue_trace({})
            attributes: Attributes = {**shape.attributes[variant], "sentry.op": shape.op}
            with sentry_sdk.traces.start_span(shape.name, attributes, parent_span=None) as span:
                yield span

    def span(self, shape: SpanShape, variant: int) -> AbstractContextManager[Any]:
        return sentry_sdk.traces.start_span(shape.name, {**shape.attributes[variant], "sentry.op": shape.op})

    def annotate(self, span: Any, key: str, value: Value) -> None:
        span.set_attribute(key, value)

    def caught(self, error: BaseException) -> None:
        sentry_sdk.capture_exception(error)
