"""JSON of single attributes, remembered by name, type and value: most attributes come again and again.

A look-up replaces rendering and the search for secrets. What is remembered is bounded; used by one thread at a time.
"""

from __future__ import annotations

from math import isfinite
from types import NoneType
from typing import Any, Final, NamedTuple

from otel_sentry.convert.values import attribute
from otel_sentry.masking.mask import LONGEST_CLEAN, MAX_CLEAN, SecretMask
from otel_sentry.protocol.attributes import BOOLEAN, DOUBLE, INTEGER, MAX_INTEGER, MIN_INTEGER, STRING
from otel_sentry.protocol.json_text import dumps, dumps_text_keyed
from otel_sentry.protocol.valid_text import valid_text

_MAX_INTEGERS: Final = 64
"""Integers that are remembered of one name: codes and ports come again, sizes and counts do not."""
_MAX_NAMES: Final = 4096


class ValueTexts(dict[Any, bytes]):
    """Values of one type under one name → JSON of the attribute with a comma behind it."""

    __slots__ = ("_memory", "_name", "_start")

    def __init__(self, name: str, kind: str, memory: AttributeTexts) -> None:
        super().__init__()
        self._name = name
        self._start = b'%b:{"type":"%b","value":' % (dumps(name), kind.encode())
        self._memory = memory


class _Strings(ValueTexts):
    __slots__ = ()

    def __missing__(self, value: str) -> bytes:
        shown = self._memory.mask.text(valid_text(value))
        text = self._start + dumps_text_keyed(shown) + b"},"
        if shown is value and len(value) <= LONGEST_CLEAN:
            self._memory.make_room()
            self[value] = text
        return text


class _Integers(ValueTexts):
    __slots__ = ()

    def __missing__(self, value: int) -> bytes:
        if not MIN_INTEGER <= value <= MAX_INTEGER:
            return _rendered(self._name, value, self._memory.mask)
        text = b"%b%d}," % (self._start, value)
        if len(self) < _MAX_INTEGERS:
            self._memory.make_room()
            self[value] = text
        return text


class _Doubles(ValueTexts):
    __slots__ = ()

    def __missing__(self, value: float) -> bytes:
        if not isfinite(value):
            return _rendered(self._name, value, self._memory.mask)
        return self._start + dumps_text_keyed(value) + b"},"


class _Booleans(ValueTexts):
    __slots__ = ()

    def __missing__(self, value: bool) -> bytes:  # noqa: FBT001 - what a look-up gives
        text = self[value] = self._start + (b"true}," if value else b"false},")
        return text


class _Others:
    """Values of all other types; nothing is remembered, for they may have no hash, or one that others share."""

    __slots__ = ("_mask", "_name")

    def __init__(self, name: str, mask: SecretMask) -> None:
        self._name, self._mask = name, mask

    def __getitem__(self, value: Any) -> bytes:
        return _rendered(self._name, value, self._mask)


class _Kind(NamedTuple):
    texts: type[ValueTexts]
    name: str


_KINDS: Final = {
    str: _Kind(_Strings, STRING),
    int: _Kind(_Integers, INTEGER),
    float: _Kind(_Doubles, DOUBLE),
    bool: _Kind(_Booleans, BOOLEAN),
}


class TextsOfName(dict[type, Any]):
    """Type of a value → `ValueTexts` or what reads like one, for one name; there is none for None."""

    __slots__ = ("_memory", "_name")

    def __init__(self, name: str, memory: AttributeTexts) -> None:
        super().__init__()
        self._name, self._memory = name, memory

    def __missing__(self, kind: type) -> Any:
        if kind is NoneType:
            raise TypeError("None is no value; a name that has it may still be told from one that is not there")
        known = _KINDS.get(kind)
        if known is None:
            return _Others(self._name, self._memory.mask)
        texts = self[kind] = known.texts(self._name, known.name, self._memory)
        self._memory.attend(texts)
        return texts


class _HeldBack(dict[Any, bytes]):
    """Values that are not told."""

    __slots__ = ()

    def __missing__(self, _: Any) -> bytes:
        return b""


class _AnyType(TextsOfName):
    """Any type → the same."""

    __slots__ = ()

    def __init__(self) -> None:
        dict.__init__(self)

    def __missing__(self, _: type) -> _HeldBack:
        return _NOT_TOLD


_NOT_TOLD: Final = _HeldBack()
HELD_BACK: Final = _AnyType()
"""The texts of a name that is held back: empty, whatever the value."""


class AttributeTexts:
    """What is remembered, of all names together.

    Args:
        mask: takes secrets out of values; names of secrets are not for here.
    """

    def __init__(self, mask: SecretMask) -> None:
        self.mask = mask
        self._names: dict[str, TextsOfName] = {}
        self._attended: list[ValueTexts] = []
        self._count = 0

    def __len__(self) -> int:
        return self._count

    @property
    def is_full(self) -> bool:
        """Whether there are so many names that all should be learnt anew."""
        return len(self._names) >= _MAX_NAMES

    def of(self, name: str) -> TextsOfName:
        """The texts of one wire name."""
        found = self._names.get(name)
        if found is None:
            found = self._names[name] = TextsOfName(name, self)
        return found

    def attend(self, texts: ValueTexts) -> None:
        """Count `texts` in from here on."""
        self._attended.append(texts)

    def make_room(self) -> None:
        """Called before something is remembered: forgets all once it is too much, and learns it anew."""
        if self._count >= MAX_CLEAN:
            for texts in self._attended:
                texts.clear()
            self._count = 0
        self._count += 1


def _rendered(name: str, value: Any, mask: SecretMask) -> bytes:
    """Any value but None; `convert.values` says how."""
    return dumps({name: mask.attribute(name, attribute(value))})[1:-1] + b","
