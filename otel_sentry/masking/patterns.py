"""Further patterns of the application: what stands in the file that OTEL_SENTRY_SECRET_PATTERNS names. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from otel_sentry.masking.mark import MASK

SECRET_GROUP: Final = "secret"  # noqa: S105 - a word
_NAME_LINE: Final = re.compile(r"name:\s*(\S.*)")


@dataclass(frozen=True, slots=True)
class SecretPatterns:
    """What an application masks besides the built-in rules.

    Attributes:
        patterns: what they match in a text is masked; of a pattern with a group `secret`, that group only.
        names: names whose values are masked.
        source: where they were read from, for messages.
    """

    patterns: tuple[re.Pattern[str], ...] = ()
    names: tuple[str, ...] = ()
    source: str = ""

    def __str__(self) -> str:
        return self.source

    def masked(self, text: str) -> str:
        """Mask what the patterns match."""
        for pattern in self.patterns:
            text = pattern.sub(_masked, text)
        return text


def parsed_patterns(lines: Iterable[str], source: str) -> SecretPatterns:
    """Read patterns, one a line: a regular expression, or `name: <name of an attribute, variable or parameter>`.

    Blank lines and lines that begin with `#` do not count.

    Raises:
        ValueError: a line cannot be used; says which and why.
    """
    patterns: list[re.Pattern[str]] = []
    names: list[str] = []
    for number, line in enumerate((line.strip() for line in lines), start=1):
        named = _NAME_LINE.fullmatch(line)
        if named is not None:
            names.append(_name(named[1], number))
        elif line and not line.startswith("#"):
            patterns.append(_pattern(line, number))
    return SecretPatterns(tuple(patterns), tuple(names), source)


def _name(name: str, number: int) -> str:
    if not any(letter.isascii() and letter.isalnum() for letter in name):
        raise ValueError(f"line {number}: a name with letters or digits")
    return name


def _pattern(line: str, number: int) -> re.Pattern[str]:
    try:
        pattern = re.compile(line)
    except re.error as exc:
        raise ValueError(f"line {number}: a regular expression ({exc})") from None
    if pattern.match(""):
        raise ValueError(f"line {number}: a regular expression that does not match empty text")
    return pattern


def _masked(found: re.Match[str]) -> str:
    if SECRET_GROUP not in found.re.groupindex:
        return MASK
    start, end = found.span(SECRET_GROUP)
    if start < 0:
        return found[0]
    before, after = found.string[found.start() : start], found.string[end : found.end()]
    return f"{before}{MASK}{after}"
