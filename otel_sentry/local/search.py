"""The search line of the trace list: `alice op:db service:web status:error duration:>100ms`. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from otel_sentry.local.summary import TraceSummary

_TOKEN: Final = re.compile(r'(?:(\w+):)?(?:"([^"]*)"|(\S+))')
_DURATION: Final = re.compile(r"([<>]?)=?(\d+(?:\.\d+)?)(us|µs|ms|s|m|h)?\Z")
_SECONDS: Final = {"us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0, None: 1e-3}


@dataclass(frozen=True, slots=True)
class Query:
    """A search, taken apart; every term must be met.

    Attributes:
        words: each somewhere in trace id, names, users, services or ops.
        terms: key and value of the `key:value` tokens that are understood.
        unknown: tokens that are not, so that the page can say so.
    """

    words: tuple[str, ...] = ()
    terms: tuple[tuple[str, str], ...] = ()
    unknown: tuple[str, ...] = field(default=(), compare=False)


def parse_query(text: str) -> Query:
    """Read a search line; upper and lower case are the same, quotes keep spaces together."""
    words: list[str] = []
    terms: list[tuple[str, str]] = []
    unknown: list[str] = []
    for key, quoted, plain in _TOKEN.findall(text[:500]):
        value = (quoted or plain).lower()
        if not key:
            words.append(value)
        elif key.lower() == "duration" and not _DURATION.match(value):
            unknown.append(f"{key}:{value}")
        elif key.lower() in _TERMS:
            terms.append((key.lower(), value))
        else:
            unknown.append(f"{key}:{value}")
    return Query(tuple(words), tuple(terms), tuple(unknown))


def matches(trace: TraceSummary, query: Query) -> bool:
    """Whether a trace meets every term."""
    if not all(_TERMS[key](trace, value) for key, value in query.terms):
        return False
    return all(_has_word(trace, word) for word in query.words)


def _has_word(trace: TraceSummary, word: str) -> bool:
    if trace.trace_id.startswith(word):
        return True
    return any(_among(known, word) for known in (trace.names, trace.users, trace.services, trace.ops))


def _among(known: Iterable[str], part: str) -> bool:
    return any(part in text.lower() for text in known)


def _of_status(trace: TraceSummary, value: str) -> bool:
    return (value in ("error", "failed")) is bool(trace.failed or trace.issues)


def _of_op(trace: TraceSummary, value: str) -> bool:
    return any(op.lower() == value or op.lower().startswith(f"{value}.") for op in trace.ops)


def _of_duration(trace: TraceSummary, value: str) -> bool:
    found = _DURATION.match(value)
    if found is None:
        return False
    sign, number, unit = found.groups()
    limit = float(number) * _SECONDS[unit]
    return trace.duration <= limit if sign == "<" else trace.duration >= limit


_TERMS: Final[dict[str, Callable[[TraceSummary, str], bool]]] = {
    "status": _of_status,
    "op": _of_op,
    "duration": _of_duration,
    "service": lambda trace, value: _among(trace.services, value),
    "wallet": lambda trace, value: _among(trace.users, value),
    "user": lambda trace, value: _among(trace.users, value),
    "name": lambda trace, value: _among(trace.names, value),
    "trace": lambda trace, value: trace.trace_id.startswith(value),
}
