"""One span, one issue, one log and one metric, each in an envelope of its own, so that each has an answer. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any, Final

from otel_sentry._version import __version__
from otel_sentry.protocol import json_text
from otel_sentry.protocol.envelope import EnvelopeItem, serialize_envelope
from otel_sentry.protocol.item_kinds import LOG_CONTENT_TYPE, SPAN_CONTENT_TYPE, TRACE_METRIC_CONTENT_TYPE
from otel_sentry.protocol.items import CONTAINER_VERSION

KINDS: Final = ("span", "issue", "log", "metric")
NAME: Final = "otel-sentry doctor"


@dataclass(frozen=True, slots=True)
class Probe:
    """What is sent, and how it is found again.

    Attributes:
        trace_id: 32 hex digits.
        span_id: 16 hex digits.
        event_id: 32 hex digits.
        at: seconds since 1970.
        environment: of everything in it.
        release: the same.
        public_key: of the DSN.
        transaction: the span travels in the older wire format.
    """

    trace_id: str
    span_id: str
    event_id: str
    at: float
    environment: str
    release: str
    public_key: str
    transaction: bool = False

    def envelope(self, kind: str) -> bytes:
        """The envelope of one kind."""
        headers: dict[str, Any] = {"sent_at": _rfc3339(self.at), "sdk": {"name": "otel_sentry", "version": __version__}}
        makers = {"span": self._span, "issue": self._issue, "log": self._log, "metric": self._metric}
        if kind == "span":
            headers["trace"] = {"trace_id": self.trace_id, "public_key": self.public_key, "sampled": "true"}
        if kind == "issue" or (kind == "span" and self.transaction):
            headers["event_id"] = self.event_id if kind == "issue" else self.trace_id
        return serialize_envelope(headers, [makers[kind]()])

    def _span(self) -> EnvelopeItem:
        if self.transaction:
            return self._transaction()
        span = {
            "trace_id": self.trace_id,
            "span_id": self.span_id,
            "name": NAME,
            "status": "ok",
            "is_segment": True,
            "start_timestamp": self.at - 0.001,
            "end_timestamp": self.at,
            "attributes": self._attributes(
                **{"sentry.op": "doctor", "sentry.segment.id": self.span_id, "sentry.segment.name": NAME}
            ),
        }
        return _container("span", SPAN_CONTENT_TYPE, span)

    def _transaction(self) -> EnvelopeItem:
        context = {"trace_id": self.trace_id, "span_id": self.span_id, "op": "doctor", "status": "ok"}
        payload = self._event(self.trace_id) | {
            "type": "transaction",
            "transaction": NAME,
            "transaction_info": {"source": "custom"},
            "start_timestamp": self.at - 0.001,
            "contexts": {"trace": context},
            "spans": [],
        }
        return EnvelopeItem({"type": "transaction", "content_type": "application/json"}, json_text.dumps(payload))

    def _issue(self) -> EnvelopeItem:
        payload = self._event(self.event_id) | {
            "level": "info",
            "message": f"{NAME}: this message was sent to see whether issues arrive",
            "fingerprint": [NAME],
            "contexts": {"trace": {"trace_id": self.trace_id, "span_id": self.span_id}},
        }
        return EnvelopeItem({"type": "event", "content_type": "application/json"}, json_text.dumps(payload))

    def _event(self, event_id: str) -> dict[str, Any]:
        return {
            "event_id": event_id,
            "timestamp": self.at,
            "platform": "python",
            "environment": self.environment,
            **({"release": self.release} if self.release else {}),
            "sdk": {"name": "otel_sentry", "version": __version__},
        }

    def _log(self) -> EnvelopeItem:
        log = {
            "timestamp": self.at,
            "trace_id": self.trace_id,
            "span_id": self.span_id,
            "level": "info",
            "severity_number": 9,
            "body": f"{NAME}: this line was sent to see whether logs arrive",
            "attributes": self._attributes(),
        }
        return _container("log", LOG_CONTENT_TYPE, log)

    def _metric(self) -> EnvelopeItem:
        metric = {
            "timestamp": self.at,
            "trace_id": self.trace_id,
            "span_id": self.span_id,
            "name": "otel_sentry.doctor",
            "type": "counter",
            "value": 1,
            "attributes": self._attributes(),
        }
        return _container("trace_metric", TRACE_METRIC_CONTENT_TYPE, metric)

    def _attributes(self, **more: str) -> dict[str, Any]:
        texts = {"sentry.environment": self.environment, "sentry.release": self.release, **more}
        return {key: {"type": "string", "value": text} for key, text in texts.items() if text}


def _container(kind: str, content_type: str, item: dict[str, Any]) -> EnvelopeItem:
    payload = json_text.dumps({"version": CONTAINER_VERSION, "items": [item]})
    return EnvelopeItem({"type": kind, "item_count": 1, "content_type": content_type}, payload)


def _rfc3339(at: float) -> str:
    return datetime.fromtimestamp(at, timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")
