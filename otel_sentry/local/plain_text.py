"""Text of strangers, made fit to be printed. Pure.

Rule: nothing that came in an envelope reaches a terminal without passing `visible`.
"""

from __future__ import annotations

import unicodedata
from typing import Any, Final

_HIDDEN: Final = frozenset(("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"))
"""Unicode categories that move the cursor, turn writing round, join or hide; escaped instead of printed."""
_SHOWN_AS: Final = {"\n": "⏎", "\r": "␍", "\t": " "}


def visible(text: Any, limit: int = 500) -> str:
    """Text on one line: control, format and private characters are escaped, what is longer than `limit` is cut.

    Args:
        text: anything; what is no string is written as Python writes it.
        limit: characters that are looked at.
    """
    whole = text if isinstance(text, str) else repr(text)
    cut = whole[:limit]
    if not cut.isprintable():
        cut = "".join(map(_visible_character, cut))
    return cut + "…" if len(whole) > limit else cut


def _visible_character(character: str) -> str:
    if character in _SHOWN_AS:
        return _SHOWN_AS[character]
    category = unicodedata.category(character)
    if category in _HIDDEN:
        return character.encode("unicode_escape").decode()
    return " " if category == "Zs" else character
