"""The `sentry-trace` header: `<32 hex>-<16 hex>[-0|-1]`. Pure. Source: protocol page 6.1.

Rule: what is not exactly that is no header at all; nothing raises, whatever comes in.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

HEADER: Final = "sentry-trace"

_FORMAT: Final = re.compile(r"([0-9a-f]{32})-([0-9a-f]{16})(?:-([01])?)?")
_LONGEST: Final = 64
"""No header that can be read is longer; what is cut off here is refused below."""
_MOST_VALUES: Final = 16
"""Comma-joined values looked at."""


class SentryTrace(NamedTuple):
    """A header that can be continued.

    Attributes:
        trace_id: 128-bit id, never 0.
        span_id: 64-bit id of the caller's span, never 0.
        sampled: the caller's decision; None when it is deferred.
    """

    trace_id: int
    span_id: int
    sampled: bool | None


def parse_sentry_trace(text: str | None) -> SentryTrace | None:
    """Read a header; of comma-joined ones the first that is not blank, as sentry-python does.

    Returns:
        None for a header that is missing, malformed, or has an id of zeros.
    """
    value = _first_value(text) if text else ""
    if value.startswith("00-") and value.endswith("-00"):
        value = value[3:-3]
    found = _FORMAT.fullmatch(value)
    if found is None:
        return None
    trace_id, span_id, flag = int(found[1], 16), int(found[2], 16), found[3]
    if not trace_id or not span_id:
        return None
    return SentryTrace(trace_id, span_id, None if flag is None else flag == "1")


def format_sentry_trace(trace_id: int, span_id: int, sampled: bool | None) -> str:  # noqa: FBT001  # it is the third part
    """Write a header; without third part when the decision is deferred."""
    flag = "" if sampled is None else ("-1" if sampled else "-0")
    return f"{trace_id:032x}-{span_id:016x}{flag}"


def _first_value(text: str) -> str:
    for value in text[: _MOST_VALUES * _LONGEST].split(",", _MOST_VALUES):
        stripped = value.strip(" \t")
        if stripped:
            return stripped
    return ""
