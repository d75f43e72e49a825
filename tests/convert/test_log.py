"""Log records of OpenTelemetry become Sentry logs."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry._logs import LogRecord, SeverityNumber
from opentelemetry.attributes import BoundedAttributes
from opentelemetry.sdk._logs import LoggerProvider, ReadableLogRecord
from opentelemetry.sdk._logs.export import InMemoryLogRecordExporter, SimpleLogRecordProcessor
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.util.instrumentation import InstrumentationScope

from otel_sentry.convert.container import CommonPart
from otel_sentry.convert.limits import MAX_BODY_LENGTH
from otel_sentry.convert.log import encode_log, log_item, log_level, message_attributes
from otel_sentry.local.container_checks import container_findings
from otel_sentry.protocol.envelope import EnvelopeItem
from otel_sentry.protocol.item_kinds import LOG_CONTENT_TYPE
from otel_sentry.protocol.json_text import dumps
from tests.convert.strategies import ATTRIBUTES, VALUES
from tests.spans import START_NS, joined

NO_TRACE = "f" * 32


def record(**fields: Any) -> ReadableLogRecord:
    """A record outside of any trace, as an exporter gets it."""
    scope = fields.pop("scope", InstrumentationScope("shop.orders"))
    return ReadableLogRecord(LogRecord(timestamp=START_NS, **fields), Resource({}), scope)


def values(item: Any) -> dict[str, Any]:
    """Attributes without their types."""
    return {name: typed["value"] for name, typed in item["attributes"].items()}


def test_a_log_in_a_trace() -> None:
    """From a real logger within a real span."""
    exporter = InMemoryLogRecordExporter()
    logs = LoggerProvider(shutdown_on_exit=False)
    logs.add_log_record_processor(SimpleLogRecordProcessor(exporter))
    tracer = TracerProvider(shutdown_on_exit=False).get_tracer("app")
    with tracer.start_as_current_span("work") as active:
        logs.get_logger("shop.orders", "1.0").emit(
            timestamp=START_NS,
            severity_number=SeverityNumber.WARN2,
            severity_text="WARN",
            body="order 7 is late",
            attributes={"order": 7, "code.lineno": 12, "exception.type": "Late"},
            event_name="order.late",
        )
    (log,) = exporter.get_finished_logs()
    context = active.get_span_context()

    assert log_item(log, trace_id=NO_TRACE) == {
        "timestamp": 1795324768.0,
        "trace_id": f"{context.trace_id:032x}",
        "span_id": f"{context.span_id:016x}",
        "level": "warn",
        "severity_number": 14,
        "body": "order 7 is late",
        "attributes": {
            "sentry.origin": {"type": "string", "value": "auto.log.otel"},
            "logger.name": {"type": "string", "value": "shop.orders"},
            "otel.scope.version": {"type": "string", "value": "1.0"},
            "event.name": {"type": "string", "value": "order.late"},
            "sentry.severity_number": {"type": "integer", "value": 14},
            "sentry.severity_text": {"type": "string", "value": "WARN"},
            "order": {"type": "integer", "value": 7},
            "code.line.number": {"type": "integer", "value": 12},
            "exception.type": {"type": "string", "value": "Late"},
        },
    }


def test_a_log_outside_of_any_trace() -> None:
    """Has the trace id that it is given, and no span."""
    item = log_item(record(body="hi"), trace_id=NO_TRACE)

    assert item["trace_id"] == NO_TRACE
    assert "span_id" not in item
    assert "severity_number" not in item
    assert values(item) == {"sentry.origin": "auto.log.otel", "logger.name": "shop.orders"}


def test_a_log_without_time_has_the_time_it_was_seen() -> None:
    """OpenTelemetry leaves the first one open."""
    log = ReadableLogRecord(LogRecord(observed_timestamp=START_NS), Resource({}))

    assert log_item(log, trace_id=NO_TRACE)["timestamp"] == 1795324768.0


@pytest.mark.parametrize(
    ("number", "severity_text", "level"),
    [
        (1, None, "trace"),
        (4, None, "trace"),
        (5, None, "debug"),
        (9, None, "info"),
        (12, "ERROR", "info"),
        (13, None, "warn"),
        (20, None, "error"),
        (21, None, "fatal"),
        (24, None, "fatal"),
        (0, "warning", "warn"),
        (0, "CRITICAL", "fatal"),
        (0, "Notice", "info"),
        (0, None, "info"),
    ],
)
def test_level(number: int, severity_text: str | None, level: str) -> None:
    """By number; by text where there is none."""
    assert log_level(number, severity_text) == level


def test_every_severity_has_a_level() -> None:
    """Of OpenTelemetry's own enumeration."""
    for severity in SeverityNumber:
        item = log_item(record(severity_number=severity), trace_id=NO_TRACE)
        assert item.get("severity_number", 0) == severity.value
        assert severity.name.rstrip("234").lower() == item["level"] or severity is SeverityNumber.UNSPECIFIED


@pytest.mark.parametrize(
    ("body", "sent"),
    [
        pytest.param("text", "text", id="text"),
        pytest.param(None, "", id="none"),
        pytest.param({"a": [1]}, '{"a":[1]}', id="mapping"),
        pytest.param([1, 2], "[1,2]", id="sequence"),
        pytest.param(5, "5", id="number"),
        pytest.param(b"hi", "hi", id="bytes"),
        pytest.param("\ud800", "\ufffd", id="lone surrogate"),
        pytest.param("x" * (MAX_BODY_LENGTH + 5), "x" * MAX_BODY_LENGTH, id="too long"),
    ],
)
def test_body(body: Any, sent: str) -> None:
    """Sentry takes text; what is nested becomes JSON text."""
    assert log_item(record(body=body), trace_id=NO_TRACE)["body"] == sent


def test_an_event_without_body_is_its_name() -> None:
    """OpenTelemetry's events need not have a body."""
    assert log_item(record(event_name="order.late"), trace_id=NO_TRACE)["body"] == "order.late"


def test_what_the_application_says_wins() -> None:
    """Origin and logger as it set them; what the limits dropped is told."""
    item = log_item(record(attributes={"sentry.origin": "auto.log.mine", "logger.name": "x"}), trace_id=NO_TRACE)

    assert values(item) == {"sentry.origin": "auto.log.mine", "logger.name": "x"}


def test_attributes_of_the_scope_and_losses() -> None:
    """As on spans."""
    scope = InstrumentationScope("x", attributes={"team": "a"})
    log = record(scope=scope, attributes=BoundedAttributes(1, {"a": 1, "b": 2}))
    sent = values(log_item(log, trace_id=NO_TRACE))

    assert sent["otel.scope.team"] == "a"
    assert sent["otel.dropped_attributes_count"] == 1


def test_a_log_without_scope() -> None:
    """Is valid as well."""
    assert values(log_item(record(scope=None), trace_id=NO_TRACE)) == {"sentry.origin": "auto.log.otel"}


@pytest.mark.parametrize(
    ("template", "arguments", "attributes"),
    [
        pytest.param(
            "order %s is %d late",
            ("a", 7),
            {
                "sentry.message.template": "order %s is %d late",
                "sentry.message.parameter.0": "a",
                "sentry.message.parameter.1": 7,
            },
            id="positions",
        ),
        pytest.param(
            "order %(id)s",
            {"id": 2**70},
            {"sentry.message.template": "order %(id)s", "sentry.message.parameter.id": str(2**70)},
            id="names",
        ),
        pytest.param("plain", (), {}, id="no parameters"),
        pytest.param("plain", None, {}, id="none"),
        pytest.param(ValueError("x"), ("a",), {}, id="template that is no text"),
    ],
)
def test_template_and_parameters(template: Any, arguments: Any, attributes: dict[str, Any]) -> None:
    """Only together, as Sentry's own SDKs send them."""
    assert message_attributes(template, arguments) == attributes


def container(*logs: ReadableLogRecord) -> dict[str, Any]:
    """The payload of a log item, as Sentry's ingest would check it."""
    common = CommonPart(
        {"sentry.release": {"type": "string", "value": "r"}, "logger.name": {"type": "string", "value": "no"}},
        lambda identity: {"user.id": "|".join(sorted(identity))},
    )
    encoded = [encode_log(log, trace_id=NO_TRACE, common_names=["sentry.release", "logger.name"]) for log in logs]
    payload = joined((one, common) for one in encoded)
    headers = {"type": "log", "content_type": LOG_CONTENT_TYPE, "item_count": len(logs), "length": len(payload)}

    assert list(container_findings(EnvelopeItem(headers, payload), None)) == []
    return dict(json.loads(payload))


def test_common_attributes_are_added() -> None:
    """Once, and never over the log's own; a raw identity is replaced."""
    (plain, known) = container(record(body="a"), record(body="b", attributes={"wallet.address": "0xA"}))["items"]

    assert values(plain) == {"sentry.origin": "auto.log.otel", "logger.name": "shop.orders", "sentry.release": "r"}
    assert values(known)["user.id"] == "wallet.address"
    assert "wallet.address" not in known["attributes"]


@given(VALUES, ATTRIBUTES, st.sampled_from([None, *SeverityNumber]), st.none() | st.text())
def test_any_log_passes_the_checks(body: Any, attributes: Any, severity: Any, severity_text: str | None) -> None:
    """Whatever is logged."""
    log = record(body=body, attributes=attributes, severity_number=severity, severity_text=severity_text)
    (item,) = container(log)["items"]

    assert json.loads(dumps(log_item(log, trace_id=NO_TRACE)))["body"] == item["body"]
