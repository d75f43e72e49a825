"""Any Python value → a typed wire attribute. Rule: never raises, loses nothing silently, always yields valid JSON."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Any, Final, cast

from otel_sentry.protocol.attributes import (
    ARRAY,
    BOOLEAN,
    DOUBLE,
    INTEGER,
    MAX_INTEGER,
    MIN_INTEGER,
    STRING,
    Attribute,
)
from otel_sentry.protocol.json_text import dumps
from otel_sentry.protocol.valid_text import valid_text

MAX_JSON_DEPTH: Final = 16
"""Nesting kept in JSON text; what lies deeper (or refers to itself) is shown as Python shows it."""

_NOT_SCALAR: Final = object()


def attribute(value: Any) -> Attribute | None:
    """Type one value.

    Returns:
        None for None, which Sentry does not carry. Integers beyond 64 bits and floats that are not finite become
        strings; bytes become text; sequences of one kind of scalar an array; all else JSON text or plain text.
    """
    if value is None:
        return None
    if type(value) is str:
        return {"type": STRING, "value": valid_text(value)}
    scalar = _scalar(value)
    if scalar is not _NOT_SCALAR:
        return _typed_scalar(scalar)
    if isinstance(value, AbstractSet):
        value = sorted(value, key=text)
    if isinstance(value, Sequence):
        return _typed_sequence(value)
    if isinstance(value, Mapping):
        return {"type": STRING, "value": json_text(value)}
    return {"type": STRING, "value": text(value)}


def attributes(values: Mapping[str, Any] | None) -> dict[str, Attribute]:
    """Type all values of a mapping; empty names and None values are left out."""
    typed = {}
    for name, value in (values or {}).items():
        found = attribute(value) if name else None
        if found is not None:
            typed[valid_text(text(name))] = found
    return typed


def plain(value: Any) -> Any:
    """A value as transactions and contexts carry it: as `attribute` makes it, without the type; None stays None."""
    typed = attribute(value)
    return None if typed is None else typed["value"]


def plain_values(values: Mapping[str, Any] | None) -> dict[str, Any]:
    """The same for a mapping."""
    return {name: typed["value"] for name, typed in attributes(values).items()}


def text(value: Any) -> str:
    """The text of anything, valid UTF-8; says so where an object refuses to be shown."""
    try:
        return valid_text(value if type(value) is str else str(value))
    except Exception:  # noqa: BLE001  a foreign __str__ may raise anything
        return hex(value) if isinstance(value, int) else f"<{type(value).__name__} that cannot be shown>"


def json_text(value: Any) -> str:
    """JSON text of nested values; inside it the same rules hold as for attributes."""
    return dumps(_json_value(value, MAX_JSON_DEPTH)).decode()


def _scalar(value: Any) -> Any:
    """`value` as exactly a str, bool, int or float, else `_NOT_SCALAR`; members of subclasses lose their class."""
    if isinstance(value, bool):
        return value
    if isinstance(value, str):
        return valid_text(str.__str__(value))
    if isinstance(value, int):
        return int.__int__(value)
    if isinstance(value, float):
        return float.__float__(value)
    if isinstance(value, (bytes, bytearray, memoryview)):
        return bytes(value).decode(errors="replace")
    return _NOT_SCALAR


def _typed_scalar(value: Any) -> Attribute:
    if isinstance(value, bool):
        return {"type": BOOLEAN, "value": value}
    if isinstance(value, int):
        return {"type": INTEGER, "value": value} if _fits(value) else {"type": STRING, "value": text(value)}
    if isinstance(value, float):
        return {"type": DOUBLE, "value": value} if math.isfinite(value) else {"type": STRING, "value": str(value)}
    return {"type": STRING, "value": value}


def _typed_sequence(values: Sequence[Any]) -> Attribute:
    scalars = [_scalar(value) for value in values]
    kinds = {type(scalar) for scalar in scalars}
    if len(kinds) <= 1 and kinds <= {str, bool}:
        return {"type": ARRAY, "value": scalars}
    if kinds <= {int, float}:
        return {"type": ARRAY, "value": _numbers(scalars, kinds)}
    return {"type": STRING, "value": json_text(values)}


def _numbers(values: list[int | float], kinds: set[type]) -> list[int] | list[float] | list[str]:
    """Numbers as one kind: integers, doubles, or strings where neither holds every value exactly."""
    if kinds == {int} and all(_fits(cast("int", value)) for value in values):
        return cast("list[int]", values)
    if float in kinds and all(_is_exact_double(value) for value in values):
        return [float(value) for value in values]
    return [text(value) for value in values]


def _is_exact_double(value: float) -> bool:
    try:
        return math.isfinite(value) and float(value) == value
    except OverflowError:
        return False


def _fits(value: int) -> bool:
    return MIN_INTEGER <= value <= MAX_INTEGER


def _json_value(value: Any, depth: int) -> Any:
    scalar = _scalar(value)
    if scalar is not _NOT_SCALAR:
        return _typed_scalar(scalar)["value"]
    if value is None:
        return None
    if isinstance(value, Mapping) and depth:
        return {text(key): _json_value(item, depth - 1) for key, item in value.items()}
    if isinstance(value, (Sequence, AbstractSet)) and depth:
        return [_json_value(item, depth - 1) for item in _ordered(value)]
    return text(value)


def _ordered(values: Iterable[Any]) -> Iterable[Any]:
    return sorted(values, key=text) if isinstance(values, AbstractSet) else values
