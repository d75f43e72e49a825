"""Text that UTF-8 can carry. Pure; imports nothing, for the propagator needs it."""

from __future__ import annotations


def valid_text(value: str) -> str:
    """`value` with halves of surrogate pairs joined and lone ones replaced by U+FFFD."""
    if value.isascii():
        return value
    try:
        value.encode()
    except UnicodeEncodeError:
        return value.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return value
