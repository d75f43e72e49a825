"""Real `ReadableSpan`s with fixed ids and dates."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from opentelemetry.attributes import BoundedAttributes
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.util import BoundedList
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import Link, SpanContext, SpanKind, Status, StatusCode, TraceFlags

from otel_sentry.convert.container import container

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from otel_sentry.convert.container import CommonPart, EncodedItem

START_NS = 1_795_324_768_000_000_000
"""22 November 2026, when all spans start that say nothing else."""

RECORDED = Path(__file__).parent / "convert" / "recorded"


def context(trace: int = 1, span_id: int = 1, *, sampled: bool = True, remote: bool = False) -> SpanContext:
    """A span context with readable ids: trace 1 is `…0001`."""
    return SpanContext(trace, span_id, is_remote=remote, trace_flags=TraceFlags(1 if sampled else 0))


def span(  # noqa: PLR0913  a span has as many sides
    name: str = "work",
    span_id: int = 1,
    *,
    trace: int = 1,
    parent: int | None = None,
    remote_parent: bool = False,
    start: float = 0,
    end: float | None = 1,
    kind: SpanKind = SpanKind.INTERNAL,
    scope: str = "app",
    scope_version: str | None = None,
    status: StatusCode = StatusCode.UNSET,
    message: str | None = None,
    links: tuple[Link, ...] = (),
    resource: dict[str, Any] | None = None,
    attributes: Mapping[str, Any] | None = None,
) -> ReadableSpan:
    """An ended span; `start` and `end` in milliseconds after `START_NS`, `end` None for a span that has not ended.

    Links, and attributes given as a dictionary, are kept as the SDK keeps them; any other mapping stays as it is.
    """
    return ReadableSpan(
        name=name,
        context=context(trace, span_id),
        parent=None if parent is None else context(trace, parent, remote=remote_parent),
        resource=Resource(resource or {}),
        attributes=BoundedAttributes(attributes=attributes) if isinstance(attributes or {}, dict) else attributes,
        events=BoundedList(None),
        links=BoundedList.from_seq(None, links),
        kind=kind,
        status=Status(status, message),
        start_time=START_NS + int(start * 1_000_000),
        end_time=None if end is None else START_NS + int(end * 1_000_000),
        instrumentation_scope=InstrumentationScope(scope, scope_version),
    )


def recorded(case: str) -> list[ReadableSpan]:
    """The spans of a file in `tests/convert/recorded`, each a millisecond after the one before."""
    lines = json.loads((RECORDED / f"{case}.json").read_text())
    return [
        span(
            line["name"],
            line["id"],
            trace=line["trace"],
            parent=line.get("parent"),
            start=position,
            end=position + 0.5,
            kind=SpanKind[line["kind"]],
            scope=line["scope"],
            scope_version=line["version"],
            status=StatusCode[line["status"]],
            message=line.get("message"),
            attributes=line["attributes"],
        )
        for position, line in enumerate(lines)
    ]


def recorded_cases() -> list[str]:
    """Names of all recorded files."""
    return sorted(path.stem for path in RECORDED.glob("*.json"))


def joined(items: Iterable[tuple[EncodedItem, CommonPart]]) -> bytes:
    """A container of these items, each with what it shares with others."""
    pairs = list(items)
    return b"".join(container([item.head for item, _ in pairs], [common.tail(item) for item, common in pairs]))
