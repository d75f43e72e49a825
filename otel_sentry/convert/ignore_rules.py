"""sentry-sdk's own rules for spans to be left out (its option `ignore_spans`). Pure.

Source: `is_ignored_span` of sentry-sdk 2.75: text is the whole name, a pattern must match the whole text, a mapping
names `name`, `attributes` or both, and all of it must hold.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from opentelemetry.trace import SpanKind

from otel_sentry.convert.ignore import Ignore, compile_ignore


def compile_all_ignored(entries: Sequence[str], rules: Sequence[Any]) -> Ignore | None:
    """Our patterns and sentry-sdk's rules as one question; None if nothing is ever ignored.

    Args:
        entries: as `compile_ignore` reads them.
        rules: of sentry-sdk.

    Raises:
        ValueError: see `compile_ignore`.
    """
    ours = compile_ignore(entries)
    if not rules:
        return ours

    def ignore(name: str, kind: SpanKind, attributes: Mapping[str, Any]) -> bool:
        return any(_names(rule, name, attributes) for rule in rules) or (
            ours is not None and ours(name, kind, attributes)
        )

    return ignore


def _names(rule: Any, name: str, attributes: Mapping[str, Any]) -> bool:
    if not isinstance(rule, Mapping):
        return _is_like(rule, name)
    wanted = rule.get("attributes") or {}
    return ("name" not in rule or _is_like(rule["name"], name)) and all(
        key in attributes and _is_like(value, attributes[key]) for key, value in wanted.items()
    )


def _is_like(wanted: Any, value: Any) -> bool:
    if isinstance(wanted, re.Pattern):
        return isinstance(value, str) and wanted.fullmatch(value) is not None
    return bool(wanted == value)
