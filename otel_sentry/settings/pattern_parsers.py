"""Settings that name spans: patterns, rates by pattern, sentry-sdk's own rules. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from otel_sentry.settings.parsers import is_expression, pieces, rate

_PATTERN: Final = "name, /route, attribute=value, or /regular expression/"
_RATES: Final = "<name, /route, attribute=value or /regular expression/>=<rate from 0 to 1>, such as `GET /health*=0`"
_RULE: Final = "text, a compiled pattern, or a mapping with `name` or `attributes`"


def span_patterns(raw: Any) -> tuple[str, ...]:
    """A comma list of patterns; a comma inside brackets of an expression does not split."""
    entries = pieces(raw)
    for entry in entries:
        _check_expression(entry, _PATTERN)
    return entries


def sample_rules(raw: Any) -> tuple[str, ...]:
    """A comma list of `<pattern>=<rate>`."""
    entries = pieces(raw)
    for entry in entries:
        pattern, _, number = entry.rpartition("=")
        try:
            rate(number)
        except ValueError:
            pattern = ""
        if not pattern:
            raise ValueError(_RATES)
        _check_expression(pattern, _RATES)
    return entries


def ignore_rules(raw: Any) -> tuple[Any, ...]:
    """Rules of sentry-sdk's option `ignore_spans`."""
    if isinstance(raw, (str, bytes, Mapping)) or not isinstance(raw, Iterable):
        raise ValueError(f"a list; each entry is {_RULE}")
    rules = tuple(raw)
    for rule in rules:
        is_mapping = isinstance(rule, Mapping) and ("name" in rule or "attributes" in rule)
        if not is_mapping and not isinstance(rule, (str, re.Pattern)):
            raise ValueError(_RULE)
    return rules


def _check_expression(entry: str, allowed: str) -> None:
    if is_expression(entry):
        try:
            re.compile(entry[1:-1])
        except re.error as exc:
            raise ValueError(f"{allowed} ({entry}: {exc})") from None
