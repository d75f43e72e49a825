"""What a span says of the exception that leaves it: that it is expected, or how its issue is grouped. Pure.

The names are neutral, for every backend sees them; applications may set them as instrumentations do.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

EXPECTED_ATTRIBUTE: Final = "exception.expected"
"""True: the exception that leaves this span is an ordinary outcome, and no issue."""
FINGERPRINT_ATTRIBUTE: Final = "exception.fingerprint"
"""Texts; issues whose texts agree are one group. Source: event payload "fingerprint" of Sentry's developer docs."""

_MOST_PARTS: Final = 16
_LONGEST_PART: Final = 256


def is_expected(attributes: Mapping[str, Any]) -> bool:
    """Whether the exception that leaves the span makes no issue."""
    return attributes.get(EXPECTED_ATTRIBUTE) is True


def fingerprint_of(attributes: Mapping[str, Any] | None) -> list[str]:
    """How the issue is grouped; empty: as Sentry does it by itself. Bounded, whatever the attribute holds."""
    said = (attributes or {}).get(FINGERPRINT_ATTRIBUTE)
    parts = (said,) if isinstance(said, str) else said
    if not isinstance(parts, (list, tuple)):
        return []
    return [str(part)[:_LONGEST_PART] for part in parts[:_MOST_PARTS]]
