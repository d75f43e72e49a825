"""A traceback as sentry-sdk reads it, with the locals shown beforehand: walking plain ones is half of what it costs.

What sentry-sdk would show is what is shown here: everything by its `repr`, containers item by item. Containers that are
not Python's own are left to its serialiser, and so are its options.
"""

from __future__ import annotations

import linecache
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any, Final, NamedTuple

if TYPE_CHECKING:
    from types import TracebackType

BREADTH: Final = 10
"""Locals shown of a frame, and items of a container. Source: `MAX_DATABAG_BREADTH` of sentry-sdk's serialiser."""
DEPTH: Final = 4
"""Levels of containers in a local. Source: `MAX_DATABAG_DEPTH`, of which the mapping of all locals is the first."""
_SCALARS: Final = frozenset({type(None), bool, int, float, str, bytes})
_SEQUENCES: Final = frozenset({list, tuple, set, frozenset})
_ALL: Final = ""
"""Name of the one local that stands for all: each costs sentry-sdk a step."""
_MARKS: Final = ("__traceback_hide__", "__tracebackhide__")
"""Locals by which a function hides its frame."""


class Show(NamedTuple):
    """What is left to sentry-sdk.

    Attributes:
        kinds: types of values that its serialiser looks into.
        serialise: shows one of them.
        wanted: whether locals are shown at all.
    """

    kinds: tuple[type, ...]
    serialise: Callable[[Any], Any]
    wanted: bool


class _NotPlainError(Exception):
    """A local that sentry-sdk has to show."""


class FrameView:
    """What sentry-sdk reads of a frame, taken down: the frame itself is let go.

    Attributes:
        f_code: of the function.
        f_lineno: line that ran.
        f_globals: the module's name; not its loader, which would read the file again for each frame.
        f_locals: all locals as one that is shown already, or as they are.
    """

    __slots__ = ("f_code", "f_globals", "f_lineno", "f_locals")

    def __init__(self, entry: TracebackType, show: Show | None) -> None:
        frame = entry.tb_frame
        self.f_code = frame.f_code
        self.f_lineno = entry.tb_lineno
        self.f_globals = {"__name__": frame.f_globals.get("__name__")}
        linecache.lazycache(frame.f_code.co_filename, frame.f_globals)
        self.f_locals = dict(frame.f_locals) if show is None else _shown_locals(frame.f_locals, show)

    @property
    def shown(self) -> Any:
        """All locals as they are shown."""
        found = self.f_locals.get(_ALL)
        return found.finished if isinstance(found, _Shown) else None


class TracebackView:
    """A chain of traceback entries, for sentry-sdk in place of a traceback.

    Args:
        frames: caller first; not empty.
        index: of the entry that this one is.
    """

    __slots__ = ("_frames", "_index", "tb_frame", "tb_lineno")

    def __init__(self, frames: Sequence[FrameView], index: int = 0) -> None:
        self._frames, self._index = frames, index
        self.tb_frame = frames[index]
        self.tb_lineno = self.tb_frame.f_lineno

    @property
    def tb_next(self) -> TracebackView | None:
        """The entry of the function that was called."""
        following = self._index + 1
        return TracebackView(self._frames, following) if following < len(self._frames) else None


class _Shown:
    """A value that is shown already. Source: sentry-sdk's own protocol for that, `__sentry_repr__`."""

    __slots__ = ("finished",)

    def __init__(self, finished: Any) -> None:
        self.finished = finished

    def __sentry_repr__(self) -> Any:
        """What to show; called by sentry-sdk's serialiser."""
        return self.finished


def _shown_locals(real: Mapping[str, Any], show: Show) -> dict[str, Any]:
    marks = {name: real[name] for name in _MARKS if name in real}
    if not show.wanted:
        return marks
    return {**marks, _ALL: _Shown({str(name): shown(value, show) for name, value in islice(real.items(), BREADTH)})}


def unwrap(frames: Iterable[dict[str, Any]]) -> None:
    """Give frames that were read through a view their locals, in place."""
    for frame in frames:
        found = frame.get("vars")
        if isinstance(found, dict) and _ALL in found:
            frame["vars"] = found[_ALL]


def shown(value: Any, show: Show) -> Any:
    """A local as sentry-sdk shows it."""
    try:
        return _shown(value, show.kinds, DEPTH, ())
    except Exception:  # noqa: BLE001  # odd in one way or another
        return show.serialise(value)


def _shown(value: Any, kinds: tuple[type, ...], depth: int, around: tuple[int, ...]) -> Any:
    kind = type(value)
    if kind in _SCALARS:
        return repr(value)
    is_mapping = kind is dict
    if not is_mapping and kind not in _SEQUENCES:
        if isinstance(value, kinds) or hasattr(kind, "__sentry_repr__"):
            raise _NotPlainError
        return repr(value)
    if depth == 0 or id(value) in around:
        raise _NotPlainError
    inside = (*around, id(value))
    if is_mapping:
        return {_key(key): _shown(item, kinds, depth - 1, inside) for key, item in islice(value.items(), BREADTH)}
    return [_shown(item, kinds, depth - 1, inside) for item in islice(value, BREADTH)]


def _key(key: Any) -> str:
    if type(key) not in _SCALARS:
        raise _NotPlainError
    return str(key)
