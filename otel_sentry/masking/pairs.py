"""Secrets that stand behind their name in a text: `password=…`, `"apiKey": "…"`, `Cookie: …`, `--token …`. Pure."""

from __future__ import annotations

import re
from typing import Final

from otel_sentry.masking.lazy_pattern import lazy_pattern
from otel_sentry.masking.mark import MASK
from otel_sentry.masking.names import Holds, Names

_NAME: Final = r"(?<![\w.\-])(?P<name>-{0,2}[A-Za-z_][\w.\-]*)"
_SIGN: Final = r"\\*[\"']?\]?[ \t]{0,3}(?:=>|:=|[=:])[ \t]{0,3}"
_COMMA: Final = r"\\*[\"'][ \t]{0,3},[ \t]{0,3}(?=[bru]?[\"'])"
_NAMED: Final = lazy_pattern(rf"{_NAME}(?P<sign>{_SIGN}|{_COMMA}|(?<=\w)[ \t]{{1,3}}(?=[^\s\-]))")
_QUOTED: Final = r"[bru]?\"(?:[^\"\\]|\\.)*\"?|[bru]?'(?:[^'\\]|\\.)*'?|\\+[\"'].*?(?:\\+[\"']|$)"
_BARE: Final = r"(?:[^\s&;,\"'<>()\[\]{}]|,(?!\s|[\w.\-]+=|$))+"
_VALUE: Final = lazy_pattern(rf"{_QUOTED}|{_BARE}", re.DOTALL)
_QUOTED_VALUE: Final = lazy_pattern(_QUOTED, re.DOTALL)
_TO_THE_END: Final = lazy_pattern(rf"{_QUOTED}|[^\r\n]+", re.DOTALL)
_QUOTES: Final = lazy_pattern(r"\\*[\"']|[bru](?=[\"'])[\"']")
_WHOLE_LINE: Final = ("authorization", "cookie")
_NO_VALUES: Final = frozenset({"none", "null", "true", "false", "undefined", "nil"})


def may_name_secrets(text: str, hints: tuple[str, ...]) -> bool:
    """Whether a text, in lower case, has a sign of naming something, and a hint at a secret."""
    named = "=" in text or " -" in text or "'," in text or '",' in text or text.count(":") > text.count("://")
    if named or text.startswith("-"):
        for hint in hints:
            if hint in text:
                return True
    return False


def masked_pairs(text: str, names: Names, *, quoted_only: bool = False) -> str:
    """Mask the values that stand behind names of secrets.

    Args:
        text: any.
        names: tells which.
        quoted_only: leave bare words alone: in a line of source code they are variables.
    """
    pieces: list[str] = []
    done = 0
    for found in _NAMED().finditer(text):
        start = found.end()
        if start < done or not _may_stand_apart(found["name"], found["sign"]):
            continue
        value = _value_of(found["name"], quoted_only=quoted_only).match(text, start)
        if value is None or not _is_masked(names, found["name"], value[0]):
            continue
        pieces += (text[done:start], _in_quotes_of(value[0]))
        done = value.end()
    return "".join((*pieces, text[done:])) if pieces else text


def _may_stand_apart(name: str, sign: str) -> bool:
    """A space is a sign only behind an option of a command line."""
    return bool(sign.strip()) or name.startswith("-")


def _value_of(name: str, *, quoted_only: bool) -> re.Pattern[str]:
    if quoted_only:
        return _QUOTED_VALUE()
    return _TO_THE_END() if name.lower().endswith(_WHOLE_LINE) else _VALUE()


def _is_masked(names: Names, name: str, value: str) -> bool:
    if value.lower() in _NO_VALUES or MASK in value:
        return False
    is_option = name.startswith("-")
    return names.is_secret(name, value) or (is_option and names.holds(name) is Holds.OPAQUE)


def _in_quotes_of(value: str) -> str:
    opening = _QUOTES().match(value)
    if opening is None:
        return MASK
    quote = opening[0].lstrip("bru")
    return f"{opening[0]}{MASK}{quote}" if value.endswith(quote) else f"{opening[0]}{MASK}"
