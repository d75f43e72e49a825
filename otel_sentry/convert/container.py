"""Encoded items of a container, and what all items of one segment share: rendered when they are sent."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple

from otel_sentry.convert.attribute_names import IDENTITY_PREFIXES, UserOf
from otel_sentry.convert.values import attributes as typed_attributes
from otel_sentry.masking.mask import SecretMask
from otel_sentry.protocol.attributes import Attribute
from otel_sentry.protocol.items import CONTAINER_VERSION
from otel_sentry.protocol.json_text import dumps

CONTAINER_START: Final = b'{"version":%d,"items":[' % CONTAINER_VERSION
CONTAINER_END: Final = b"]}"
_SPAN_END: Final = b"}}"
MAX_TEXTS: Final = 256
"""Renderings of a process's part that are remembered; beyond, all are forgotten and made anew."""


class EncodedItem(NamedTuple):
    """A span, log or metric as JSON, open at the end of its attributes.

    Attributes:
        head: JSON text up to the last of the item's own attributes.
        shadowed: names of common attributes that are left out, because the item has them itself, or because they would
            be wrong on it (`hidden_names`); sorted, mostly empty.
        identity: the item's own identity attributes, raw; None when it has none.
        failed: it is a span whose status is an error.
    """

    head: bytes
    shadowed: tuple[str, ...]
    identity: dict[str, Any] | None
    failed: bool = False


def identity_of(names: Iterable[str], attributes: Mapping[str, Any]) -> dict[str, Any] | None:
    """The identity attributes among some, raw; None when there are none."""
    found = {name: attributes[name] for name in names if attributes[name] is not None}
    return found or None


def encode_items(
    items: Iterable[Mapping[str, Any]],
    own: Mapping[str, Attribute],
    raw: Mapping[str, Any],
    common_names: Collection[str],
    identity_names: Collection[str],
    mask: SecretMask,
) -> list[EncodedItem]:
    """Logs or metrics with the same attributes, open at their end as spans are; `container` joins all alike.

    Args:
        items: payloads; `attributes` in them do not count.
        own: their attributes, at least one.
        raw: the attributes as the application set them, for the identity among them.
        common_names: as in `SpanEncoder`.
        identity_names: as in `SpanEncoder`.
        mask: as in `SpanEncoder`.
    """
    shown = mask.attributes({name: value for name, value in own.items() if name not in identity_names})
    shadowed = tuple(sorted(shown.keys() & set(common_names)))
    identity = identity_of([name for name in raw if name in identity_names], raw)
    tail = b',"attributes":' + dumps(shown)[:-1]
    bare = ({name: value for name, value in item.items() if name != "attributes"} for item in items)
    return [EncodedItem(dumps(mask.tree(item))[:-1] + tail, shadowed, identity) for item in bare]


class ProcessPart:
    """What all items of a process share, rendered once for each set of names that are left out.

    Args:
        attributes: typed, without secrets; `service_attributes`.
    """

    def __init__(self, attributes: Mapping[str, Attribute]) -> None:
        self._attributes = attributes
        self._texts: dict[frozenset[str], bytes] = {}
        self.names = frozenset(attributes)
        self.identity_names = frozenset(name for name in attributes if name.startswith(IDENTITY_PREFIXES))

    def text(self, left_out: Collection[str]) -> bytes:
        """JSON without braces, empty when nothing is left."""
        key = self.names.intersection(left_out)
        found = self._texts.get(key)
        if found is None:
            if len(self._texts) >= MAX_TEXTS:
                self._texts.clear()
            left = {name: value for name, value in self._attributes.items() if name not in key}
            found = self._texts[key] = dumps(left)[1:-1]
        return found


NO_PROCESS: Final = ProcessPart({})


class CommonPart:
    """What all spans of one segment share, rendered once for each set of names that spans shadow.

    Args:
        attributes: typed; `segment_attributes`, and `service_attributes` where there is no `process`.
        user_of: see `UserOf`; asked only for spans that carry an identity themselves.
        process: what the segment shares with others; gives way to `attributes` of the same name.
    """

    def __init__(self, attributes: Mapping[str, Attribute], user_of: UserOf, process: ProcessPart = NO_PROCESS) -> None:
        self._attributes = attributes
        self._user_of = user_of
        self._process = process
        self._tails: dict[tuple[str, ...], bytes] = {}

    def tail(self, item: EncodedItem) -> bytes:
        """The rest of an item's JSON."""
        if item.identity is not None:
            return self.tail_of(item.shadowed, item.identity)
        return self.tails([item.shadowed])[0]

    def tails(self, shadowed: Iterable[tuple[str, ...]]) -> list[bytes]:
        """The rest of the JSON of items without an identity of their own, by what they shadow."""
        known = self._tails
        return [known.get(names) or self._rendered(names) for names in shadowed]

    def tail_of(self, shadowed: tuple[str, ...], identity: Mapping[str, Any]) -> bytes:
        """The rest of the JSON of an item that has an identity of its own."""
        return self._render(shadowed, self._user_of(identity))

    def _rendered(self, shadowed: tuple[str, ...]) -> bytes:
        text = self._tails[shadowed] = self._render(shadowed)
        return text

    def _render(self, shadowed: tuple[str, ...], user: Mapping[str, str] | None = None) -> bytes:
        process, own = self._process, dict(self._attributes)
        left_out = own.keys() | shadowed
        for name in shadowed:
            own.pop(name, None)
        if user is not None:
            own = {name: value for name, value in own.items() if not name.startswith(IDENTITY_PREFIXES)}
            own.update(typed_attributes(user))
            left_out |= process.identity_names
        parts = [part for part in (process.text(left_out), dumps(own)[1:-1]) if part]
        return b"".join([b"," + part for part in parts]) + _SPAN_END


def container(heads: Sequence[bytes], tails: Sequence[bytes]) -> list[bytes]:
    """Pieces of the container payload `{"version":2,"items":[…]}`; joined they are its bytes.

    Args:
        heads: `EncodedItem.head` of each item.
        tails: the rest of each.
    """
    pieces = [b","] * (3 * len(heads))
    pieces[::3] = heads
    pieces[1::3] = tails
    return [CONTAINER_START, *pieces[:-1], CONTAINER_END]
