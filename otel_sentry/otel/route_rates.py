"""Rates by route in configuration: which rate a trace has that begins here. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from otel_sentry.convert.span_patterns import SpanPattern, compile_pattern

RateOf = Callable[[str, Mapping[str, Any]], float | None]
"""Takes name and attributes of a local root at its start."""


def route_rates(entries: Iterable[str], rate: float | None) -> RateOf:
    """The rate of the first entry that names a local root, for `decide`.

    Args:
        entries: `<pattern>=<rate>`; patterns as `compile_pattern` reads them.
        rate: for all others; None means all.

    Raises:
        ValueError: says what is allowed.
    """
    table = [_entry(entry) for entry in entries]

    def rate_of(name: str, attributes: Mapping[str, Any]) -> float | None:
        return next((its_rate for pattern, its_rate in table if pattern(name, attributes)), rate)

    return rate_of


def _entry(entry: str) -> tuple[SpanPattern, float]:
    pattern, equals, text = entry.rpartition("=")
    try:
        rate = float(text)
    except ValueError:
        rate = -1.0
    if not equals or not pattern or not 0.0 <= rate <= 1.0:
        raise ValueError("<span name, route or attribute=value>=<rate from 0 to 1>, such as `GET /health*=0`")
    return compile_pattern(pattern), rate
