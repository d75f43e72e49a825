"""The W3C `baggage` header: Sentry's members apart from everyone else's. Pure. Source: W3C Baggage, protocol page 6.2.

Rules: a member is kept or dropped whole; what goes out is encoded anew, never the bytes that came in; one per key.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from itertools import islice
from types import MappingProxyType
from typing import Final, NamedTuple
from urllib.parse import quote, unquote, unquote_plus

HEADER: Final = "baggage"
SENTRY_PREFIX: Final = "sentry-"
MAX_BYTES: Final = 8192
MAX_MEMBERS: Final = 64

_READ_AT_MOST: Final = 1 << 16
_MEMBERS_READ_AT_MOST: Final = 1024
_UNREADABLE: Final = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]|%(?![0-9A-Fa-f]{2})")
"""Control characters, and percent signs that begin no encoded byte."""
_KEY: Final = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_PROPERTY: Final = re.compile(r"[!#-+\--:<-\[\]-~]+")
_PLAIN: Final = re.compile(r"[A-Za-z0-9_.\-~/@:]*")
_CORE: Final = ("trace_id", "public_key", "sampled", "sample_rate", "sample_rand", "org_id", "replay_id")
"""Sentry's members without which a trace is decided twice or lands in the wrong place: the last to go."""
_FIRST_OUT: Final = ("release", "environment", "transaction")
"""Sentry's members that only label a trace, the first to go last."""


class Member(NamedTuple):
    """One member.

    Attributes:
        key: decoded; of Sentry's without prefix.
        value: decoded.
        properties: what followed `;`, as it may be sent; empty if nothing did.
        sentry: whether it is Sentry's.
    """

    key: str
    value: str
    properties: str = ""
    sentry: bool = False


class Baggage(NamedTuple):
    """A header, taken apart.

    Attributes:
        sentry: Sentry's members, prefix removed, decoded; of doubled keys the last.
        foreign: everyone else's by key; of doubled keys the last.
        dropped: members that could not be read or exceeded the limits.
    """

    sentry: Mapping[str, str] = MappingProxyType({})
    foreign: Mapping[str, Member] = MappingProxyType({})
    dropped: int = 0


class Rendered(NamedTuple):
    """A header to send: `text` (empty: send none) and how many members did not fit."""

    text: str
    dropped: int


def parse_baggage(text: str | None) -> Baggage:
    """Read a header, or several joined by commas.

    Args:
        text: of any length and content; at most 64 KiB and 1,024 members are looked at.
    """
    if not text:
        return Baggage()
    sentry: dict[str, str] = {}
    foreign: dict[str, Member] = {}
    suspicious = _UNREADABLE.search(text) is not None
    room = None if len(text) <= MAX_BYTES and text.count(",") < MAX_MEMBERS else (_Room(), _Room())
    dropped = 0
    for raw in _raw_members(text):
        member = None if suspicious and _UNREADABLE.search(raw) else _member(raw)
        if member is None or (room is not None and not room[member.sentry].takes(raw)):
            dropped += 1
        elif member.sentry:
            sentry[member.key] = member.value
        else:
            foreign[member.key] = member
    return Baggage(sentry, foreign, dropped)


def merged_baggage(
    present: str, sentry: Mapping[str, str], foreign: Iterable[Member]
) -> tuple[Mapping[str, str], list[Member]]:
    """What a header that is already there becomes when more is to be sent.

    Foreign members that are there stay as they are; Sentry's are replaced all together, if there are new ones.

    Args:
        present: the header's text, read as `parse_baggage` does.
        sentry: dynamic sampling context to send, without prefix.
        foreign: members of everybody else to send.

    Returns:
        Both kinds for `render_baggage`.
    """
    there = parse_baggage(present)
    return sentry or there.sentry, list({**{member.key: member for member in foreign}, **there.foreign}.values())


def render_baggage(sentry: Mapping[str, str], foreign: Iterable[Member]) -> Rendered:
    """Write one header of at most 8,192 bytes and 64 members.

    What does not fit goes in this order: Sentry's `transaction`, unknown Sentry members, `environment`, `release`; then
    foreign members, the last first; then the rest of Sentry's. Members that claim Sentry's prefix are never taken from
    `foreign`.

    Args:
        sentry: dynamic sampling context, without prefix.
        foreign: members of everybody else, the most important first.
    """
    own = _own_members(sentry)
    others = {
        member.key: _foreign_member(member)
        for member in foreign
        if member.key and not member.key.startswith(SENTRY_PREFIX)
    }
    count = len(own) + len(others)
    text = ",".join((*own.values(), *others.values()))
    if count <= MAX_MEMBERS and len(text) <= MAX_BYTES:
        return Rendered(text, 0)
    core = [own[key] for key in _CORE if key in own]
    labels = [own[key] for key in _label_order(own)]
    kept = _first_that_fit([*core, *others.values(), *labels])
    sentry_first = sorted(kept, key=lambda member: not member.startswith(SENTRY_PREFIX))
    return Rendered(",".join(sentry_first), count - len(kept))


def _own_members(sentry: Mapping[str, str]) -> dict[str, str]:
    """Sentry's members by key; most contexts need no encoding, which is asked once for all."""
    if _PLAIN.fullmatch("".join((*sentry, *sentry.values()))):
        return {key: f"{SENTRY_PREFIX}{key}={value}" for key, value in sentry.items()}
    return {key: f"{SENTRY_PREFIX}{encoded(key)}={encoded(value)}" for key, value in sentry.items()}


def _foreign_member(member: Member) -> str:
    text = f"{encoded(member.key)}={encoded(member.value)}"
    return f"{text};{member.properties}" if member.properties else text


def encoded(text: str) -> str:
    """Percent-encode what a baggage value may not hold; lone surrogates become `?`."""
    return text if _PLAIN.fullmatch(text) else quote(text, safe="/@:", errors="replace")


def _label_order(own: Mapping[str, str]) -> list[str]:
    known = [key for key in _FIRST_OUT if key in own and key != "transaction"]
    unknown = [key for key in own if key not in _CORE and key not in _FIRST_OUT]
    return [*known, *unknown, *(["transaction"] if "transaction" in own else [])]


def _raw_members(text: str) -> Iterable[str]:
    if len(text) > _READ_AT_MOST:
        text = text[:_READ_AT_MOST].rpartition(",")[0]
    return (raw for raw in islice(text.split(","), _MEMBERS_READ_AT_MOST) if raw.strip(" \t"))


def _member(raw: str) -> Member | None:
    """A member, decoded; None when it is none."""
    key, equals, rest = raw.partition("=")
    key = key.strip(" \t")
    if not equals or not _KEY.fullmatch(key):
        return None
    if key.startswith(SENTRY_PREFIX):
        name, value = key[len(SENTRY_PREFIX) :], rest.strip(" \t")
        if "%" in raw:
            name, value = unquote(name), unquote(value)
        return Member(name, value, sentry=True) if name else None
    value, semicolon, properties = rest.partition(";")
    # unquote_plus as OpenTelemetry's own propagator does: its Python peers write a space as `+`.
    name = unquote_plus(key)
    if not name.strip() or name.startswith(SENTRY_PREFIX):
        return None
    return Member(name, unquote_plus(value.strip(" \t")), _properties(properties) if semicolon else "")


def _properties(text: str) -> str:
    """The properties of a member as they may be sent; those that cannot are left out."""
    parts = (part.strip(" \t") for part in text.split(";"))
    return ";".join(part for part in parts if _PROPERTY.fullmatch(part))


class _Room:
    """What still fits into one header."""

    __slots__ = ("_bytes", "_members")

    def __init__(self) -> None:
        self._bytes = MAX_BYTES + 1
        self._members = MAX_MEMBERS

    def takes(self, member: str) -> bool:
        if not self._members or len(member) + 1 > self._bytes:
            return False
        self._members -= 1
        self._bytes -= len(member) + 1
        return True


def _first_that_fit(members: list[str]) -> list[str]:
    """Members in their order, without those for which there is no room."""
    room = _Room()
    return [member for member in members if room.takes(member)]
