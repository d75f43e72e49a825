"""Are the items of a container (spans, logs, metrics) what Sentry's ingest takes? Pure; tables are in `shapes`.

Source: Relay's `envelope/container.rs`, `eap` normalisation of attribute types, and the span protocol 1.0.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from otel_sentry.local.fields import Consequence, Field, Finding, epoch_seconds, object_findings, shown
from otel_sentry.local.shapes import LINK, LOG, SPAN, TRACE_METRIC
from otel_sentry.protocol import json_text
from otel_sentry.protocol.item_kinds import LOG_CONTENT_TYPE, SPAN_CONTENT_TYPE, TRACE_METRIC_CONTENT_TYPE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from otel_sentry.protocol.envelope import EnvelopeItem

CONTENT_TYPES: Final = {
    "span": SPAN_CONTENT_TYPE,
    "log": LOG_CONTENT_TYPE,
    "trace_metric": TRACE_METRIC_CONTENT_TYPE,
}
"""Item types that are containers, and the content type that each must name."""

_SHAPES: Final[dict[str, tuple[Field, ...]]] = {"span": SPAN, "log": LOG, "trace_metric": TRACE_METRIC}
_PYTHON_TYPES: Final[dict[str, tuple[type, ...]]] = {
    "string": (str,),
    "boolean": (bool,),
    "integer": (int,),
    "double": (float, int),
    "array": (list,),
}
_ARRAY_FAMILY: Final = {str: "string", bool: "boolean", int: "number", float: "number"}
_INT64: Final = range(-(2**63), 2**63)
MAX_AGE_SECONDS: Final = 30 * 86400
MAX_AHEAD_SECONDS: Final = 60
_SEGMENT_KEYS: Final = ("sentry.segment.id", "sentry.segment.name")
_TRIM: Final = Consequence.TRIMMED
_REFUSE: Final = Consequence.REFUSED


def container_findings(item: EnvelopeItem, dsc: dict[str, Any] | None, now: float | None = None) -> Iterator[Finding]:
    """Check a container item.

    Args:
        item: of a type in `CONTENT_TYPES`.
        dsc: the envelope's `trace` header.
        now: epoch seconds that times are compared with; None does not compare.
    """
    kind = item.type
    content_type = item.headers.get("content_type")
    if content_type != CONTENT_TYPES[kind]:
        yield f"{kind} header.content_type", f"must be {CONTENT_TYPES[kind]}, not {shown(content_type)}", _REFUSE
        return
    try:
        payload = json_text.loads(item.payload)
    except ValueError as exc:
        yield kind, f"payload is no JSON: {exc}", _REFUSE
        return
    items = payload.get("items") if isinstance(payload, dict) else None
    if not isinstance(items, list):
        yield kind, "payload must be an object with the list `items`", _REFUSE
        return
    yield from _frame_findings(item, payload, items)
    for index, part in enumerate(items):
        yield from _part_findings(kind, part, f"{kind}[{index}]")
        if now is not None and isinstance(part, dict):
            yield from age_findings(part, now, f"{kind}[{index}]")
    if kind == "span":
        yield from _trace_findings(items, dsc)


def _frame_findings(item: EnvelopeItem, payload: dict[str, Any], items: list[Any]) -> Iterator[Finding]:
    counted = item.headers.get("item_count")
    if type(counted) is not int or counted != len(items):
        yield f"{item.type} header.item_count", f"says {shown(counted)}, the container holds {len(items)}", _REFUSE
    if not items:
        yield item.type, "container is empty", _TRIM
    if payload.get("version", 2) != 2:
        yield f"{item.type}.version", f"must be 2, not {shown(payload['version'])}", _TRIM


def _part_findings(kind: str, part: Any, path: str) -> Iterator[Finding]:
    yield from object_findings(part, _SHAPES[kind], path)
    if not isinstance(part, dict):
        return
    attributes = part.get("attributes")
    if isinstance(attributes, dict):
        yield from attribute_findings(attributes, f"{path}.attributes")
    if kind == "span":
        yield from _span_findings(part, attributes if isinstance(attributes, dict) else {}, path)


def age_findings(part: dict[str, Any], now: float, path: str) -> Iterator[Finding]:
    """Sentry drops what is older than its retention and moves what lies in the future."""
    key = "start_timestamp" if "start_timestamp" in part else "timestamp"
    moment = epoch_seconds(part.get(key))
    if moment is not None and moment < now - MAX_AGE_SECONDS:
        yield f"{path}.{key}", f"is {(now - moment) / 86400:.0f} days old, Sentry drops what is older than 30", _TRIM
    elif moment is not None and moment > now + MAX_AHEAD_SECONDS:
        yield f"{path}.{key}", f"lies {moment - now:.0f} s in the future, Sentry moves it", _TRIM


def _span_findings(span: dict[str, Any], attributes: dict[str, Any], path: str) -> Iterator[Finding]:
    """What the table cannot say: times against each other, segment against span, links."""
    start, end = epoch_seconds(span.get("start_timestamp")), epoch_seconds(span.get("end_timestamp"))
    if start is not None and end is not None and start > end:
        yield path, f"ends {start - end:.6f} s before it starts", _REFUSE
    for key in _SEGMENT_KEYS:
        if key not in attributes:
            yield f"{path}.attributes.{key}", "is missing: Sentry cannot tell the segment of the span", _TRIM
    segment_id = attributes.get("sentry.segment.id")
    is_own = isinstance(segment_id, dict) and segment_id.get("value") == span.get("span_id")
    if segment_id is not None and isinstance(span.get("is_segment"), bool) and is_own is not span["is_segment"]:
        yield f"{path}.is_segment", f"is {span['is_segment']}, sentry.segment.id says otherwise", _TRIM
    if span.get("parent_span_id") is not None and span.get("parent_span_id") == span.get("span_id"):
        yield f"{path}.parent_span_id", "is the span itself", _TRIM
    for index, link in enumerate(span.get("links") or () if isinstance(span.get("links"), list) else ()):
        yield from object_findings(link, LINK, f"{path}.links[{index}]")
        if isinstance(link, dict) and isinstance(link.get("attributes"), dict):
            yield from attribute_findings(link["attributes"], f"{path}.links[{index}].attributes")


def _trace_findings(spans: list[Any], dsc: dict[str, Any] | None) -> Iterator[Finding]:
    """One trace, the one of the header; span ids unique."""
    seen: dict[str, int] = {}
    expected = dsc.get("trace_id") if dsc else None
    for index, span in enumerate(spans):
        if not isinstance(span, dict):
            continue
        trace_id, span_id = span.get("trace_id"), span.get("span_id")
        if expected is not None and trace_id != expected:
            reason = f"is {shown(trace_id)}, the trace header of the envelope says {shown(expected)}"
            yield f"span[{index}].trace_id", reason, _REFUSE
        if isinstance(span_id, str) and seen.setdefault(span_id, index) != index:
            yield f"span[{index}].span_id", f"{span_id} is that of span[{seen[span_id]}] too", _REFUSE


def attribute_findings(attributes: dict[str, Any], path: str) -> Iterator[Finding]:
    """Typed attributes: `{"type": …, "value": …}`; Sentry removes those that do not fit."""
    for key, typed in attributes.items():
        reason = _attribute_reason(typed)
        if reason is not None:
            yield f"{path}.{shown(key)[1:-1]}", reason, _TRIM


def _attribute_reason(typed: Any) -> str | None:
    if not isinstance(typed, dict):
        return f'must be {{"type", "value"}}, not {shown(typed)}'
    name, value = typed.get("type"), typed.get("value")
    expected = _PYTHON_TYPES.get(name) if isinstance(name, str) else None
    if expected is None:
        return f"type must be one of {', '.join(_PYTHON_TYPES)}, not {shown(name)}"
    if type(value) not in expected:
        return f"is of type {name}, its value is {shown(value)}"
    if name == "integer" and value not in _INT64:
        return f"does not fit 64 bits: {shown(value)}"
    return _array_reason(value) if isinstance(value, list) else None


def _array_reason(values: list[Any]) -> str | None:
    """Flat and of one kind; null counts as any kind."""
    families = {_ARRAY_FAMILY.get(type(value), "nested") for value in values if value is not None}
    if "nested" in families:
        return "is an array that holds lists or objects"
    return f"is an array that mixes {', '.join(sorted(families))}" if len(families) > 1 else None
