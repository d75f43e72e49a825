"""JSON of single attributes, remembered by name, type and value: most attributes come again and again.

A look-up replaces rendering and the search for secrets. What is remembered is bounded; used by one thread at a time.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import isfinite
from typing import Any, Final, NamedTuple

from otel_sentry.masking.mask import MAX_CLEAN, SecretMask
from otel_sentry.protocol.attributes import BOOLEAN, DOUBLE, INTEGER, MAX_INTEGER, MIN_INTEGER, STRING
from otel_sentry.protocol.json_text import dumps, dumps_text_keyed
from otel_sentry.protocol.valid_text import valid_text

_MAX_INTEGERS: Final = 64
"""Integers that are remembered of one name: codes and ports come again, sizes and counts do not."""
_MAX_NAMES: Final = 4096
_LONGEST_TEXT: Final = 512
"""Bytes of a text that is remembered, its name included."""


class NotFlat(Exception):
    """A value that only `convert.values` can show: an array, None, a number that JSON has not, any subclass."""


class ValueTexts(dict[Any, bytes]):
    """Values of one type under one name → JSON of the attribute with a comma behind it."""

    __slots__ = ("_memory", "_start")

    def __init__(self, name: str, kind: str, memory: AttributeTexts) -> None:
        super().__init__()
        self._start = b'%b:{"type":"%b","value":' % (dumps(name), kind.encode())
        self._memory = memory

    def _remembered(self, value: Any, text: bytes) -> bytes:
        if len(text) <= _LONGEST_TEXT:
            self._memory.make_room()
            self[value] = text
        return text


class _Strings(ValueTexts):
    __slots__ = ()

    def __missing__(self, value: str) -> bytes:
        shown = self._memory.mask.text(valid_text(value))
        text = self._start + dumps_text_keyed(shown) + b"},"
        return self._remembered(value, text) if shown is value else text


class _Integers(ValueTexts):
    __slots__ = ()

    def __missing__(self, value: int) -> bytes:
        if not MIN_INTEGER <= value <= MAX_INTEGER:
            raise NotFlat
        text = b"%b%d}," % (self._start, value)
        return self._remembered(value, text) if len(self) < _MAX_INTEGERS else text


class _Doubles(ValueTexts):
    __slots__ = ()

    def __missing__(self, value: float) -> bytes:
        if not isfinite(value):
            raise NotFlat
        return self._start + dumps_text_keyed(value) + b"},"


class _Booleans(ValueTexts):
    __slots__ = ()

    def __missing__(self, value: bool) -> bytes:  # noqa: FBT001 - what a look-up gives
        return self._remembered(value, self._start + (b"true}," if value else b"false},"))


class _Kind(NamedTuple):
    texts: type[ValueTexts]
    name: str


_KINDS: Final[Mapping[type, _Kind]] = {
    str: _Kind(_Strings, STRING),
    int: _Kind(_Integers, INTEGER),
    float: _Kind(_Doubles, DOUBLE),
    bool: _Kind(_Booleans, BOOLEAN),
}


class TextsOfName(dict[type, ValueTexts]):
    """Type of a value → its `ValueTexts`, for one name.

    Raises:
        NotFlat: by a look-up, for a type that has none.
    """

    __slots__ = ("_memory", "_name")

    def __init__(self, name: str, memory: AttributeTexts) -> None:
        super().__init__()
        self._name, self._memory = name, memory

    def __missing__(self, kind: type) -> ValueTexts:
        known = _KINDS.get(kind)
        if known is None:
            raise NotFlat
        texts = self[kind] = known.texts(self._name, known.name, self._memory)
        self._memory.owners.append(texts)
        return texts


class HeldBack:
    """In the place of `TextsOfName` where nothing is told, whatever the value: nothing is hashed."""

    def __getitem__(self, _: Any) -> Any:
        return _NOT_TOLD


class _NotTold:
    def __getitem__(self, _: Any) -> bytes:
        return b""


_NOT_TOLD: Final = _NotTold()
HELD_BACK: Final = HeldBack()


class AttributeTexts:
    """What is remembered, of all names together; `len` is their number.

    Args:
        mask: takes secrets out of values; names of secrets are not for here.

    Attributes:
        owners: where it is remembered.
    """

    def __init__(self, mask: SecretMask) -> None:
        self.mask = mask
        self.owners: list[ValueTexts] = []
        self._names: dict[str, TextsOfName] = {}
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

    def make_room(self) -> None:
        """Called before something is remembered: forgets all once it is too much, and learns it anew."""
        if self._count >= MAX_CLEAN:
            for texts in self.owners:
                texts.clear()
            self._count = 0
        self._count += 1
