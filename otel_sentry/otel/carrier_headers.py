"""Reads headers out of carriers as they are in the wild: text, bytes, lists of either, any getter. Never raises."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any


def header_text(getter: Any, carrier: Any, name: str) -> str:
    """A header's value; several values joined by commas; empty when there is none or it cannot be read.

    Args:
        getter: an OpenTelemetry `Getter`, also a careless one that returns a plain value or raises.
        carrier: what the getter reads.
        name: of the header, lower-case.
    """
    try:
        found = getter.get(carrier, name)
        if type(found) is list and len(found) == 1 and type(found[0]) is str:
            return found[0]
        return ",".join(text for text in map(_text, _values(found)) if text)
    except Exception:  # noqa: BLE001  # getters and carriers are foreign code; a header is never worth an exception
        return ""


def present_header(carrier: Any, name: str) -> str:
    """A header that a request or message already has, in any case; empty where the carrier does not tell.

    Where that is a plain dictionary, other spellings of the name go, and where it is a plain list of pairs (Kafka), all
    of them: written beside ours they would be a second header.
    """
    try:
        if type(carrier) is list:
            return ",".join(text for text in map(_text, _taken_from(carrier, name)) if text)
        if not isinstance(carrier, Mapping):
            return ""
        found = list(_values(carrier.get(name)))
        if type(carrier) is dict:
            for key in [key for key in carrier if key != name and isinstance(key, str) and key.lower() == name]:
                found.extend(_values(carrier.pop(key)))
        return ",".join(text for text in map(_text, found) if text)
    except Exception:  # noqa: BLE001  # the same
        return ""


def _taken_from(pairs: list[Any], name: str) -> list[Any]:
    """Values of the pairs of that name, which are removed."""
    named = [pair for pair in pairs if isinstance(pair, tuple) and len(pair) == 2 and _text(pair[0]).lower() == name]
    for pair in named:
        pairs.remove(pair)
    return [value for _, value in named]


def _values(found: Any) -> Iterable[Any]:
    if found is None:
        return ()
    if isinstance(found, (str, bytes, bytearray)) or not isinstance(found, Iterable):
        return (found,)
    values = list(found)
    # OpenTelemetry's default getter takes a bytes value for a list of numbers.
    return (bytes(values),) if values and all(isinstance(value, int) for value in values) else values


def _text(value: Any) -> str:
    if isinstance(value, (bytes, bytearray)):
        return value.decode("utf-8", "replace")
    return value if isinstance(value, str) else ""
