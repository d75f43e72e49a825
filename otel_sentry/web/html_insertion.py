"""Where in an HTML page scripts go that must be first: at the start of its head. Pure; reads bytes as they come.

Rule: only whole documents are changed, never fragments; and what declares the page's encoding stays before us, because
browsers look for it in the first 1,024 bytes only.
"""

from __future__ import annotations

import re
from enum import Enum
from typing import Final

MAX_HELD_BYTES: Final = 16_384
"""A page whose head has not begun by then is left alone."""
_CHARSET_BYTES: Final = 1_024

_INSIDE_TAG: Final = rb"""(?:[^>"']|"[^"]*"|'[^']*')*>"""
_COMMENT: Final = rb"<!--.*?-->"
_DOCTYPE: Final = rb"<!doctype(?=[\s>])" + _INSIDE_TAG
_HTML: Final = rb"<html(?=[\s>])" + _INSIDE_TAG
_HEAD: Final = rb"(?P<head><head(?=[\s>])" + _INSIDE_TAG + rb")"
_OPENING: Final = re.compile(
    rb"(?:\xef\xbb\xbf)?(?:\s+|" + _COMMENT + rb"|(?P<document>" + _DOCTYPE + rb"|" + _HTML + rb"))*" + _HEAD + rb"?",
    re.IGNORECASE | re.DOTALL,
)
_BEGUN: Final = re.compile(
    rb"<(?:!(?:-|--.*|d[a-z]*|doctype\s.*)?|h[a-z]*|html\s.*|head\s.*)?", re.IGNORECASE | re.DOTALL
)
"""A tag that may become a part of the opening when more of it has come."""
_CHARSET: Final = re.compile(rb"<meta(?=[\s/])[^>]*charset[^>]*>", re.IGNORECASE)
_AFTER_META: Final = re.compile(rb"</head|<body|<script|<style", re.IGNORECASE)


class Place(Enum):
    """Answers that are no offset."""

    NOT_YET = "more of the page is needed"
    NOWHERE = "this is no whole document"


def insertion_offset(start: bytes, *, complete: bool, charset_known: bool) -> int | Place:
    """Where to insert into a page.

    Args:
        start: what has come of it.
        complete: nothing more will come.
        charset_known: the response's header says the encoding.
    """
    if not complete and len(start) < len(b"<head>"):
        return Place.NOT_YET
    opening = _OPENING.match(start)
    assert opening is not None  # noqa: S101 - it matches nothing, too
    end = len(opening.group().rstrip())
    rest = start[opening.end() :]
    waits = not complete and len(start) < MAX_HELD_BYTES
    if waits and opening["head"] is None and (not rest or _BEGUN.fullmatch(rest)):
        return Place.NOT_YET
    if opening["document"] is None and opening["head"] is None:
        return Place.NOWHERE
    return end if charset_known else _behind_charset(start, end, waits=waits)


def _behind_charset(start: bytes, end: int, *, waits: bool) -> int | Place:
    found = _CHARSET.search(start, end, _CHARSET_BYTES)
    if found is not None:
        return found.end()
    if waits and len(start) < _CHARSET_BYTES and _AFTER_META.search(start, end) is None:
        return Place.NOT_YET
    return end
