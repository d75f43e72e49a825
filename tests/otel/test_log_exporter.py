"""Log records of a real OpenTelemetry pipeline in the embedded Sentry."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from importlib.metadata import entry_points
from typing import TYPE_CHECKING, Any

import pytest
import sentry_sdk
from opentelemetry._logs import LogRecord, SeverityNumber
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor, LogRecordExportResult, SimpleLogRecordProcessor
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider

from otel_sentry.identity.context import use_wallet
from otel_sentry.otel.log_exporter import SentryLogExporter
from otel_sentry.otel.log_processor import SentryLogProcessor
from otel_sentry.otel.span_processor import SentrySpanProcessor
from otel_sentry.protocol.item_kinds import Category, LossReason

if TYPE_CHECKING:
    from otel_sentry.local.receiver import Receiver

ALICE = "0x" + "5a" * 20


class Logs:
    """A logger whose records reach the embedded Sentry."""

    def __init__(self, receiver: Receiver, *, issue_of: Any = None, **keywords: Any) -> None:
        self.exporter = SentryLogExporter(dsn=receiver.dsn, **{"shutdown_timeout_seconds": 30, **keywords})
        resource = Resource.create({"service.name": "dapp", "service.version": "2.1"})
        self._provider = LoggerProvider(resource, shutdown_on_exit=False)
        self._provider.add_log_record_processor(SentryLogProcessor(issue_of))
        self._provider.add_log_record_processor(BatchLogRecordProcessor(self.exporter))
        self._receiver = receiver
        self._logger = self._provider.get_logger("shop.cart")

    def emit(self, body: Any, severity: SeverityNumber = SeverityNumber.INFO, **fields: Any) -> None:
        """Record one log, with the current context."""
        self._logger.emit(LogRecord(body=body, severity_number=severity, timestamp=time.time_ns(), **fields))

    def arrived(self, count: int = 1) -> list[dict[str, Any]]:
        """What Sentry has once `count` logs are there."""
        self._provider.shutdown()
        self._receiver.wait_for(lambda: len(self._receiver.logs) >= count)
        return self._receiver.logs


def values(log: dict[str, Any]) -> dict[str, Any]:
    """A log's attributes without their types."""
    return {name: typed["value"] for name, typed in log["attributes"].items()}


def lost(receiver: Receiver, category: Category) -> dict[str, int]:
    """Reason → quantity, by the client reports so far."""
    entries = [entry for report in receiver.client_reports for entry in report["discarded_events"]]
    return {entry["reason"]: entry["quantity"] for entry in entries if entry["category"] == category.value}


@pytest.fixture
def client_with_hook(receiver: Receiver) -> Iterator[Any]:
    """The application's own client of sentry-sdk, with a hook."""
    before = sentry_sdk.get_client()

    def make(hook: Any) -> None:
        client = sentry_sdk.Client(receiver.dsn, before_send_log=hook, default_integrations=False)
        sentry_sdk.get_global_scope().set_client(client)

    yield make
    sentry_sdk.get_client().close(timeout=2)
    sentry_sdk.get_global_scope().set_client(before)


def test_a_record_arrives_with_everything(receiver: Receiver) -> None:
    """Severity, logger, typed attributes, service, trace, span; no trace header, for an envelope may have several."""
    logs = Logs(receiver, environment="staging")
    with TracerProvider().get_tracer("app").start_as_current_span("work") as span:
        logs.emit("sold out", SeverityNumber.WARN, severity_text="WARN", attributes={"stock": 0, "ratio": 0.5})
    (log,) = logs.arrived()

    found = values(log)
    assert log["trace_id"] == f"{span.get_span_context().trace_id:032x}"
    assert log["span_id"] == f"{span.get_span_context().span_id:016x}"
    assert (log["level"], log["body"]) == ("warn", "sold out")
    assert (
        found.items()
        >= {
            "stock": 0,
            "ratio": 0.5,
            "logger.name": "shop.cart",
            "service.name": "dapp",
            "sentry.release": "2.1",
            "sentry.environment": "staging",
            "sentry.sdk.name": "otel_sentry",
        }.items()
    )
    assert "trace" not in receiver.envelopes[0].headers


def test_an_envelope_has_a_hundred_at_most(receiver: Receiver) -> None:
    """Sentry's limit; none gets lost, order is kept."""
    logs = Logs(receiver)
    for number in range(250):
        logs.emit(f"log {number}")

    # Envelopes travel side by side, so that one may overtake another.
    assert sorted(log["body"] for log in logs.arrived(250)) == sorted(f"log {number}" for number in range(250))
    assert max(len(envelope.arrivals) for envelope in receiver.envelopes) == 100


def test_outside_of_traces_there_is_one_trace_per_process(receiver: Receiver) -> None:
    """Sentry wants a trace id of each log."""
    logs = Logs(receiver)
    logs.emit("one")
    logs.emit("two")
    first, second = logs.arrived(2)

    assert first["trace_id"] == second["trace_id"] != "0" * 32
    assert "span_id" not in first


@pytest.mark.parametrize(
    ("privacy", "shown"),
    [
        pytest.param("plain", ALICE, id="plain"),
        pytest.param("short", "0x5a5a…5a5a", id="short"),
        pytest.param("off", None, id="off"),
    ],
)
def test_the_wallet_of_the_block_is_the_user(receiver: Receiver, privacy: str, shown: str | None) -> None:
    """`use_wallet` around a log, without any span; Sentry sees as much as the privacy mode allows, in texts too."""
    logs = Logs(receiver, wallet_privacy=privacy)
    with use_wallet(ALICE):
        logs.emit(f"{ALICE} has signed")
    logs.emit("nobody")
    wallets, nobody = logs.arrived(2)

    assert values(wallets).get("user.id") == shown
    assert "user.id" not in values(nobody)
    assert (ALICE in wallets["body"]) == (privacy == "plain")


def test_the_user_of_the_segment_is_the_user(receiver: Receiver) -> None:
    """What the local root learns of its user holds for the logs of all its spans."""
    logs = Logs(receiver)
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SentrySpanProcessor(dsn=receiver.dsn))
    tracer = provider.get_tracer("app")
    with tracer.start_as_current_span("root") as root, tracer.start_as_current_span("child"):
        root.set_attribute("user.id", "7")
        logs.emit("from the child")
    (log,) = logs.arrived()
    provider.shutdown()

    assert values(log)["user.id"] == "7"


def test_a_record_that_names_its_user_keeps_it(receiver: Receiver) -> None:
    """A record's own identity attributes beat those around it, and fall under privacy."""
    logs = Logs(receiver, wallet_privacy="short")
    with use_wallet("0x" + "1" * 40):
        logs.emit("transfer", attributes={"wallet.address": ALICE})

    assert values(logs.arrived()[0])["wallet.address"] == "0x5a5a…5a5a"


def test_the_hook_changes_and_drops(receiver: Receiver, client_with_hook: Any) -> None:
    """`before_send_log` of the application's client; what it drops is counted in logs and bytes."""

    def hook(log: dict[str, Any], _: Any) -> dict[str, Any] | None:
        if log["body"] == "noise":
            return None
        if log["body"] == "broken":
            raise ValueError
        return {**log, "body": log["body"].upper(), "attributes": {**log["attributes"], "seen": True}}

    client_with_hook(hook)
    logs = Logs(receiver)
    for body in ("noise", "signal", "broken"):
        logs.emit(body, attributes={"n": 1.0})
    (log,) = logs.arrived()

    assert log["body"] == "SIGNAL"
    assert log["attributes"]["seen"] == {"type": "boolean", "value": True}
    assert log["attributes"]["n"]["type"] == "double"
    assert log["level"] == "info"
    logs.exporter.force_flush()
    receiver.wait_for(lambda: lost(receiver, Category.LOG_BYTE))
    assert lost(receiver, Category.LOG_ITEM) == {"before_send": 1, "callback_error": 1}
    assert min(lost(receiver, Category.LOG_BYTE).values()) > 100


def test_a_record_that_cannot_be_translated_is_counted(receiver: Receiver, caplog: pytest.LogCaptureFixture) -> None:
    """The others of its batch leave; one error line says so."""

    class Counting:
        losses: list[tuple[LossReason, Category, int]]

        def __init__(self) -> None:
            self.losses, self.sent = [], []

        def send(self, envelope: Any) -> None:
            self.sent.append(envelope)

        def lost(self, reason: LossReason, category: Category, quantity: int) -> None:
            self.losses.append((reason, category, quantity))

        def flush(self, timeout: float) -> bool:
            return True

        close = flush

    outbox: Any = Counting()
    provider = LoggerProvider(shutdown_on_exit=False)
    exporter = SentryLogExporter(dsn=receiver.dsn, outbox=outbox)
    provider.add_log_record_processor(SimpleLogRecordProcessor(exporter))
    broken: Any = LogRecord(body="x", timestamp="no number")  # type: ignore[call-overload]
    with caplog.at_level(logging.ERROR, "otel_sentry"):
        provider.get_logger("app").emit(broken)
        provider.get_logger("app").emit(broken)
        provider.get_logger("app").emit(LogRecord(body="fine"))

    assert [envelope.quantity for envelope in outbox.sent] == [1]
    assert outbox.losses[0] == (LossReason.INTERNAL_SDK_ERROR, Category.LOG_ITEM, 1)
    assert len(outbox.losses) == 4
    assert len(caplog.records) == 1


def test_exceptions_of_errors_are_handed_on(receiver: Receiver) -> None:
    """Where they are emitted, errors only; the log leaves all the same, and what the issues room raises stays here."""
    told: list[Any] = []

    def issue_of(record: Any) -> None:
        told.append(record.log_record.body)
        raise ValueError

    logs = Logs(receiver, issue_of=issue_of)
    attributes = {"exception.type": "ValueError", "exception.message": "no"}
    logs.emit("told", SeverityNumber.ERROR, attributes=attributes)
    logs.emit("only a warning", SeverityNumber.WARN, attributes=attributes)
    logs.arrived(2)

    assert told == ["told"]


def test_a_setting_that_cannot_be_used_is_one_error_line(caplog: pytest.LogCaptureFixture) -> None:
    """An entry point never raises."""
    exporter = SentryLogExporter(dsn="not a dsn")

    assert [record.levelname for record in caplog.records] == ["ERROR"]
    assert exporter.export([]) is LogRecordExportResult.SUCCESS
    assert exporter.settings is None
    assert exporter.force_flush()
    exporter.shutdown()


def test_without_dsn_nothing_happens(monkeypatch: pytest.MonkeyPatch) -> None:
    """`OTEL_LOGS_EXPORTER=sentry` without DSN."""
    monkeypatch.delenv("SENTRY_DSN", raising=False)
    provider = LoggerProvider(shutdown_on_exit=False)
    exporter = SentryLogExporter()
    provider.add_log_record_processor(SimpleLogRecordProcessor(exporter))
    provider.get_logger("app").emit(LogRecord(body="x"))

    assert exporter.force_flush()


def test_the_entry_point_is_this_class() -> None:
    """`OTEL_LOGS_EXPORTER=sentry` finds it."""
    (entry_point,) = entry_points(group="opentelemetry_logs_exporter", name="sentry")

    assert entry_point.load() is SentryLogExporter
