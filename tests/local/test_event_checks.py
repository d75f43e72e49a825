"""Payload rules of everything that is no container."""

from __future__ import annotations

import json
import zlib
from typing import Any

import pytest

from otel_sentry.local.event_checks import payload_findings
from otel_sentry.local.fields import Consequence

TRACE = "0af7651916cd43dd8448eb211c80319c"
SPAN = "b7ad6b7169203331"
ID = "9ec79c33ec9942ab8353589fcb2e04dc"
NOW = 1_795_324_800.0
FRAME = {"filename": "app.py", "function": "f", "lineno": 3, "in_app": True, "vars": {"a": "1"}}
EXCEPTION = {"type": "E", "value": "v", "mechanism": {"type": "generic"}, "stacktrace": {"frames": [FRAME]}}
EVENT = {
    "event_id": ID,
    "timestamp": "2026-11-22T10:00:00.000000Z",
    "level": "error",
    "platform": "python",
    "release": "app@1.2",
    "environment": "prod",
    "user": {"id": "0xabc", "wallet_chain": "eip155:1"},
    "contexts": {"trace": {"trace_id": TRACE, "span_id": SPAN}},
    "exception": {"values": [EXCEPTION]},
}
CHILD = {
    "trace_id": TRACE,
    "span_id": "1" * 16,
    "start_timestamp": NOW - 2,
    "timestamp": NOW - 1,
    "status": "not_found",
}
TRANSACTION = {
    "type": "transaction",
    "event_id": ID,
    "start_timestamp": NOW - 2,
    "timestamp": NOW - 1,
    "transaction": "GET /",
    "contexts": {"trace": {"trace_id": TRACE, "span_id": SPAN, "op": "http.server", "status": "ok"}},
    "spans": [CHILD],
}
SESSION = {"sid": ID, "init": True, "started": "2026-11-22T10:00:00Z", "status": "ok", "attrs": {"release": "a@1"}}
SESSIONS = {"attrs": {"release": "a@1"}, "aggregates": [{"started": "2026-11-22T10:00:00Z", "exited": 2}]}
SCHEDULE = {"type": "crontab", "value": "* * * * *"}
CHECK_IN = {"check_in_id": ID, "monitor_slug": "sweep", "status": "ok", "monitor_config": {"schedule": SCHEDULE}}
LOST = {"reason": "sample_rate", "category": "span", "quantity": 21}
REPORT = {"timestamp": NOW, "discarded_events": [LOST]}
REPLAY = {"replay_id": ID, "segment_id": 0, "timestamp": NOW, "trace_ids": [TRACE]}
CHUNK = {"version": "2", "platform": "python", "chunk_id": ID, "profiler_id": ID, "client_sdk": {"name": "x"}}
FEEDBACK = {"event_id": ID, "contexts": {"feedback": {"message": "broken"}}}


def findings(kind: str, payload: Any) -> list[tuple[str, Consequence]]:
    """What is found in a payload, bytes or to be written as JSON, as sentences."""
    data = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    return [(f"{path} {reason}", consequence) for path, reason, consequence in payload_findings(kind, data, NOW)]


@pytest.mark.parametrize(
    ("kind", "payload"),
    [
        pytest.param("event", EVENT, id="event"),
        pytest.param("event", {"event_id": ID, "exception": [EXCEPTION]}, id="exceptions as a list"),
        pytest.param("event", {"event_id": ID, "level": None, "message": "hi"}, id="null counts as absent"),
        pytest.param("transaction", TRANSACTION, id="transaction"),
        pytest.param("session", SESSION, id="session"),
        pytest.param("sessions", SESSIONS, id="sessions"),
        pytest.param("check_in", CHECK_IN, id="check-in"),
        pytest.param("client_report", REPORT, id="client report"),
        pytest.param("replay_event", REPLAY, id="replay event"),
        pytest.param("replay_recording", b'{"segment_id":0}\n' + zlib.compress(b'[{"type":4}]'), id="recording"),
        pytest.param("replay_recording", b'{"segment_id":0}\n[{"type":4}]', id="recording as plain JSON"),
        pytest.param("profile", {"version": "1", "platform": "python"}, id="profile"),
        pytest.param("profile_chunk", CHUNK, id="profile chunk"),
        pytest.param("feedback", FEEDBACK, id="feedback"),
        pytest.param("span", CHILD, id="single span of the older form"),
        pytest.param("attachment", b"\0\xff\n", id="attachment of bytes"),
    ],
)
def test_what_sentry_takes_has_no_problem(kind: str, payload: Any) -> None:
    """One right payload of each kind."""
    assert findings(kind, payload) == []


REFUSED = {
    "event without id": ("event", {**EVENT, "event_id": None}, "event.event_id is missing"),
    "event is a list": ("event", [], "event must be an object, not a list"),
    "event is no JSON": ("event", b"x", "event payload is no JSON"),
    "transaction type": ("transaction", {**TRANSACTION, "type": "event"}, 'type must be "transaction", not'),
    "transaction without trace": ("transaction", {**TRANSACTION, "contexts": {}}, "contexts.trace is missing"),
    "transaction without start": (
        "transaction",
        {**TRANSACTION, "start_timestamp": None},
        "start_timestamp is missing",
    ),
    "transaction ends early": (
        "transaction",
        {**TRANSACTION, "timestamp": NOW - 3},
        "transaction ends 1.000000 s before",
    ),
    "child span id": ("transaction", {**TRANSACTION, "spans": [{**CHILD, "span_id": "x"}]}, "spans[0].span_id must be"),
    "child ends early": ("transaction", {**TRANSACTION, "spans": [{**CHILD, "timestamp": 1}]}, "spans[0] ends"),
    "session without release": ("session", {**SESSION, "attrs": {}}, "session.attrs.release is missing"),
    "sessions without aggregates": ("sessions", {**SESSIONS, "aggregates": None}, "sessions.aggregates is missing"),
    "aggregate": (
        "sessions",
        {**SESSIONS, "aggregates": [{"exited": -1}]},
        "exited must be a whole number from 0, not -1",
    ),
    "check-in status": ("check_in", {**CHECK_IN, "status": "missed"}, "check_in.status must be one of"),
    "schedule": (
        "check_in",
        {**CHECK_IN, "monitor_config": {"schedule": {"type": "moon"}}},
        "must have type crontab or",
    ),
    "lost quantity": (
        "client_report",
        {"discarded_events": [{**LOST, "quantity": 1.5}]},
        "[0].quantity must be a whole",
    ),
    "replay without segment": ("replay_event", {**REPLAY, "segment_id": None}, "replay_event.segment_id is missing"),
    "recording without header": (
        "replay_recording",
        zlib.compress(b"[]"),
        "must start with a JSON line that has segment_id",
    ),
    "recording of rubbish": ("replay_recording", b'{"segment_id":0}\nrubbish', "neither JSON nor zlib"),
    "chunk without profiler": ("profile_chunk", {**CHUNK, "profiler_id": None}, "profile_chunk.profiler_id is missing"),
    "feedback without message": ("feedback", {"contexts": {"feedback": {}}}, "contexts.feedback.message is missing"),
    "feedback without context": ("feedback", {}, "feedback.contexts.feedback must be an object"),
}
TRIMMED = {
    "level": ("event", {**EVENT, "level": "warn"}, "event.level must be one of"),
    "environment with a slash": ("event", {**EVENT, "environment": "a/b"}, "event.environment has a character"),
    "environment None": ("event", {**EVENT, "environment": "None"}, "event.environment has a character or value"),
    "blank release": ("event", {**EVENT, "release": " "}, "event.release must be a string that is not blank"),
    "release too long": ("event", {**EVENT, "release": "x" * 251}, "event.release has 251 characters, allowed are 250"),
    "trace of an event": ("event", {**EVENT, "contexts": {"trace": {"span_id": SPAN}}}, "trace.trace_id is missing"),
    "empty exception": ("event", {**EVENT, "exception": {"values": [{}]}}, "values[0] has neither type nor value"),
    "mechanism without type": (
        "event",
        {**EVENT, "exception": [{"type": "E", "mechanism": {}}]},
        "mechanism.type is missing",
    ),
    "frame that says nothing": (
        "event",
        {**EVENT, "exception": [{"type": "E", "stacktrace": {"frames": [{"lineno": 1}]}}]},
        "event.exception.values[0].stacktrace.frames[0] has neither filename nor function",
    ),
    "user id": ("event", {**EVENT, "user": {"id": ["x"]}}, "event.user.id must be a string or number"),
    "status of a child": (
        "transaction",
        {**TRANSACTION, "spans": [{**CHILD, "status": "error"}]},
        "spans[0].status must be",
    ),
    "category": ("client_report", {"discarded_events": [{**LOST, "category": "spam"}]}, "category must be one of"),
    "old transaction": ("transaction", {**TRANSACTION, "start_timestamp": NOW - 31 * 86400}, "is 31 days old"),
}


def _cases(table: dict[str, tuple[str, Any, str]]) -> list[Any]:
    return [pytest.param(kind, payload, reason, id=name) for name, (kind, payload, reason) in table.items()]


@pytest.mark.parametrize(("kind", "payload", "reason"), _cases(REFUSED))
def test_what_sentry_drops_is_refused_with_the_reason(kind: str, payload: Any, reason: str) -> None:
    """Each rule that costs the item."""
    found = findings(kind, payload)

    assert any(reason in text for text, consequence in found if consequence is Consequence.REFUSED), found


@pytest.mark.parametrize(("kind", "payload", "reason"), _cases(TRIMMED))
def test_what_sentry_strips_is_told_and_taken(kind: str, payload: Any, reason: str) -> None:
    """Each rule that costs a field only."""
    found = findings(kind, payload)

    assert any(reason in text for text, _ in found), found
    assert {consequence for _, consequence in found} == {Consequence.TRIMMED}
