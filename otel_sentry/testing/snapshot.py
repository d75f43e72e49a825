"""Everything captured as one JSON value with stable ids and times, to be compared with that of another run. Pure.

Ids become names by order of appearance (`trace 1`, `span 3`), times become positions on the time line of the test
(0, 1, 2 …), and what is another value in each run is left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from otel_sentry.testing.captured import CapturedIssue, CapturedLog, CapturedMetric, CapturedSpan, CapturedUser

VOLATILE: Final = frozenset(
    {
        *("client.port", "net.peer.port", "network.peer.port", "network.local.port", "net.host.port", "server.port"),
        *("thread.id", "thread.name", "process.pid", "process.parent_pid", "host.name", "host.id", "server.address"),
        *("code.lineno", "code.line.number", "service.instance.id", "sentry.segment.id", "sentry.trace.parent_span_id"),
        *("sentry.sdk.version", "telemetry.sdk.version", "telemetry.auto.version", "process.runtime.version"),
        *("process.executable.path", "process.command", "process.command_line", "process.command_args"),
        *("process.runtime.description", "sentry.release", "service.version", "sentry.replay_id"),
    }
)
"""Attributes that say when, where or with which versions a test ran."""


class Names:
    """Gives each id a name, each of one kind counted by itself."""

    def __init__(self) -> None:
        self._names: dict[str, dict[str, str]] = {}

    def name(self, kind: str, identifier: str | None) -> str | None:
        """`trace 1` for the first trace, and so on."""
        if identifier is None:
            return None
        known = self._names.setdefault(kind, {})
        return known.setdefault(identifier, f"{kind} {len(known) + 1}")


def snapshot(
    spans: Sequence[CapturedSpan],
    issues: Iterable[CapturedIssue],
    logs: Iterable[CapturedLog],
    metrics: Iterable[CapturedMetric],
) -> dict[str, list[dict[str, Any]]]:
    """The value; `spans` in the order of their start."""
    names = Names()
    moments = sorted({moment for span in spans for moment in (span.start, span.end)})
    position = {moment: number for number, moment in enumerate(moments)}
    return {
        "spans": [_span(span, names, position) for span in spans],
        "issues": [_issue(issue, names) for issue in issues],
        "logs": [_log(log, names) for log in logs],
        "metrics": sorted((_metric(metric) for metric in metrics), key=repr),
    }


def _span(span: CapturedSpan, names: Names, position: Mapping[float, int]) -> dict[str, Any]:
    return {
        "trace": names.name("trace", span.trace_id),
        "span": names.name("span", span.span_id),
        "parent": names.name("span", span.parent_span_id),
        "name": span.name,
        "op": span.op,
        "status": span.status,
        "user": _user(span.user),
        "start": position[span.start],
        "end": position[span.end],
        "attributes": _stable(span.attributes),
    }


def _issue(issue: CapturedIssue, names: Names) -> dict[str, Any]:
    return {
        "trace": names.name("trace", issue.trace_id),
        "span": names.name("span", issue.span_id),
        "title": issue.title,
        "level": issue.level,
        "handled": issue.handled,
        "user": _user(issue.user),
        "frames": list(issue.frames),
    }


def _log(log: CapturedLog, names: Names) -> dict[str, Any]:
    return {
        "trace": names.name("trace", log.trace_id),
        "span": names.name("span", log.span_id),
        "level": log.level,
        "body": log.body,
        "attributes": _stable(log.attributes),
    }


def _metric(metric: CapturedMetric) -> dict[str, Any]:
    return {
        "name": metric.name,
        "type": metric.type,
        "value": metric.value,
        "unit": metric.unit,
        "attributes": _stable(metric.attributes),
    }


def _stable(attributes: Mapping[str, Any]) -> dict[str, Any]:
    return {key: attributes[key] for key in sorted(attributes) if key not in VOLATILE}


def _user(user: CapturedUser | None) -> dict[str, str | None] | None:
    return None if user is None else {"id": user.id, "name": user.name, "email": user.email}
