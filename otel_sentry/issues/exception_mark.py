"""Which incident an exception belongs to: written on the exception itself, so that nobody has to hold it.

Rule: identity, never text. The mark is a plain string, because exceptions get pickled, copied and shown.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Any, cast

_MARK = "_otel_sentry_issue"
_INSTANCE_DICT: Any = BaseException.__dict__["__dict__"]
"""Every exception has one, `__slots__` or not; taken from the base so that a subclass cannot shadow it."""
_LARGEST_FAMILY = 200


class Kin(str, Enum):
    """How an exception came into an issue."""

    SELF = ""
    """It is what the issue is about."""
    WRAPPED = "wrapped"
    """It is the cause of what the issue is about, or a member of its group: the same mishap in another shape."""
    BYSTANDER = "bystander"
    """It was being handled when that was raised."""


@dataclass(frozen=True, slots=True)
class Mark:
    """Token of the incident an exception belongs to, and how it belongs."""

    token: str
    kin: Kin = Kin.SELF


def mark_of(exception: BaseException) -> Mark | None:
    """The mark on `exception`, None if nobody has seen it."""
    written = _attributes(exception).get(_MARK)
    return _read(written) if isinstance(written, str) else None


def claim(exception: BaseException, mark: Mark) -> Mark:
    """Write `mark` unless there is one; returns the one that stands then. Of two threads that try, one wins."""
    return _read(_attributes(exception).setdefault(_MARK, f"{mark.token}{mark.kin.value}"))


def overwrite(exception: BaseException, mark: Mark) -> None:
    """Write `mark` whatever was there."""
    _attributes(exception)[_MARK] = f"{mark.token}{mark.kin.value}"


def disown(exception: BaseException, token: str) -> None:
    """Take the marks of an incident off an exception and its family: it came to nothing, and may be seen again."""
    for one in (exception, *(relative for relative, _ in family(exception))):
        mark = mark_of(one)
        if mark is not None and mark.token == token:
            del _attributes(one)[_MARK]


def family(exception: BaseException) -> Iterator[tuple[BaseException, Kin]]:
    """Causes, contexts and group members of `exception`, nearest first, each once; at most 200, cycles or not."""
    seen = {id(exception)}
    waiting = deque([(exception, Kin.WRAPPED)])
    while waiting and len(seen) <= _LARGEST_FAMILY:
        parent, kin = waiting.popleft()
        for relative, link in _relatives(parent):
            if id(relative) not in seen:
                seen.add(id(relative))
                joint = Kin.BYSTANDER if Kin.BYSTANDER in (kin, link) else Kin.WRAPPED
                waiting.append((relative, joint))
                yield relative, joint


def members_of(exception: BaseException) -> list[BaseException]:
    """The exceptions in a group; empty for anything else, whatever its attributes do when they are read."""
    try:
        members = getattr(exception, "exceptions", ())
    except Exception:  # noqa: BLE001  # a foreign __getattr__ may raise anything
        return []
    return [member for member in members if isinstance(member, BaseException)] if type(members) is tuple else []


def _relatives(exception: BaseException) -> Iterator[tuple[BaseException, Kin]]:
    if exception.__cause__ is not None:
        yield exception.__cause__, Kin.WRAPPED
    if exception.__context__ is not None:
        yield exception.__context__, Kin.BYSTANDER
    for member in members_of(exception)[:_LARGEST_FAMILY]:
        yield member, Kin.WRAPPED


def _attributes(exception: BaseException) -> dict[str, Any]:
    return cast("dict[str, Any]", _INSTANCE_DICT.__get__(exception))


def _read(written: str) -> Mark:
    return Mark(written[:32], Kin(written[32:]))
