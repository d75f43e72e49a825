"""An exception as it is taken down while its frames live; it becomes a payload only when it is sent.

Most of what a payload costs, reading source and naming files, can wait; and if sentry-sdk captures the exception too,
which is when its event takes the place of ours, need not be done at all.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from otel_sentry.issues import live_exception
from otel_sentry.issues.exception_mark import members_of
from otel_sentry.issues.frame_view import FrameView
from otel_sentry.protocol.json_text import dumps

if TYPE_CHECKING:
    from types import TracebackType

    from otel_sentry.issues.frame_view import Show

LARGEST: Final = 64_000
"""Bytes of locals and messages up to which a sketch is made; more is cut to size at once."""
_LONGEST_CHAIN: Final = 50
_FRAME_BYTES: Final = 500
"""What a frame takes beside its locals, about."""


class Words(Exception):
    """Stands for an exception whose text was taken down.

    Attributes:
        message: what it says, with its notes.
        errno: of an `OSError`.
    """

    def __init__(self, message: str, errno: Any) -> None:
        super().__init__()
        self.message = message
        self.errno = errno


@dataclass(slots=True)
class Portrait:
    """One exception of a chain.

    Attributes:
        kind: its type.
        words: what it says.
        frames: of its traceback, caller first.
        source: attribute of the one before it that led here; None for the first.
    """

    kind: type[BaseException]
    words: Words
    frames: list[FrameView]
    source: str | None


@dataclass(slots=True)
class Sketch:
    """An exception with its causes.

    Attributes:
        portraits: the exception itself first.
        mechanism: how it came to be seen.
        show: how locals are shown.
        size: bytes of the payload, about.
    """

    portraits: list[Portrait]
    mechanism: dict[str, Any]
    show: Show
    size: int

    def extend(self, entries: list[TracebackType]) -> None:
        """Add the frames that the exception has left since."""
        added = [FrameView(entry, self.show) for entry in entries]
        self.portraits[0].frames[:0] = added
        self.size += _size(added)


def sketch(
    exception: BaseException,
    entries: list[TracebackType],
    *,
    mechanism: dict[str, Any],
    show: Show,
    message_of: Callable[[BaseException], str],
) -> Sketch | None:
    """Take an exception down.

    Args:
        exception: alive.
        entries: of its traceback, caller first.
        mechanism: how it came to be seen.
        show: how locals are shown.
        message_of: text of an exception with its notes.

    Returns:
        None for groups, for long chains, and for what has to be cut to size.
    """
    chain = _chain(exception)
    if chain is None:
        return None
    portraits, size = [], 0
    for link, source in chain:
        shown = entries if link is exception else live_exception.entries(link.__traceback__)
        frames = [FrameView(entry, show) for entry in live_exception.bounded(shown)]
        words = Words(message_of(link), getattr(link, "errno", None))
        portraits.append(Portrait(type(link), words, frames, source))
        size += _size(frames) + len(words.message)
        if size > LARGEST:
            return None
    return Sketch(portraits, mechanism, show, size)


def _chain(exception: BaseException) -> list[tuple[BaseException, str | None]] | None:
    """An exception and its causes as sentry-sdk walks them, each with the attribute that led to it."""
    chain: list[tuple[BaseException, str | None]] = []
    link: BaseException | None = exception
    source = None
    while link is not None and all(link is not known for known, _ in chain):
        if len(chain) == _LONGEST_CHAIN or members_of(link):
            return None
        chain.append((link, source))
        source = "__cause__" if link.__suppress_context__ else "__context__"
        link = getattr(link, source)
    return chain


def _size(frames: list[FrameView]) -> int:
    """Bytes, about; more than `LARGEST` for what JSON cannot carry."""
    try:
        return len(dumps([frame.shown for frame in frames])) + len(frames) * _FRAME_BYTES
    except TypeError:
        return LARGEST + 1
