"""Typed attributes as spans v2, logs and trace metrics carry them. Source: develop docs "attributes"."""

from __future__ import annotations

from typing import Any, Final

Attribute = dict[str, Any]
"""`{"type": …, "value": …}`; `type` is one of the names below, `value` fits it."""

STRING: Final = "string"
BOOLEAN: Final = "boolean"
INTEGER: Final = "integer"
DOUBLE: Final = "double"
ARRAY: Final = "array"
"""Scalars of one kind, never nested; may be empty."""

MIN_INTEGER: Final = -(1 << 63)
MAX_INTEGER: Final = (1 << 63) - 1
"""Relay removes an `integer` attribute that does not fit 64 bits with sign."""
