"""Spans that no sane application makes: huge texts, thousands of attributes, a thousand links, with no limits set."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from opentelemetry.trace import Link, SpanContext, TraceFlags

from tests.benchmarks.loads.application import Application, timed
from tests.benchmarks.loads.web_request import SpanShape

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.benchmarks.dialects import Dialect, OpenTelemetryDialect
    from tests.benchmarks.loads.web_request import Attributes

UNLIMITED: Final = {
    "OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT": "1000000",
    "OTEL_SPAN_LINK_COUNT_LIMIT": "1000000",
}
"""OpenTelemetry's own limits, which would hide what an exporter does with such a span, lifted."""


_VARIANTS: Final = 8
"""So many spans in a row have nothing in common, so that no text is remembered from the one before, at any size."""


def _shape(*attributes: Attributes) -> SpanShape:
    return SpanShape("hostile", "function", "internal", attributes, ())


def long_text(characters: int) -> Callable[[Dialect, int], Application]:
    """Return a load of spans with one long text: words, quotes, line breaks and characters beyond ASCII."""
    text = ('SELECT "naïve" FROM t -- ✓\n' * (characters // 26 + 1))[:characters]
    return _spans(_shape({"db.query.text": text}))


def many_attributes(count: int) -> Callable[[Dialect, int], Application]:
    """Return a load of spans with so many attributes."""
    return _spans(
        _shape(
            *(
                {f"hostile.{variant}.{number}": f"value {variant} {number}" for number in range(count)}
                for variant in range(_VARIANTS)
            )
        )
    )


def _spans(shape: SpanShape) -> Callable[[Dialect, int], Application]:
    def serve_one(dialect: Dialect, number: int) -> None:
        with dialect.root(shape, number % len(shape.attributes)):
            pass

    return lambda dialect, rounds: timed(Application(), rounds, lambda number: serve_one(dialect, number))


def many_links(count: int) -> Callable[[OpenTelemetryDialect, int], Application]:
    """Return a load of spans with so many links, each with an attribute."""
    links = [
        Link(SpanContext(number << 64 | 1, number, is_remote=True, trace_flags=TraceFlags(1)), {"position": number})
        for number in range(1, count + 1)
    ]

    def serve_one(dialect: OpenTelemetryDialect) -> None:
        with dialect.linked("hostile", links):
            pass

    return lambda dialect, rounds: timed(Application(), rounds, lambda _: serve_one(dialect))
