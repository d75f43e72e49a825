"""What OpenTelemetry itself recorded, read from the output of its console exporter. Pure."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


@dataclass(frozen=True, slots=True)
class Recorded:
    """A span as the console exporter printed it; ids in hexadecimal digits, times as ISO 8601 text."""

    trace_id: str
    span_id: str
    parent_id: str | None
    name: str
    kind: str
    service: str
    start: str
    end: str
    attributes: Mapping[str, Any]

    @property
    def user_agent(self) -> str:
        """Browser that sent the request, in the older or the newer spelling; empty unless it is a server's span."""
        return str(self.attributes.get("user_agent.original") or self.attributes.get("http.user_agent") or "")

    @property
    def status_code(self) -> int:
        """HTTP status answered, in the older or the newer spelling; 0 if there is none."""
        attributes = self.attributes
        return int(attributes.get("http.response.status_code") or attributes.get("http.status_code") or 0)


def recorded_spans(printed: str) -> list[Recorded]:
    """The spans in what the console exporter printed; other lines, and half a span, are skipped."""
    return [_recorded(span) for span in _json_objects(printed) if "context" in span]


def _json_objects(text: str) -> Iterator[dict[str, Any]]:
    decoder = json.JSONDecoder()
    position = text.find("{")
    while position >= 0:
        try:
            found, position = decoder.raw_decode(text, position)
            yield found
        except json.JSONDecodeError:
            position += 1
        position = text.find("{", position)


def _recorded(span: dict[str, Any]) -> Recorded:
    context, parent = span["context"], span["parent_id"]
    return Recorded(
        trace_id=_digits(context["trace_id"]),
        span_id=_digits(context["span_id"]),
        parent_id=_digits(parent) if parent else None,
        name=span["name"],
        kind=span["kind"].removeprefix("SpanKind."),
        service=span["resource"]["attributes"].get("service.name", ""),
        start=span["start_time"],
        end=span["end_time"],
        attributes=span["attributes"],
    )


def _digits(number: str) -> str:
    return number.removeprefix("0x")
