"""Log records that carry exceptions: issues, unless they are already."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import sentry_sdk
from opentelemetry._logs import LogRecord, SeverityNumber
from opentelemetry.sdk._logs import LoggerProvider, LogRecordProcessor, ReadWriteLogRecord
from opentelemetry.sdk.resources import Resource

if TYPE_CHECKING:
    from opentelemetry.sdk._logs import Logger

    from tests.issues.lab import Lab


class Telling(LogRecordProcessor):
    """Tells the issues room of each record when it is emitted, or later, when it is exported."""

    def __init__(self, lab: Lab) -> None:
        self.lab = lab
        self.late = False
        self.kept: list[ReadWriteLogRecord] = []
        self.answers: list[bool] = []

    def on_emit(self, log_record: ReadWriteLogRecord) -> None:
        self.kept.append(log_record)
        if not self.late:
            self.answers.append(self.lab.issues.log_record(log_record))

    def export(self) -> None:
        """What a batch exporter does, on a thread of its own."""
        self.answers += [self.lab.issues.log_record(record) for record in self.kept]

    def shutdown(self) -> None:
        pass

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        return True


@pytest.fixture
def telling(lab: Lab) -> Telling:
    return Telling(lab)


@pytest.fixture
def logger(telling: Telling) -> Logger:
    """A real OpenTelemetry logger."""
    provider = LoggerProvider(resource=Resource.create({"service.name": "lab"}), shutdown_on_exit=False)
    provider.add_log_record_processor(telling)
    return provider.get_logger("shop")  # type: ignore[return-value]


def fail() -> None:
    number = 3
    raise ValueError("boom", number)


def log(
    logger: Logger, error: BaseException | None, severity: SeverityNumber = SeverityNumber.ERROR, **kept: Any
) -> None:
    """Log an exception as instrumentations do: by `exception`, or by attributes alone."""
    attributes = {} if error is None else {"exception.type": type(error).__name__, "exception.message": str(error)}
    logger.emit(LogRecord(body="payment failed", severity_number=severity, attributes=attributes, **kept))


def test_live_exception(lab: Lab, logger: Logger, telling: Telling) -> None:
    """A record in an except block is an issue with locals, the log's words, its logger and the trace."""
    with lab.tracer.start_as_current_span("root") as root:
        try:
            fail()
        except ValueError as error:
            log(logger, error)
    event = lab.event()
    (value,) = event["exception"]["values"]

    assert telling.answers == [True]
    assert value["stacktrace"]["frames"][-1]["vars"] == {"number": "3"}
    assert (value["mechanism"]["type"], value["mechanism"]["handled"]) == ("auto.log.otel", True)
    assert (event["logentry"]["formatted"], event["logger"], event["level"]) == ("payment failed", "shop", "error")
    assert event["contexts"]["trace"]["span_id"] == f"{root.get_span_context().span_id:016x}"
    assert event["transaction"] == "root"


def test_logged_and_raised_on(lab: Lab, logger: Logger) -> None:
    """Logged inside of a span that the exception then leaves: one issue, unhandled, in the log's words."""
    with pytest.raises(ValueError, match="boom"), lab.tracer.start_as_current_span("root"):
        try:
            fail()
        except ValueError as error:
            log(logger, error)
            raise
    event = lab.event()

    assert event["logentry"]["formatted"] == "payment failed"
    assert event["exception"]["values"][-1]["mechanism"]["handled"] is False


def test_seen_before(lab: Lab, logger: Logger, telling: Telling) -> None:
    """An exception that left a span and is logged where it is caught is one issue."""
    with lab.tracer.start_as_current_span("root"):
        try:
            with lab.tracer.start_as_current_span("inner"):
                fail()
        except ValueError as error:
            log(logger, error)

    assert telling.answers == [True]
    assert len(lab.events()) == 1


def test_captured_by_sentry_sdk_too(lab: Lab, logger: Logger) -> None:
    """Whoever is first, it is one issue."""
    try:
        fail()
    except ValueError as error:
        log(logger, error)
        sentry_sdk.capture_exception(error)
    try:
        fail()
    except ValueError as error:
        sentry_sdk.capture_exception(error)
        log(logger, error)

    assert len(lab.events()) == 2


@pytest.mark.parametrize("severity", [SeverityNumber.WARN, SeverityNumber.INFO, None], ids=str)
def test_below_error(lab: Lab, logger: Logger, telling: Telling, severity: SeverityNumber | None) -> None:
    """A record below ERROR is a log and nothing more, exception or not."""
    try:
        fail()
    except ValueError as error:
        log(logger, error, severity)

    assert telling.answers == [False]
    assert lab.events() == []


def test_error_without_exception(lab: Lab, logger: Logger, telling: Telling) -> None:
    """So is an ERROR without exception, also in an except block."""
    try:
        fail()
    except ValueError:
        log(logger, None)

    assert telling.answers == [False]


def test_fatal(lab: Lab, logger: Logger) -> None:
    """FATAL is Sentry's `fatal`."""
    try:
        fail()
    except ValueError as error:
        log(logger, error, SeverityNumber.FATAL)

    assert lab.event()["level"] == "fatal"


def test_late_record_of_an_exception_that_is_gone(lab: Lab, logger: Logger, telling: Telling) -> None:
    """A record that is looked at when it is exported is an issue with the frames of its text."""
    telling.late = True
    import traceback  # noqa: PLC0415

    try:
        fail()
    except ValueError as error:
        attributes = {
            "exception.type": "ValueError",
            "exception.message": "boom",
            "exception.stacktrace": "".join(traceback.format_exception(error)),
        }
        logger.emit(LogRecord(body="payment failed", severity_number=SeverityNumber.ERROR, attributes=attributes))
    telling.export()
    (value,) = lab.event()["exception"]["values"]

    assert value["value"] == "('boom', 3)"
    assert [frame["function"] for frame in value["stacktrace"]["frames"]][-1] == "fail"


def test_late_record_of_a_known_exception(lab: Lab, logger: Logger, telling: Telling) -> None:
    """The same record is none if its exception became an issue in the meantime, sent or not."""
    telling.late = True
    import traceback  # noqa: PLC0415

    with pytest.raises(ValueError, match="boom"), lab.tracer.start_as_current_span("root"):
        try:
            fail()
        except ValueError as error:
            stacktrace = "".join(traceback.format_exception(error))
            attributes = {"exception.type": "ValueError", "exception.stacktrace": stacktrace}
            logger.emit(LogRecord(body="payment failed", severity_number=SeverityNumber.ERROR, attributes=attributes))
            raise
    lab.issues.force_flush()
    telling.export()

    assert telling.answers == [True]
    assert len(lab.events()) == 1


def test_record_that_keeps_its_exception(lab: Lab, logger: Logger, telling: Telling) -> None:
    """A record made with the exception itself is recognised whenever it is looked at."""
    if "exception" not in LogRecord.__init__.__annotations__ and not hasattr(LogRecord(body=""), "exception"):
        pytest.skip("this OpenTelemetry's records keep no exception")
    telling.late = True
    try:
        fail()
    except ValueError as error:
        logger.emit(LogRecord(body="payment failed", severity_number=SeverityNumber.ERROR, exception=error))
    telling.export()
    telling.export()

    assert len(lab.events()) == 1


def test_without_client(lab: Lab, logger: Logger, telling: Telling) -> None:
    """Without a client that sends, nothing is looked at."""
    sentry_sdk.get_global_scope().set_client(None)
    try:
        fail()
    except ValueError as error:
        log(logger, error)

    assert telling.answers == [False]
    assert lab.issues.pending == 0
