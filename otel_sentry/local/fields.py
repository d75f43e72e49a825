"""What a single JSON value must be, as small named predicates, and the walk that applies them to an object. Pure.

Rule: a predicate returns None when the value is right, else the rest of a sentence that starts with the value's path.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping

    Predicate = Callable[[Any], "str | None"]

_SHOWN = 60
_HEX32 = re.compile(r"[0-9a-f]{32}\Z")
_HEX16 = re.compile(r"[0-9a-f]{16}\Z")
_UUID = re.compile(r"[0-9a-fA-F]{8}-?(?:[0-9a-fA-F]{4}-?){3}[0-9a-fA-F]{12}\Z")
_RFC3339 = re.compile(r"(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d:\d\d)(\.\d+)?(Z|z|[+-]\d\d:\d\d)?\Z", re.ASCII)
_NUMERIC: Final = (int, float)


class Consequence(Enum):
    """What Sentry does about a problem."""

    TOO_LARGE = "too_large"
    """Refuses the envelope with 413."""
    REFUSED = "refused"
    """Drops the item, for most problems without telling the sender; the embedded receiver answers 400."""
    TRIMMED = "trimmed"
    """Keeps the item without this part of it, or cannot use it as meant; the embedded receiver answers 200."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong with an envelope.

    Attributes:
        item_index: which item of the envelope, from 0; None when it concerns the header.
        path: where in it, such as `span[3].attributes.tx.value`.
        reason: what is wrong, in words.
        consequence: what Sentry does about it.
    """

    item_index: int | None
    path: str
    reason: str
    consequence: Consequence = Consequence.REFUSED

    def __str__(self) -> str:
        return f"{self.path} {self.reason}"


@dataclass(frozen=True, slots=True)
class Field:
    """One key of an object that Sentry knows."""

    name: str
    check: Predicate
    required: bool = False
    consequence: Consequence = Consequence.REFUSED


Finding = tuple[str, str, Consequence]
"""Path, reason, consequence: a problem that does not know yet in which item it is."""


def object_findings(value: Any, shape: Collection[Field], path: str) -> Iterator[Finding]:
    """Check the fields of an object against their table; unknown keys are fine."""
    if not isinstance(value, dict):
        yield path, f"must be an object, not {shown(value)}", Consequence.REFUSED
        return
    for field in shape:
        found = value.get(field.name)
        if found is None:
            if field.required:
                yield f"{path}.{field.name}", "is missing", field.consequence
        elif (reason := field.check(found)) is not None:
            yield f"{path}.{field.name}", reason, field.consequence


def shown(value: Any) -> str:
    """A value as it may stand in a message: short, on one line, without control characters."""
    text = (
        ascii(value) if not isinstance(value, (dict, list)) else ("an object" if isinstance(value, dict) else "a list")
    )
    return text if len(text) <= _SHOWN else text[:_SHOWN] + "…"


def trace_id(value: Any) -> str | None:
    """32 lower-case hex digits, not all zero."""
    if isinstance(value, str) and _HEX32.match(value) and value.strip("0"):
        return None
    return f"must be 32 lower-case hex digits, not all zero, not {shown(value)}"


def span_id(value: Any) -> str | None:
    """16 lower-case hex digits, not all zero."""
    if isinstance(value, str) and _HEX16.match(value) and value.strip("0"):
        return None
    return f"must be 16 lower-case hex digits, not all zero, not {shown(value)}"


def uuid(value: Any) -> str | None:
    """A UUID with or without dashes."""
    return None if isinstance(value, str) and _UUID.match(value) else f"must be a UUID, not {shown(value)}"


def text(value: Any) -> str | None:
    """Any string, the empty one included."""
    return None if isinstance(value, str) else f"must be a string, not {shown(value)}"


def filled_text(value: Any) -> str | None:
    """A string that says something."""
    return None if isinstance(value, str) and value else f"must be a string that is not empty, not {shown(value)}"


def boolean(value: Any) -> str | None:
    """True or false."""
    return None if isinstance(value, bool) else f"must be true or false, not {shown(value)}"


def number(value: Any) -> str | None:
    """A finite number."""
    fine = isinstance(value, _NUMERIC) and not isinstance(value, bool) and math.isfinite(value)
    return None if fine else f"must be a number, not {shown(value)}"


def count(value: Any) -> str | None:
    """An integer from 0."""
    fine = isinstance(value, int) and not isinstance(value, bool) and value >= 0
    return None if fine else f"must be a whole number from 0, not {shown(value)}"


def mapping(value: Any) -> str | None:
    """A JSON object."""
    return None if isinstance(value, dict) else f"must be an object, not {shown(value)}"


def sequence(value: Any) -> str | None:
    """A JSON array."""
    return None if isinstance(value, list) else f"must be a list, not {shown(value)}"


def text_or_number(value: Any) -> str | None:
    """What Sentry turns into a string by itself."""
    fine = isinstance(value, (str, *_NUMERIC))
    return None if fine else f"must be a string or number, not {shown(value)}"


def timestamp(value: Any) -> str | None:
    """Epoch seconds or RFC 3339."""
    if epoch_seconds(value) is None:
        return f"must be seconds since 1970 or an RFC 3339 time, not {shown(value)}"
    return None


def epoch_seconds(value: Any) -> float | None:
    """A wire timestamp as seconds since 1970; None when it is none."""
    if isinstance(value, str):
        return _rfc3339_seconds(value)
    return float(value) if number(value) is None and value >= 0 else None


def _rfc3339_seconds(value: str) -> float | None:
    """Any number of fraction digits, no zone means UTC; Python 3.10's own parser takes neither of these."""
    found = _RFC3339.match(value)
    if not found:
        return None
    date, clock, fraction, zone = found.groups()
    offset = "+00:00" if zone in (None, "Z", "z") else zone
    try:
        return datetime.fromisoformat(f"{date}T{clock}{offset}").timestamp() + float(fraction or 0)
    except (ValueError, OverflowError):
        return None


def one_of(allowed: Collection[str]) -> Predicate:
    """One of a few strings."""

    def check(value: Any) -> str | None:
        fine = isinstance(value, str) and value in allowed
        return None if fine else f"must be one of {', '.join(sorted(allowed))}, not {shown(value)}"

    return check


def name_up_to(length: int, forbidden: Collection[str] = ()) -> Predicate:
    """A release or environment: not blank, no slash, no line break, not one of the forbidden words."""

    def check(value: Any) -> str | None:
        if not isinstance(value, str) or not value.strip():
            return f"must be a string that is not blank, not {shown(value)}"
        if len(value) > length:
            return f"has {len(value)} characters, allowed are {length}"
        if value in forbidden or any(sign in value for sign in "/\\\n\r\t"):
            return f"has a character or value that Sentry refuses: {shown(value)}"
        return None

    return check


def rate_text(value: Any) -> str | None:
    """A number that is not negative, written as a string."""
    if isinstance(value, str):
        try:
            if 0 <= float(value) < math.inf:
                return None
        except ValueError:
            pass
    return f"must be a string holding a number that is not negative, not {shown(value)}"


def flag_text(value: Any) -> str | None:
    """A boolean, or its name."""
    return None if value in (True, False, "true", "false") else f'must be "true" or "false", not {shown(value)}'


def text_of(values: Mapping[str, Any], key: str) -> str | None:
    """`values[key]` if it is a string."""
    found = values.get(key)
    return found if isinstance(found, str) else None
