"""A stand-in for an exception in the hints of sentry-sdk's hooks, for when the exception itself is gone.

Pure. Rule: same type, same plain arguments and attributes; nothing that could keep a frame or a large object alive.
"""

from __future__ import annotations

import builtins
import weakref
from collections.abc import Callable
from typing import Any, Final

_MAX_ITEMS: Final = 20
_MAX_TEXT: Final = 1024
_MAX_DEPTH: Final = 3
_OMITTED: Final = object()
_OWN: Final = [kind for kind in vars(builtins).values() if isinstance(kind, type) and issubclass(kind, BaseException)]
_OWN_INITS: Final = {kind.__init__ for kind in _OWN}
_OWN_NEWS: Final = {kind.__new__ for kind in _OWN}

ExcInfo = tuple[type[BaseException], "BaseException | None", None]


def keep_for_hint(exception: BaseException) -> Callable[[], ExcInfo]:
    """Remember an exception without keeping it.

    Returns:
        A function that gives `exc_info` later: with the exception itself while the application holds it (types that
        allow weak references), with a stand-in after that.
    """
    kind = type(exception)
    twin = stand_in(exception)
    try:
        reference: Callable[[], BaseException | None] = weakref.ref(exception)
    except TypeError:
        return lambda: (kind, twin, None)
    return lambda: (kind, reference() or twin, None)


def stand_in(exception: BaseException) -> BaseException | None:
    """An exception of the same type with the same plain arguments and attributes; None if there can be none.

    No `__init__` of the application runs.
    """
    try:
        twin = _made_by_builtins(exception) or _made_bare(exception)
        attributes = {name: _plain(value) for name, value in list(vars(exception).items())[:_MAX_ITEMS]}
        vars(twin).update((name, value) for name, value in attributes.items() if value is not _OMITTED)
    except Exception:  # noqa: BLE001  # types can refuse in any way
        return None
    return twin


def _made_by_builtins(exception: BaseException) -> BaseException | None:
    """A twin made by its type's constructor, where that is one of Python's own and takes plain arguments."""
    kind = type(exception)
    if kind.__init__ not in _OWN_INITS or kind.__new__ not in _OWN_NEWS:
        return None
    arguments = _plain(exception.__reduce__()[1])
    return kind(*arguments) if isinstance(arguments, tuple) else None


def _made_bare(exception: BaseException) -> BaseException:
    """A twin that no constructor has seen, with those of the arguments that are plain."""
    kind = type(exception)
    base: Any = next(one for one in kind.__mro__ if one.__module__ == "builtins")
    twin: BaseException = base.__new__(kind)
    twin.args = tuple(None if (kept := _plain(item)) is _OMITTED else kept for item in exception.args[:_MAX_ITEMS])
    return twin


def _plain(value: Any, depth: int = _MAX_DEPTH) -> Any:
    """A value without references to anything larger; `_OMITTED` if it has none."""
    if value is None or type(value) in (bool, int, float):
        return value
    if type(value) in (str, bytes):
        return value[:_MAX_TEXT]
    if depth and type(value) in (tuple, list):
        items = [_plain(item, depth - 1) for item in value[:_MAX_ITEMS]]
        return _OMITTED if _OMITTED in items else type(value)(items)
    if depth and type(value) is dict:
        pairs = {key: _plain(item, depth - 1) for key, item in list(value.items())[:_MAX_ITEMS] if type(key) is str}
        return {key: item for key, item in pairs.items() if item is not _OMITTED}
    return _OMITTED
