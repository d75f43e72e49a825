"""A trace in one line: name, services, users, counts, extent. Pure; folds rows as they come, forgets none of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

from otel_sentry.local.rows import IssueRow, LogRow, Row, SpanRow

_MAX_WORDS: Final = 300
"""Distinct names, ops and users remembered of one trace for the search."""


@dataclass(slots=True)
class TraceSummary:
    """What lists and searches know of a trace; grows by `add`.

    Spans that came twice count twice here; the tree of the trace counts them once.
    """

    trace_id: str
    name: str = ""
    op: str = ""
    rank: int = 0
    """How good `name` is: 3 from a root, 2 from a segment, 1 from any span."""
    spans: int = 0
    issues: int = 0
    logs: int = 0
    failed: int = 0
    start: float = 0.0
    end: float = 0.0
    services: dict[str, None] = field(default_factory=dict)
    users: dict[str, None] = field(default_factory=dict)
    names: dict[str, None] = field(default_factory=dict)
    ops: dict[str, None] = field(default_factory=dict)

    def add(self, row: Row) -> None:
        """Take a span, issue or log line of this trace into account."""
        if isinstance(row, SpanRow):
            self._add_span(row)
        elif isinstance(row, IssueRow):
            self.issues += 1
            _remember(self.names, row.title)
            _remember(self.users, row.user)
        elif isinstance(row, LogRow):
            self.logs += 1

    def _add_span(self, span: SpanRow) -> None:
        self.start = span.start if not self.spans else min(self.start, span.start)
        self.end = max(self.end, span.end)
        self.spans += 1
        self.failed += span.failed
        rank = 3 if span.parent_id is None else 2 if span.is_segment else 1
        if rank > self.rank:
            self.rank, self.name, self.op = rank, span.name, span.op
        for known, word in ((self.services, span.service), (self.users, span.user), (self.names, span.name)):
            _remember(known, word)
        _remember(self.ops, span.op or None)

    @property
    def duration(self) -> float:
        """Seconds from the first start to the last end."""
        return max(0.0, self.end - self.start)

    def as_json(self) -> dict[str, Any]:
        """As the page lists it; times are epoch seconds."""
        return {
            "trace_id": self.trace_id,
            "name": self.name or next(iter(self.names), "") or "(no span yet)",
            "op": self.op,
            "services": list(self.services)[:10],
            "users": list(self.users)[:5],
            "spans": self.spans,
            "issues": self.issues,
            "logs": self.logs,
            "failed": self.failed,
            "start": self.start,
            "duration": self.duration,
        }


def _remember(known: dict[str, None], word: str | None) -> None:
    if word is not None and len(known) < _MAX_WORDS:
        known[word] = None
