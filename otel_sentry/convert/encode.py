"""Ended spans → bytes of a span container. Encoded once; what the segment adds is filled in at sending."""

from __future__ import annotations

from collections.abc import Collection
from math import isfinite
from typing import Any, Final

from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.trace import StatusCode

from otel_sentry.convert.attribute_names import IDENTITY_NAMES, put_renamed
from otel_sentry.convert.container import CommonPart, EncodedItem, identity_of, render_spans
from otel_sentry.convert.limits import MAX_ATTRIBUTES_BYTES, MAX_NAME_LENGTH
from otel_sentry.convert.segment import segment_only_attributes
from otel_sentry.convert.shape import Shape, Shapes, hidden_names
from otel_sentry.convert.span import (
    EXPLICIT_NAME,
    STATUS_MESSAGE,
    UNKNOWN_NAME,
    loss_attributes,
    span_links,
    span_payload,
)
from otel_sentry.convert.status import ERROR, OK, wire_status
from otel_sentry.convert.values import attribute, text
from otel_sentry.masking.mask import LONGEST_CLEAN, MAX_CLEAN, SecretMask
from otel_sentry.protocol.attributes import (
    BOOLEAN,
    DOUBLE,
    INTEGER,
    MAX_INTEGER,
    MIN_INTEGER,
    STRING,
    Attribute,
)
from otel_sentry.protocol.json_text import dumps, dumps_text_keyed
from otel_sentry.protocol.valid_text import valid_text

EncodedSpan = EncodedItem

_END: Final = b"},"
_TRUE: Final = b"true},"
_FALSE: Final = b"false},"

__all__ = ["CommonPart", "EncodedSpan", "SpanEncoder", "render_spans"]


class SpanEncoder:
    """Encodes the spans of one pipeline. Used by one thread at a time.

    Args:
        common_names: every name that a common part may have; a span's own attribute of that name wins.
        identity_names: attributes that are held back, see `IDENTITY_NAMES`.
        mask: takes secrets out of names, values, messages and links.
    """

    def __init__(
        self,
        *,
        common_names: Collection[str] = (),
        identity_names: Collection[str] = IDENTITY_NAMES,
        mask: SecretMask | None = None,
    ) -> None:
        self._mask = mask or SecretMask()
        self._identity_names = frozenset(identity_names)
        self._common_names = frozenset(common_names) - self._identity_names
        self._shapes = Shapes(common_names=self._common_names, identity_names=self._identity_names, mask=self._mask)
        self._texts: dict[str, bytes] = {}

    def encode(self, span: ReadableSpan, *, is_segment: bool = False) -> EncodedSpan:
        """Encode one ended span; `is_segment` says that it is a local root."""
        try:
            encoded = self._encode_quickly(span, is_segment=is_segment)
        except (TypeError, AttributeError, OverflowError):  # a lone surrogate, a foreign span or id
            encoded = None
        return encoded or self.encode_plainly(span, is_segment=is_segment)

    def _encode_quickly(self, span: ReadableSpan, *, is_segment: bool) -> EncodedSpan | None:
        """By the SDK's own fields, for each of its properties is a call; None for a span that has to be cut."""
        attributes: dict[str, Any] = span._attributes._dict  # type: ignore[union-attr] # noqa: SLF001
        shape = self._shapes.of(span._instrumentation_scope, span._kind, attributes)  # noqa: SLF001
        own = segment_only_attributes(span) if is_segment else {}
        payload = _fields(span, shape, attributes, own, self._mask)
        payload["is_segment"] = is_segment
        pieces = self._flat_attributes(shape, attributes, own)
        if pieces is None:
            own = {**_own_attributes(shape, attributes, self._mask), **own}
            payload["attributes"] = own
            head = dumps_text_keyed(payload)[:-2] + (b"," if own else b"")
            inferred, shadowed = shape.inferred(attributes), _shadowed(shape, own)
        else:
            payload["attributes"] = own
            head = dumps_text_keyed(payload)[:-2] + (b"," if own else b"") + b"".join(pieces)
            inferred, shadowed = shape.inferred_if_flat(attributes), shape.shadows
        if len(head) > MAX_ATTRIBUTES_BYTES:
            return None
        identity = identity_of(shape.identity, attributes) if shape.identity else None
        return EncodedSpan(head + inferred, shadowed, identity, payload["status"] is ERROR)

    def _flat_attributes(
        self, shape: Shape, attributes: dict[str, Any], own: dict[str, Attribute]
    ) -> list[bytes] | None:
        """JSON of the attributes of a span, each with a comma behind it; None if they are not as simple as that."""
        if shape.starts is None or (own and not shape.names.isdisjoint(own)):
            return None
        for old, _, kept in shape.kept:
            if type(attributes[old]) is not kept:
                return None
        known = self._texts
        pieces: list[bytes] = []
        for starts, value in zip(shape.starts, attributes.values(), strict=True):
            if starts is None:
                continue
            kind = type(value)
            if kind is str:
                pieces += (starts.string, known.get(value) or self._text(value))
            elif kind is int and MIN_INTEGER <= value <= MAX_INTEGER:
                pieces += (starts.integer, b"%d}," % value)
            elif kind is bool:
                pieces += (starts.boolean, _TRUE if value else _FALSE)
            elif kind is float and isfinite(value):
                pieces += (starts.double, dumps_text_keyed(value), _END)
            else:
                return None
        return pieces

    def _text(self, value: str) -> bytes:
        """A string as the end of an attribute's JSON; clean ones are remembered, for most come again."""
        shown = self._mask.text(valid_text(value))
        text = dumps_text_keyed(shown) + _END
        if shown is value and len(value) <= LONGEST_CLEAN:
            if len(self._texts) >= MAX_CLEAN:
                self._texts.clear()
            self._texts[value] = text
        return text

    def encode_plainly(self, span: ReadableSpan, *, is_segment: bool) -> EncodedSpan:
        """The plain way, for what the fast one cannot encode: the dictionary of `span_payload`, as JSON."""
        payload: dict[str, Any] = self._mask.tree(span_payload(span))
        own = payload.pop("attributes")
        if is_segment:
            own.update(segment_only_attributes(span))
        attributes = span.attributes or {}
        held_back = [name for name in attributes if name in self._identity_names]
        for name in held_back:
            own.pop(name, None)
        payload["is_segment"] = is_segment
        payload["attributes"] = own
        shadowed = (self._common_names & own.keys()).union(hidden_names(span.kind, self._common_names))
        failed = payload["status"] == ERROR
        return EncodedSpan(dumps(payload)[:-2], tuple(sorted(shadowed)), identity_of(held_back, attributes), failed)


def _shadowed(shape: Shape, own: dict[str, Attribute]) -> tuple[str, ...]:
    if shape.shadows == shape.hidden:
        return shape.hidden
    return tuple([name for name in shape.shadows if name in own or name in shape.hidden])


def _own_attributes(shape: Shape, attributes: dict[str, Any], mask: SecretMask) -> dict[str, Attribute]:
    """`wire_attributes`, without identity and secrets, for a known shape."""
    own: dict[str, Attribute] = {}
    clean = mask.clean
    for name, value in zip(shape.wire_names, attributes.values(), strict=True):
        if name is None:
            continue
        kind = type(value)
        if kind is str:
            own[name] = {"type": STRING, "value": value if value in clean else mask.text(value)}
        elif kind is int and MIN_INTEGER <= value <= MAX_INTEGER:
            own[name] = {"type": INTEGER, "value": value}
        elif kind is bool:
            own[name] = {"type": BOOLEAN, "value": value}
        elif kind is float and isfinite(value):
            own[name] = {"type": DOUBLE, "value": value}
        elif (typed := attribute(value)) is not None:
            own[name] = mask.attribute(name, typed)
    if shape.kept or shape.special:
        _rename_apart(shape, attributes, own, mask)
    if shape.secret:
        own.update({name: mask.attribute(name, own[name]) for name in shape.secret if name in own})
    return own


def _rename_apart(shape: Shape, attributes: dict[str, Any], own: dict[str, Attribute], mask: SecretMask) -> None:
    """Old pairs whose translation depends on their value."""
    before = own.copy()
    for old, new, kept in shape.kept:
        if type(attributes[old]) is not kept:
            own.pop(new, None)
            put_renamed(own, old, attributes[old], shape.kind)
    for old in shape.special:
        put_renamed(own, old, attributes[old], shape.kind)
    own.update({name: mask.attribute(name, typed) for name, typed in own.items() if before.get(name) is not typed})


def _fields(
    span: ReadableSpan, shape: Shape, attributes: dict[str, Any], own: dict[str, Attribute], mask: SecretMask
) -> dict[str, Any]:
    """The fields of `span_payload` besides attributes; adds what status and limits say to `own`."""
    context: Any = span._context  # noqa: SLF001
    parent, name = span._parent, span._name  # noqa: SLF001
    start = span._start_time or span._end_time or 0  # noqa: SLF001
    end = max(start, span._end_time or start)  # noqa: SLF001
    if shape.has_directives:
        name = text(attributes.get(EXPLICIT_NAME) or name)
    if name not in mask.clean:
        name = mask.text(name)
    # What differs from span to span comes first: the rest is then one long match for the compressor.
    payload: dict[str, Any] = {
        "start_timestamp": start // 1000 / 1_000_000,  # `seconds`, without its calls
        "end_timestamp": end // 1000 / 1_000_000,
        "span_id": context.span_id.to_bytes(8, "big").hex(),  # twice as fast as a format
    }
    if parent is not None:
        payload["parent_span_id"] = parent.span_id.to_bytes(8, "big").hex()
    payload["trace_id"] = context.trace_id.to_bytes(16, "big").hex()
    payload["name"] = (name or UNKNOWN_NAME)[:MAX_NAME_LENGTH]
    payload["status"] = OK
    status = span._status  # noqa: SLF001
    code = status._status_code  # noqa: SLF001
    if code is StatusCode.ERROR:
        payload["status"] = ERROR
        if status.description:
            own[STATUS_MESSAGE] = {"type": STRING, "value": mask.text(text(status.description))}
    elif shape.status_key is not None and not _is_fine(attributes[shape.status_key]):
        payload["status"] = wire_status(code, shape.kind, attributes)
    if _has_losses_or_links(span):
        links = span_links(span.links)
        own.update(loss_attributes(span, lost_links=len(span.links) - len(links)))
        if links:
            payload["links"] = mask.tree(links)
    return payload


def _is_fine(code: Any) -> bool:
    """Whether it is an HTTP code that means success for every kind of span."""
    return type(code) is int and 100 <= code < 400


def _has_losses_or_links(span: Any) -> bool:
    attributes, events, links = span._attributes, span._events, span._links  # noqa: SLF001
    return bool(links._dq or attributes.dropped or events.dropped or links.dropped)  # noqa: SLF001
