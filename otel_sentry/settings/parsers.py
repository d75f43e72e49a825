"""From what a user typed (text, or a typed value) to a setting. A parser's ValueError says what is allowed. Pure."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable
from enum import Enum
from typing import Any, Final, TypeVar

from otel_sentry.protocol.dsn import Dsn
from otel_sentry.protocol.valid_text import valid_text

Parser = Callable[[Any], Any]
Choice = TypeVar("Choice", bound=Enum)

_TRUE: Final = frozenset({"true", "t", "yes", "y", "on", "1"})
_FALSE: Final = frozenset({"false", "f", "no", "n", "off", "0"})
_DURATION: Final = re.compile(r"(?P<number>\d+(?:\.\d+)?)(?P<unit>ms|s|m|h)")
_HOST: Final = re.compile(r"(?:\*\.)?[^\s/*@?#]+")
_SECONDS_PER_UNIT: Final = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}


def text(raw: Any) -> str:
    """Any text."""
    if not isinstance(raw, str):
        raise ValueError("text")
    return valid_text(raw.strip())


def url(raw: Any) -> str:
    """An http or https URL."""
    value = text(raw)
    if not re.match(r"https?://[^/\s]", value):
        raise ValueError("a URL that starts with http:// or https://")
    return value


def trace_url(raw: Any) -> str:
    """A URL template; `{trace_id}` and `{span_id}` are filled in."""
    try:
        value = url(raw)
    except ValueError:
        value = ""
    if "{trace_id}" not in value:
        raise ValueError("an http(s) URL that contains {trace_id}, and {span_id} if wanted")
    return value


def url_path(raw: Any) -> str:
    """The path of a URL on the application's own host."""
    value = text(raw)
    if not re.fullmatch(r"/[A-Za-z0-9._~/-]*", value) or value.startswith("//"):
        raise ValueError("a path that starts with / and has no query")
    return value.rstrip("/") or "/"


def integrity(raw: Any) -> str:
    """Hashes of a script as browsers check them. Source: W3C Subresource Integrity."""
    value = text(raw)
    if not re.fullmatch(r"sha(?:256|384|512)-[A-Za-z0-9+/]+={0,2}(?: sha(?:256|384|512)-[A-Za-z0-9+/]+={0,2})*", value):
        raise ValueError("sha384-<base64>, also sha256 and sha512")
    return value


def number_text(raw: Any) -> str:
    """Digits, kept as text (ids)."""
    value = str(raw).strip()
    if isinstance(raw, bool) or not (value.isascii() and value.isdigit()):
        raise ValueError("a number")
    return value


def dsn(raw: Any) -> Dsn:
    """A Sentry DSN."""
    if isinstance(raw, Dsn):
        return raw
    try:
        return Dsn.parse(text(raw))
    except ValueError as exc:
        raise ValueError(f"https://<public key>@<host>/<project id> ({exc})") from None


def boolean(raw: Any) -> bool:
    """A switch, as Sentry's SDKs read it."""
    if isinstance(raw, bool):
        return raw
    word = str(raw).strip().lower()
    if word not in _TRUE | _FALSE:
        raise ValueError("true or false (also 1/0, yes/no, on/off)")
    return word in _TRUE


def otel_boolean(raw: Any) -> bool:
    """A switch as OpenTelemetry spells it: other spellings of true would be ignored by its SDK."""
    if isinstance(raw, bool):
        return raw
    word = str(raw).strip().lower()
    if word not in {"true", "false"}:
        raise ValueError("true or false")
    return word == "true"


def rate(raw: Any) -> float:
    """A probability."""
    value = _number(raw)
    if value is None or not 0 <= value <= 1:
        raise ValueError("a number from 0 to 1")
    return value


def seconds(raw: Any) -> float:
    """A duration in seconds, 0 included."""
    value = _number(raw)
    if value is None or not 0 <= value < math.inf:
        raise ValueError("seconds, 0 or more")
    return value


def milliseconds(raw: Any) -> float:
    """A duration given in milliseconds, as seconds."""
    value = _number(raw)
    if value is None or not 0 < value < math.inf:
        raise ValueError("milliseconds, more than 0")
    return value / 1000


def size(raw: Any) -> int:
    """A whole number above 0."""
    value = _number(raw)
    if value is None or not 1 <= value < math.inf or value != int(value):
        raise ValueError("a whole number, 1 or more")
    return int(value)


def one_of(choices: type[Choice]) -> Callable[[Any], Choice]:
    """A parser for one of an enum's values, whatever its case."""
    allowed = ", ".join(str(choice.value) for choice in choices)

    def choice(raw: Any) -> Choice:
        if isinstance(raw, choices):
            return raw
        try:
            return choices(str(raw).strip().lower())
        except ValueError:
            raise ValueError(allowed) from None

    return choice


def names(raw: Any) -> tuple[str, ...]:
    """A comma list, or any iterable of text; blanks are left out, order is kept, doubles go."""
    if isinstance(raw, str):
        entries: Iterable[Any] = raw.split(",")
    elif isinstance(raw, Iterable) and not isinstance(raw, (bytes, dict)):
        entries = raw
    else:
        raise ValueError("a comma list")
    return tuple(dict.fromkeys(entry for entry in map(text, entries) if entry))


def some_names(raw: Any) -> tuple[str, ...]:
    """A comma list with at least one entry."""
    found = names(raw)
    if not found:
        raise ValueError("a comma list with at least one entry")
    return found


def hosts(raw: Any) -> tuple[str, ...]:
    """A comma list of hosts; never URLs, which would match nothing."""
    found = names(raw)
    if not all(map(_HOST.fullmatch, found)):
        raise ValueError("host, host:port, or *.domain")
    return found


def targets(raw: Any) -> tuple[str, ...]:
    """Propagation targets: plain text or `/expression/`; a comma inside brackets of an expression does not split."""
    entries = pieces(raw) if isinstance(raw, str) else names(_target_text(entry) for entry in _listed(raw))
    for entry in entries:
        if is_expression(entry):
            try:
                re.compile(entry[1:-1])
            except re.error as exc:
                raise ValueError(f"plain text or /regular expression/ ({entry}: {exc})") from None
    return entries


def is_expression(entry: str) -> bool:
    """Whether a target is written as a regular expression."""
    return len(entry) > 2 and entry.startswith("/") and entry.endswith("/")


def keep_rules(raw: Any) -> tuple[str, ...]:
    """Which traces are kept in spite of the rate: `errors`, `slow:<duration>`, `wallet:<address>`."""
    rules = names(raw)
    for rule in rules:
        kind, _, value = rule.partition(":")
        if not (rule == "errors" or (kind == "slow" and _DURATION.fullmatch(value)) or (kind == "wallet" and value)):
            raise ValueError("errors, slow:<duration such as 2s or 500ms>, wallet:<address>")
    return rules


def duration_seconds(text_with_unit: str) -> float:
    """Seconds of a duration such as `500ms`, `2s`, `1.5m`.

    Raises:
        ValueError: when it is none.
    """
    found = _DURATION.fullmatch(text_with_unit)
    if not found:
        raise ValueError("a duration such as 2s or 500ms")
    return float(found["number"]) * _SECONDS_PER_UNIT[found["unit"]]


def function(raw: Any) -> Callable[..., Any]:
    """Something callable."""
    if not callable(raw):
        raise ValueError("a function")
    return raw  # type: ignore[no-any-return]  # callable() narrows to object


def _number(raw: Any) -> float | None:
    """A finite or infinite number that is no NaN and no bool, else None."""
    if isinstance(raw, bool) or not isinstance(raw, (str, int, float)):
        return None
    try:
        value = float(raw)
    except (ValueError, OverflowError):
        return None
    return None if math.isnan(value) else value


def _listed(raw: Any) -> Iterable[Any]:
    """The entries of an iterable."""
    if not isinstance(raw, Iterable) or isinstance(raw, (bytes, dict)):
        raise ValueError("a comma list")
    return raw


def _target_text(entry: Any) -> Any:
    """A compiled expression as users type it; the rest as it is."""
    if isinstance(entry, re.Pattern):
        flag = "(?i)" if entry.flags & re.IGNORECASE else ""
        return f"/{flag}{entry.pattern}/"
    return entry


def pieces(raw: Any) -> tuple[str, ...]:
    """A comma list, where a comma inside brackets of an expression does not split; or any iterable of text."""
    if not isinstance(raw, str):
        return names(raw)
    found: list[str] = []
    for piece in raw.split(","):
        if found and _is_open(found[-1]):
            found[-1] = f"{found[-1]},{piece}"
        else:
            found.append(piece.lstrip())
    return names(found)


def _is_open(piece: str) -> bool:
    """Whether an expression has brackets that are not closed yet."""
    return piece.startswith("/") and any(piece.count(o) > piece.count(c) for o, c in ("{}", "[]", "()"))
