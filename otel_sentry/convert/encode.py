"""Ended spans → bytes of a span container. Encoded once; what the segment adds is filled in at sending."""

from __future__ import annotations

from binascii import hexlify
from collections.abc import Collection
from math import isfinite
from typing import Any, Final

from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.trace import Status, StatusCode

from otel_sentry.convert.attribute_names import IDENTITY_NAMES, put_renamed
from otel_sentry.convert.container import EncodedItem, identity_of
from otel_sentry.convert.limits import MAX_ATTRIBUTES_BYTES, MAX_NAME_LENGTH
from otel_sentry.convert.pressed_span import PressedSpan, fields_of, unpressed
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
from otel_sentry.convert.status import ERROR, wire_status
from otel_sentry.convert.value_texts import NotFlat
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

EncodedSpan = EncodedItem

_ODD: Final = (TypeError, AttributeError, OverflowError, LookupError, ValueError, RuntimeError)
"""What a span may raise that is encoded plainly: a lone surrogate, somebody else's span, an id out of range, attributes
that another processor changes meanwhile."""
_FATES: Final = (
    (b',"status":"ok","is_segment":false', b',"status":"ok","is_segment":true'),
    (b',"status":"error","is_segment":false', b',"status":"error","is_segment":true'),
)
"""By whether the span has failed and whether it is a segment."""


class _SpanNames(dict[str, bytes]):
    """Names of spans → the field's JSON, without secrets and never empty; bounded."""

    __slots__ = ("_mask",)

    def __init__(self, mask: SecretMask) -> None:
        super().__init__()
        self._mask = mask

    def __missing__(self, name: str) -> bytes:
        if len(self) >= MAX_CLEAN:
            self.clear()
        shown = self._mask.text(name or UNKNOWN_NAME)
        field = b',"name":' + dumps_text_keyed(shown[:MAX_NAME_LENGTH])
        if shown is name and len(name) <= LONGEST_CLEAN:
            self[name] = field
        return field


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
        self._span_names = _SpanNames(self._mask)
        self._trace: tuple[int, bytes] = (-1, b"")  # one object: a fork could come between two

    def encode(self, span: ReadableSpan | PressedSpan, *, is_segment: bool = False) -> EncodedSpan:
        """Encode one ended span; `is_segment` says that it is a local root."""
        try:
            if type(span) is tuple:
                encoded = self._encode_quickly(span, {}, b"", is_segment=False)
            else:
                encoded = self._encode_whole(span, is_segment=is_segment)  # type: ignore[arg-type] # it is no tuple
        except _ODD:
            encoded = None
        return encoded or self.encode_plainly(unpressed(span), is_segment=is_segment)

    def _encode_whole(self, span: ReadableSpan, *, is_segment: bool) -> EncodedSpan | None:
        """By the SDK's own fields, for each of its properties is a call."""
        own = segment_only_attributes(span) if is_segment else {}
        links = b""
        if _has_losses_or_links(span):
            kept = span_links(span.links)
            own.update(loss_attributes(span, lost_links=len(span.links) - len(kept)))
            links = b',"links":' + dumps(self._mask.tree(kept)) if kept else b""
        return self._encode_quickly(fields_of(span), own, links, is_segment=is_segment)

    def _encode_quickly(
        self, fields: PressedSpan, own: dict[str, Attribute], links: bytes, *, is_segment: bool
    ) -> EncodedSpan | None:
        """Look up what has come before, render the rest; None for a span that has to be cut.

        Args:
            fields: of the span.
            own: attributes besides those that the application set.
            links: the field's JSON with a comma before it, if there are any.
            is_segment: see `encode`.
        """
        name, trace_id, span_id, parent_id, attributes, kind, status, start, end, scope, _, _ = fields
        shape = self._shapes.of(scope, kind, attributes)
        if shape.has_directives:
            name = text(attributes.get(EXPLICIT_NAME) or name)
        failed = status._status_code is StatusCode.ERROR  # noqa: SLF001
        if failed:
            own.update(self._told_by(status))
        elif shape.status_key is not None and not _is_fine(attributes[shape.status_key]):
            failed = wire_status(status.status_code, kind, attributes) is ERROR
        start = start or end or 0
        # What differs from span to span comes first: the rest is then one long match for the compressor.
        pieces = [
            b'{"start_timestamp":',
            dumps_text_keyed(start // 1000 / 1_000_000),  # `seconds`, without its calls
            b',"end_timestamp":',
            dumps_text_keyed((end if end and end > start else start) // 1000 / 1_000_000),
            b',"span_id":"',
            hexlify(span_id.to_bytes(8, "big")),  # twice as fast as a format
        ]
        if parent_id is not None:
            pieces += (b'","parent_span_id":"', hexlify(parent_id.to_bytes(8, "big")))
        trace = self._trace
        if trace[0] != trace_id:
            trace = self._trace = (trace_id, hexlify(trace_id.to_bytes(16, "big")))
        pieces += (
            b'","trace_id":"',
            trace[1],
            b'"',
            self._span_names[name],
            _FATES[failed][is_segment],
            links,
            b',"attributes":{',
        )
        shadowed = self._add_attributes(pieces, shape, attributes, own)
        head = b"".join(pieces)
        if len(head) > MAX_ATTRIBUTES_BYTES:
            return None
        return EncodedSpan(head, shadowed, identity_of(shape.identity, attributes) if shape.identity else None, failed)

    def _add_attributes(
        self, pieces: list[bytes], shape: Shape, attributes: dict[str, Any], own: dict[str, Attribute]
    ) -> tuple[str, ...]:
        """Add the JSON of a span's attributes, each with a comma behind it; what of the common part it shadows."""
        texts = self._flat(shape, attributes, own)
        if texts is None:
            own = {**_own_attributes(shape, attributes, self._mask), **own}
            pieces += (dumps_text_keyed(own)[1:-1], b"," if own else b"", shape.inferred(attributes))
            return _shadowed(shape, own)
        if own:
            pieces += (dumps_text_keyed(own)[1:-1], b",")
        pieces += texts
        pieces.append(shape.inferred_if_flat(attributes))
        return shape.shadows

    def _flat(self, shape: Shape, attributes: dict[str, Any], own: dict[str, Attribute]) -> list[bytes] | None:
        """The JSON of each attribute, looked up; None if they are not as simple as that."""
        if shape.texts is None or (own and not shape.names.isdisjoint(own)):
            return None
        for old, _, kept in shape.kept:
            if type(attributes[old]) is not kept:
                return None
        try:
            # `strict` would be a fifth of it.
            texts = [known[type(value)][value] for known, value in zip(shape.texts, attributes.values())]  # noqa: B905
        except NotFlat:
            return None
        if len(attributes) != len(shape.texts):  # somebody takes attributes from a span that has ended
            raise TypeError("the attributes have changed")
        return texts

    def _told_by(self, status: Status) -> dict[str, Attribute]:
        """What the status of a failed span says."""
        if not status.description:
            return {}
        return {STATUS_MESSAGE: {"type": STRING, "value": self._mask.text(text(status.description))}}

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


def _is_fine(code: Any) -> bool:
    """Whether it is an HTTP code that means success for every kind of span."""
    return type(code) is int and 100 <= code < 400


def _has_losses_or_links(span: Any) -> bool:
    attributes, events, links = span._attributes, span._events, span._links  # noqa: SLF001
    return bool(links._dq or attributes.dropped or events.dropped or links.dropped)  # noqa: SLF001
