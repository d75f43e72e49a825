"""What the page asks for, computed from the store; summaries of traces are kept and grow with them."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from otel_sentry.local.arrivals import Arrival, Kind, attribute_values
from otel_sentry.local.issue_groups import issue_groups
from otel_sentry.local.replays import is_of_user, replay_rows
from otel_sentry.local.rows import rows_of
from otel_sentry.local.saved import Damage, read_saved, readable_part, write_saved
from otel_sentry.local.search import matches, parse_query
from otel_sentry.local.summary import TraceSummary
from otel_sentry.local.trace_view import ROW_COLUMNS, trace_view

if TYPE_CHECKING:
    from otel_sentry.local.store import Received, Store, TraceContent

MAX_LISTED: Final = 300
_MAX_POINTS: Final = 200
_MAX_PROBLEMS: Final = 100


class _Seen(NamedTuple):
    """A summary, of which life of the trace it is, and how many arrivals it knows."""

    born: int
    arrivals: int
    summary: TraceSummary


class PageData:
    """Answers the page's questions about one store."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._summaries: dict[str, _Seen] = {}

    @property
    def store(self) -> Store:
        """What is looked at."""
        return self._store

    def overview(self) -> dict[str, Any]:
        """Counts by kind, what was pushed out, problems; the page's head."""
        counts: dict[str, int] = {}
        for received in self._store.envelopes():
            for arrival in received.arrivals:
                counts[arrival.kind.value] = counts.get(arrival.kind.value, 0) + 1
        problems = self._store.problems()
        return {
            "changes": self._store.changes,
            "counts": counts,
            "evicted": self._store.evicted,
            "problems": [
                {"text": str(problem), "consequence": problem.consequence.value}
                for problem in problems[-_MAX_PROBLEMS:]
            ],
        }

    def traces(self, search: str = "") -> dict[str, Any]:
        """The newest traces that meet a search line, the latest change first."""
        query = parse_query(search)
        summaries = self._all_summaries()
        found = [summary for summary in summaries if matches(summary, query)]
        services = {service: None for summary in summaries for service in summary.services}
        return {
            "traces": [summary.as_json() for summary in found[:MAX_LISTED]],
            "found": len(found),
            "all": len(summaries),
            "services": list(services)[:50],
            "unknown": list(query.unknown),
        }

    def _all_summaries(self) -> list[TraceSummary]:
        """Of every trace that is kept, the latest change first."""
        self._summaries = {content.trace_id: self._summary(content) for content in self._store.contents()}
        return [seen.summary for seen in self._summaries.values()]

    def _summary(self, content: TraceContent) -> _Seen:
        """The kept summary with what came since; arrivals that left stay counted."""
        kept = self._summaries.get(content.trace_id)
        if kept is None or kept.born != content.born:
            kept = _Seen(content.born, content.left, TraceSummary(content.trace_id))
        for row in rows_of(content.arrivals[max(0, kept.arrivals - content.left) :]):
            kept.summary.add(row)
        return kept._replace(arrivals=content.left + len(content.arrivals))

    def trace(self, trace_id: str) -> dict[str, Any] | None:
        """One trace whole; None when it is not, or no longer, here."""
        arrivals = self._store.trace(trace_id)
        if not arrivals:
            return None
        replays = [replay for replay in self.replays() if trace_id in replay["trace_ids"]]
        return {**trace_view(trace_id, arrivals), "replays": replays, "columns": ROW_COLUMNS}

    def span(self, trace_id: str, span_id: str) -> dict[str, Any] | None:
        """One span with its attributes, and the events that happened in it."""
        arrivals = self._store.trace(trace_id)
        spans = [
            found.payload for found in arrivals if found.kind is Kind.SPAN and found.payload.get("span_id") == span_id
        ]
        if not spans:
            return None
        events = [
            found.payload for found in arrivals if found.kind is Kind.ISSUE and _span_id(found.payload) == span_id
        ]
        return {"span": attribute_values(spans[-1]), "events": events}

    def issues(self) -> list[dict[str, Any]]:
        """All issues, grouped."""
        return issue_groups(self._of_kind(Kind.ISSUE))

    def wallet(self, user: str) -> dict[str, Any]:
        """Traces, issues and replays of one user, told by the text that names them."""
        traces = [summary.as_json() for summary in self._all_summaries() if user in summary.users]
        groups = [group for group in self.issues() if user in group["users"]]
        ids = {trace["trace_id"] for trace in traces}
        replays = [one for one in self.replays() if is_of_user(one, user) or ids & set(one["trace_ids"])]
        return {"user": user, "traces": traces, "issues": groups, "replays": replays}

    def metrics(self) -> list[dict[str, Any]]:
        """One series per name, type and unit, its newest points."""
        series: dict[tuple[str, str, str], list[list[float]]] = {}
        for arrival in self._of_kind(Kind.METRIC):
            metric = arrival.payload
            key = (str(metric.get("name")), str(metric.get("type")), str(metric.get("unit") or ""))
            series.setdefault(key, []).append([metric.get("timestamp") or 0, metric.get("value") or 0])
        return [
            {"name": name, "type": kind, "unit": unit, "count": len(points), "points": points[-_MAX_POINTS:]}
            for (name, kind, unit), points in sorted(series.items())
        ]

    def replays(self) -> list[dict[str, Any]]:
        """Replays with their traces and users, the latest first."""
        return replay_rows(arrival.payload for arrival in self._of_kind(Kind.REPLAY))

    def export(self, trace_id: str | None = None) -> bytes:
        """A `.envelopes` file of everything, or of the envelopes that hold a part of one trace."""
        stream = io.BytesIO()
        for received in self._store.envelopes():
            if trace_id is None or any(arrival.trace_id == trace_id for arrival in received.arrivals):
                write_saved(stream, received.raw, received.at)
        return stream.getvalue()

    def add_saved(self, data: bytes, now: float) -> dict[str, Any]:
        """Take a `.envelopes` file in, as far as it can be read."""
        added: list[Received] = []
        complaints: list[str] = []
        for entry in read_saved(io.BytesIO(data)):
            if isinstance(entry, Damage):
                complaints.append(entry.reason)
                continue
            envelope, damage = readable_part(entry.raw)
            complaints += [damage] if damage else []
            if envelope.items:
                added.append(self._store.add(envelope, entry.raw, at=entry.at or now))
        return {"added": len(added), "complaints": complaints[:20]}

    def _of_kind(self, kind: Kind) -> list[Arrival]:
        kept = self._store.envelopes()
        return [arrival for received in kept for arrival in received.arrivals if arrival.kind is kind]


def _span_id(event: dict[str, Any]) -> Any:
    contexts = event.get("contexts")
    trace = contexts.get("trace") if isinstance(contexts, dict) else None
    return trace.get("span_id") if isinstance(trace, dict) else None
