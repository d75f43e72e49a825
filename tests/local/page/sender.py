"""Sends to an embedded Sentry what an application would; for tests, measurements and pictures of the page."""

from __future__ import annotations

import json
import random
import time
import urllib.request
from typing import TYPE_CHECKING, Any

from otel_sentry.protocol.envelope import EnvelopeItem, serialize_envelope
from otel_sentry.protocol.item_kinds import LOG_CONTENT_TYPE, SPAN_CONTENT_TYPE, TRACE_METRIC_CONTENT_TYPE

if TYPE_CHECKING:
    from otel_sentry.local.receiver import Receiver

TRACE = "a" * 32
"""The id of the trace that is called "a"."""
ALICE = "alice.eth (0x52908400098527886e0f7030069857d2e4169ee7)"


class Sender:
    """Sends to a receiver what an application would; traces are named by one letter, spans by numbers."""

    def __init__(self, receiver: Receiver) -> None:
        self.url = f"{receiver.url}/api/1/envelope/?sentry_key={receiver.dsn.split('//')[1].split('@')[0]}"
        self.now = time.time()

    def span(
        self, trace: str, number: int, parent: int | None = None, start: float = 0, end: float = 1, **fields: Any
    ) -> dict[str, Any]:
        """A span of half a minute ago; `op`, `service`, `user`, `segment` and `attributes` are told as keywords."""
        segment = fields.pop("segment", 1 if parent else number)
        values = {"sentry.segment.id": f"{segment:016x}", "sentry.segment.name": "segment"}
        values |= {"sentry.op": fields.pop("op", "db"), "service.name": fields.pop("service", "web")}
        values |= fields.pop("attributes", {})
        if user := fields.pop("user", None):
            values |= {"user.name": user.split(" (")[0], "user.id": user.split(" (")[-1].rstrip(")")}
        whole = {
            "trace_id": trace * 32,
            "span_id": f"{number:016x}",
            "name": f"span {number}",
            "status": "ok",
            "is_segment": segment == number,
            "start_timestamp": self.now - 30 + start,
            "end_timestamp": self.now - 30 + end,
            "attributes": {key: {"type": "string", "value": value} for key, value in values.items()},
            **fields,
        }
        return {**whole, "parent_span_id": f"{parent:016x}"} if parent else whole

    def spans_envelope(self, *spans: dict[str, Any]) -> bytes:
        """Spans of one trace as an envelope."""
        header = {"trace": {"trace_id": spans[0]["trace_id"], "public_key": "k"}}
        return serialize_envelope(header, [_container("span", SPAN_CONTENT_TYPE, spans)])

    def spans(self, *spans: dict[str, Any]) -> None:
        """Send spans of one trace."""
        self.post(self.spans_envelope(*spans))

    def event(self, trace: str, span_id: int, kind: str = "ConnectionError", **more: Any) -> None:
        """Send an error that happened in a span, with frames and locals."""
        code = {"pre_context": ["def get_balance():"], "context_line": "    raise Down", "post_context": []}
        where = {"filename": "app/chain.py", "function": "get_balance", "lineno": 42, "in_app": True}
        frame = {**where, **code, "vars": {"wallet": "'0xabc'"}}
        payload = {
            "event_id": "e" * 32,
            "timestamp": self.now,
            "contexts": {"trace": {"trace_id": trace * 32, "span_id": f"{span_id:016x}"}},
            "user": {"id": "0x52908400098527886e0f7030069857d2e4169ee7", "username": "alice.eth"},
            "exception": [{"type": kind, "value": "node is down", "stacktrace": {"frames": [frame]}}],
            **more,
        }
        self.post(serialize_envelope({"event_id": "e" * 32}, [_item("event", payload)]))

    def log(self, trace: str, span_id: int, body: str, level: str = "warn") -> None:
        """Send a log line."""
        log = {"timestamp": self.now - 29.9, "trace_id": trace * 32, "span_id": f"{span_id:016x}", "level": level}
        self.post(serialize_envelope({}, [_container("log", LOG_CONTENT_TYPE, [{**log, "body": body}])]))

    def metric(self, trace: str, name: str, *values: float, **more: Any) -> None:
        """Send points of a counter."""
        point = {"trace_id": trace * 32, "name": name, "type": "counter", "timestamp": self.now, **more}
        points = [{**point, "value": value} for value in values]
        self.post(serialize_envelope({}, [_container("trace_metric", TRACE_METRIC_CONTENT_TYPE, points)]))

    def replay(self, trace: str, url: str) -> None:
        """Send a replay that saw a trace."""
        payload = {
            "replay_id": "c" * 32,
            "segment_id": 0,
            "timestamp": self.now,
            "trace_ids": [trace * 32],
            "urls": [url],
        }
        self.post(serialize_envelope({"event_id": "c" * 32}, [_item("replay_event", payload)]))

    def dapp(self) -> None:
        """A trace of two services with an issue, a log, metrics and a replay, a quick one of somebody else."""
        self.spans(
            self.span("a", 1, None, 0, 0.182, name="GET /profile/{wallet}", op="http.server", user=ALICE),
            self.span("a", 2, 1, 0.01, 0.05, name="db.get_user", attributes={"db.query.text": "SELECT * FROM users"}),
            self.span("a", 3, 2, 0.015, 0.048, name="SELECT users"),
            self.span("a", 4, 1, 0.09, 0.16, name="POST", op="http.client", status="error"),
            self.span("a", 5, 4, 0.1, 0.15, name="eth_getBalance", op="rpc", service="worker", segment=5, user=ALICE),
        )
        self.event("a", 4)
        self.log("a", 2, "slow query")
        self.metric("a", "mints", 1, 3, 2)
        self.replay("a", "http://dapp/profile")
        self.spans(self.span("b", 1, None, 0, 0.001, name="GET /health", op="http.server", service="api", user="bob"))

    def sweep(self, count: int) -> None:
        """Send one trace of so many spans, "a", its children spread over it, some deep below each other."""
        chance = random.Random(1)  # noqa: S311 - any tree will do
        spans = [self.span("a", 1, None, 0, 100, name="sweep")]
        for number in range(2, count + 1):
            start = chance.random() * 90
            spans.append(self.span("a", number, chance.randint(max(1, number - 300), number - 1), start, start + 5))
        for first in range(0, count, 1_000):
            self.spans(*spans[first : first + 1_000])

    def post(self, envelope: bytes) -> None:
        """Send any envelope."""
        with urllib.request.urlopen(self.url, envelope, timeout=10) as answer:  # noqa: S310 - loopback
            answer.read()


def _item(kind: str, payload: dict[str, Any]) -> EnvelopeItem:
    return EnvelopeItem({"type": kind}, json.dumps(payload).encode())


def _container(kind: str, content_type: str, items: Any) -> EnvelopeItem:
    headers = {"type": kind, "item_count": len(items), "content_type": content_type}
    return EnvelopeItem(headers, json.dumps({"version": 2, "items": items}).encode())
