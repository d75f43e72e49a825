"""Ended spans → bytes of a span container. Encoded once; what the segment adds is filled in at sending."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any, Final, NamedTuple

from opentelemetry.sdk.trace import ReadableSpan

from otel_sentry.convert.segment import segment_only_attributes
from otel_sentry.convert.span import span_payload
from otel_sentry.convert.values import attributes as typed_attributes
from otel_sentry.protocol.attributes import Attribute
from otel_sentry.protocol.items import CONTAINER_VERSION
from otel_sentry.protocol.json_text import dumps

IDENTITY_NAMES: Final = frozenset(
    {"user.id", "user.name", "user.email", "enduser.id", "wallet.address", "wallet.chain", "wallet.name"}
)
"""Attributes that are held back from a span's own text: only their privacy-processed values are sent."""

CONTAINER_START: Final = b'{"version":%d,"items":[' % CONTAINER_VERSION
CONTAINER_END: Final = b"]}"
_SPAN_END: Final = b"}}"

UserOf = Callable[[Mapping[str, Any]], Mapping[str, str]]
"""A span's own identity attributes, as the application set them → the `user.*`/`wallet.*` that may be sent."""


class EncodedSpan(NamedTuple):
    """A span as JSON, open at the end of its attributes.

    Attributes:
        head: JSON text up to the last of the span's own attributes.
        shadowed: names of common attributes that the span has itself, sorted; mostly empty.
        identity: the span's own identity attributes, raw; None when it has none.
    """

    head: bytes
    shadowed: tuple[str, ...]
    identity: dict[str, Any] | None


class SpanEncoder:
    """Encodes the spans of one pipeline. Used by one thread at a time.

    Args:
        common_names: every name that a common part may have; a span's own attribute of that name wins.
        identity_names: attributes that are held back, see `IDENTITY_NAMES`.
    """

    def __init__(self, *, common_names: Collection[str] = (), identity_names: Collection[str] = IDENTITY_NAMES) -> None:
        self._identity_names = frozenset(identity_names)
        self._common_names = frozenset(common_names) - self._identity_names

    def encode(self, span: ReadableSpan, *, is_segment: bool = False) -> EncodedSpan:
        """Encode one ended span; `is_segment` says that it is a local root."""
        return self.encode_payload(span, is_segment=is_segment)

    def encode_payload(self, span: ReadableSpan, *, is_segment: bool) -> EncodedSpan:
        """The plain way: the dictionary of `span_payload`, as JSON."""
        payload: dict[str, Any] = dict(span_payload(span))
        own = payload.pop("attributes")
        if is_segment:
            own.update(segment_only_attributes(span))
        identity = {name: value for name, value in (span.attributes or {}).items() if name in self._identity_names}
        for name in identity:
            own.pop(name, None)
        payload["is_segment"] = is_segment
        payload["attributes"] = own
        return EncodedSpan(dumps(payload)[:-2], tuple(sorted(self._common_names & own.keys())), identity or None)


class CommonPart:
    """What all spans of one segment share, rendered once for each set of names that spans shadow.

    Args:
        attributes: typed; `service_attributes` and `segment_attributes` together.
        user_of: see `UserOf`; asked only for spans that carry an identity themselves.
    """

    def __init__(self, attributes: Mapping[str, Attribute], user_of: UserOf) -> None:
        self._attributes = attributes
        self._user_of = user_of
        self._tails: dict[tuple[str, ...], bytes] = {}

    def tail(self, span: EncodedSpan) -> bytes:
        """The rest of a span's JSON."""
        if span.identity is not None:
            return self._render(span.shadowed, typed_attributes(self._user_of(span.identity)))
        found = self._tails.get(span.shadowed)
        if found is None:
            found = self._tails[span.shadowed] = self._render(span.shadowed, {})
        return found

    def _render(self, shadowed: tuple[str, ...], own: Mapping[str, Attribute]) -> bytes:
        shared = {name: value for name, value in self._attributes.items() if name not in shadowed}
        merged = {**shared, **own}
        return b"," + dumps(merged)[1:-1] + _SPAN_END if merged else _SPAN_END


def render_spans(spans: Iterable[tuple[EncodedSpan, CommonPart]]) -> list[bytes]:
    """Pieces of the container payload `{"version":2,"items":[…]}`; joined they are its bytes."""
    pieces = [CONTAINER_START]
    for span, common in spans:
        pieces += (span.head, common.tail(span), b",")
    if len(pieces) > 1:
        pieces.pop()
    pieces.append(CONTAINER_END)
    return pieces
