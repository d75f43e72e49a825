"""Whether our span processor is on a tracer provider. Reads the SDK's private list, because there is no public one."""

from __future__ import annotations

from collections.abc import Iterator

from opentelemetry.sdk.trace import SpanProcessor

from otel_sentry.otel.span_processor import SentrySpanProcessor


def span_processors(provider: object) -> Iterator[SpanProcessor]:
    """The span processors of a provider, also those in other processors' lists; none of a foreign provider."""
    yield from _flattened(getattr(provider, "_active_span_processor", None))


def has_sentry_span_processor(provider: object) -> bool:
    """Whether spans of this provider reach Sentry through `SentrySpanProcessor`."""
    return any(isinstance(processor, SentrySpanProcessor) for processor in span_processors(provider))


def _flattened(processor: object) -> Iterator[SpanProcessor]:
    inner = getattr(processor, "_span_processors", None)
    if inner is None:
        if isinstance(processor, SpanProcessor):
            yield processor
        return
    for each in inner:
        yield from _flattened(each)
