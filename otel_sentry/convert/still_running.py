"""One span that is open for long → one entry of a log container: what is told of it while it runs. Pure.

A log and no span, because Sentry would count a second span of the same id beside the first (docs: delivery).
"""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Final

from otel_sentry.convert.attribute_names import IDENTITY_NAMES, wire_attributes
from otel_sentry.convert.container import EncodedItem, encode_items
from otel_sentry.convert.limits import MAX_ATTRIBUTES_BYTES, fit
from otel_sentry.convert.log import PARAMETER_PREFIX, TEMPLATE
from otel_sentry.convert.span import seconds, span_name
from otel_sentry.convert.values import attributes as typed_attributes
from otel_sentry.masking.mask import SecretMask

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import ReadableSpan

    from otel_sentry.protocol.items import LogItem

STILL_RUNNING_ORIGIN: Final = "auto.log.otel_sentry"
_TEMPLATE: Final = "still running after {seconds} s: {span}"
_WARN: Final = 13
"""OpenTelemetry's severity number of a warning."""


def encode_still_running(
    span: ReadableSpan,
    now_ns: int,
    *,
    common_names: Collection[str] = (),
    identity_names: Collection[str] = IDENTITY_NAMES,
    mask: SecretMask | None = None,
) -> EncodedItem:
    """A warning in the span's trace, with the span's attributes so far; open at its end as logs are.

    Args:
        span: has started and not ended.
        now_ns: nanoseconds since 1970.
        common_names: as in `SpanEncoder`.
        identity_names: as in `SpanEncoder`.
        mask: takes secrets out.
    """
    mask = mask or SecretMask()
    context = span.context
    name = mask.text(span_name(span))
    took = round((now_ns - (span.start_time or now_ns)) / 1e9)
    item: LogItem = {
        "timestamp": seconds(now_ns),
        "trace_id": f"{context.trace_id:032x}",
        "span_id": f"{context.span_id:016x}",
        "level": "warn",
        "severity_number": _WARN,
        "body": _TEMPLATE.format(seconds=took, span=name),
        "attributes": {},
    }
    said = {
        "sentry.origin": STILL_RUNNING_ORIGIN,
        TEMPLATE: _TEMPLATE,
        f"{PARAMETER_PREFIX}seconds": took,
        f"{PARAMETER_PREFIX}span": name,
    }
    raw = span.attributes or {}
    own = {**fit(wire_attributes(raw, span.kind), MAX_ATTRIBUTES_BYTES), **typed_attributes(said)}
    (encoded,) = encode_items([item], own, raw, common_names, identity_names, mask)
    return encoded
