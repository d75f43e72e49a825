"""What a span that waits costs in memory, estimated, and whether it may be given up for another. Reads spans only."""

from __future__ import annotations

from collections.abc import Mapping
from sys import getsizeof
from typing import TYPE_CHECKING, Any, Final

from opentelemetry.trace import StatusCode

from otel_sentry.convert.pressed_span import ATTRIBUTES, NAME, SPAN_ID, STATUS

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import ReadableSpan

    from otel_sentry.convert.pressed_span import PressedSpan
    from otel_sentry.otel.segments import Segment

SPAN_BYTES: Final = 2000
"""An ended span without attributes, kept itself: measured, see the capacity page."""
_PRESSED_BYTES: Final = 400
"""One of which only is kept what it says."""
_ATTRIBUTE_BYTES: Final = 100
_PART_BYTES: Final = 600
"""An event or a link without attributes."""


def span_weight(span: ReadableSpan | PressedSpan) -> int:
    """Bytes that a waiting span takes, about: text in full, everything else by number."""
    if isinstance(span, tuple):
        return _PRESSED_BYTES + len(span[NAME]) + _attributes_weight(span[ATTRIBUTES])
    parts = [event.attributes for event in span.events] + [link.attributes for link in span.links]
    own = SPAN_BYTES + len(span.name) + _attributes_weight(span.attributes)
    return own + sum(_PART_BYTES + _attributes_weight(attributes) for attributes in parts)


def is_precious(span: ReadableSpan | PressedSpan, segment: Segment | None) -> bool:
    """Whether an ordinary span gives way to this one: a local root (also one that came alone) or a failed span."""
    if isinstance(span, tuple):
        span_id, status = span[SPAN_ID], span[STATUS]
    else:
        span_id, status = span.context.span_id, span.status
    return segment is None or span_id == segment.span_id or status.status_code is StatusCode.ERROR


def _attributes_weight(attributes: Mapping[str, Any] | None) -> int:
    if not attributes:
        return 0
    return sum(_ATTRIBUTE_BYTES + _value_weight(value) for value in attributes.values())


def _value_weight(value: Any) -> int:
    if isinstance(value, (str, bytes)):
        return getsizeof(value)
    if isinstance(value, (tuple, list)):
        return sum(map(_value_weight, value))
    if isinstance(value, Mapping):
        return _attributes_weight(value)
    return 0
