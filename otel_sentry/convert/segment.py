"""What only a segment knows: id, current name, its source. Segment: what lies under one local root. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.trace import SpanKind

from otel_sentry.convert.op import first_of
from otel_sentry.convert.sdk_fields import attribute_dict
from otel_sentry.convert.service import PLATFORM
from otel_sentry.convert.span import span_name
from otel_sentry.convert.values import text
from otel_sentry.protocol.attributes import BOOLEAN, STRING, Attribute

TRACE_LIFECYCLE: Final = "stream"

SOURCE_KEYS: Final = ("sentry.segment.name.source", "sentry.source", "sentry.span.source")
SOURCES: Final = frozenset({"custom", "url", "route", "component", "view", "task"})
"""What Sentry accepts; anything else that an application sets is not believed."""

SOURCE_BY_ATTRIBUTE: Final[tuple[tuple[tuple[str, ...], str], ...]] = (
    (("db.system.name", "db.system"), "task"),
    (("celery.task_name",), "task"),
    (("rpc.service", "rpc.method"), "route"),
    (("messaging.system",), "route"),
    (("faas.trigger",), "route"),
)
"""Segments that are no HTTP request: the first attribute that is there → source; none is `custom`."""

_SOURCE_OF_KEY: Final = tuple((key, source) for keys, source in SOURCE_BY_ATTRIBUTE for key in keys)
_METHOD_KEYS: Final = ("http.request.method", "http.method")
_PATH_KEYS: Final = ("url.path", "http.target", "url.full", "http.url")
_TELLING: Final = frozenset({*SOURCE_KEYS, *_METHOD_KEYS, *(key for key, _ in _SOURCE_OF_KEY)})
"""Attributes that may give a source; most of the spans that are no request have none."""


def segment_attributes(
    *, segment_id: str, segment_name: str, replay_id: str | None, user: Mapping[str, str]
) -> dict[str, Attribute]:
    """What every span of a segment carries.

    Args:
        segment_id: span id of the local root, 16 lower-case hex digits.
        segment_name: its name as it is now.
        replay_id: 32 hex digits, or None.
        user: `user.*` and `wallet.*` as they may be sent.
    """
    values = {
        "sentry.segment.id": segment_id,
        "sentry.segment.name": segment_name,
        "sentry.trace_lifecycle": TRACE_LIFECYCLE,
        **({"sentry.replay_id": replay_id} if replay_id else {}),
        **user,
    }
    return {name: {"type": STRING, "value": text(value)} for name, value in values.items()}


def segment_only_attributes(root: ReadableSpan) -> dict[str, Attribute]:
    """What the local root alone carries besides its own attributes."""
    source = segment_source(attribute_dict(root), root.kind, span_name(root))
    attributes: dict[str, Attribute] = {
        "sentry.segment.name.source": {"type": STRING, "value": source},
        "sentry.platform": {"type": STRING, "value": PLATFORM},
    }
    if root.parent is not None and root.parent.is_remote:
        attributes["sentry.is_remote"] = {"type": BOOLEAN, "value": True}
    return attributes


def segment_source(attributes: Mapping[str, Any], _kind: SpanKind, name: str) -> str:
    """How a segment got its name: what the application says, else by its attributes.

    An HTTP request with a route (or the path `/`) is `route`; one whose name holds its address is `url`, because
    Sentry then replaces identifiers in it; a name of the application's own stays `custom`.
    """
    if _TELLING.isdisjoint(attributes):
        return "custom"
    for key in SOURCE_KEYS:
        said = attributes.get(key)
        if said is not None and (source := text(said)) in SOURCES:
            return source
    if first_of(attributes, _METHOD_KEYS) is not None:
        return _http_source(attributes, name)
    for key, source in _SOURCE_OF_KEY:
        if attributes.get(key) is not None:
            return source
    return "custom"


def _http_source(attributes: Mapping[str, Any], name: str) -> str:
    if attributes.get("http.route"):
        return "route"
    path = text(first_of(attributes, _PATH_KEYS) or "").partition("?")[0]
    if path == "/":
        return "route"
    is_address = bool(path) and path in name
    return "url" if is_address or " /" in name or "://" in name else "custom"
