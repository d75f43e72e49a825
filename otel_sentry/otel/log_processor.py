"""`SentryLogProcessor`: sees log records where they are emitted, before those that export them.

Changes nothing on them that other backends see.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from opentelemetry._logs import SeverityNumber
from opentelemetry.sdk._logs import LogRecordProcessor

from otel_sentry.masking.own_log import own_logger
from otel_sentry.otel.log_place import note_place

if TYPE_CHECKING:
    from opentelemetry.sdk._logs import ReadWriteLogRecord

_logger = own_logger(__name__)

IssueOf = Callable[["ReadWriteLogRecord"], object]
"""Makes an issue of the exception that a record tells of, unless it is one already."""

EXCEPTION_TYPE: Final = "exception.type"


class SentryLogProcessor(LogRecordProcessor):
    """Notes whose each record is, and hands the exceptions of errors on.

    Args:
        issue_of: gets each record of an error with its exception; without it a record is a log and nothing else.
    """

    def __init__(self, issue_of: IssueOf | None = None) -> None:
        self._issue_of = issue_of
        self._failed = False

    def on_emit(self, log_record: ReadWriteLogRecord) -> None:
        """Look at a record; called on the thread that logs it."""
        try:
            note_place(log_record.log_record)
            if self._issue_of is not None and tells_of_error(log_record):
                self._issue_of(log_record)
        except Exception:  # none of ours may reach the application
            if not self._failed:
                self._failed = True
                _logger.exception("otel_sentry could not look at a log record")

    def shutdown(self) -> None:
        """Nothing is held here."""

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        """Nothing is held here.

        Args:
            timeout_millis: not needed.
        """
        del timeout_millis
        return True


def tells_of_error(record: ReadWriteLogRecord) -> bool:
    """Whether a record is of an error or worse, with an exception, alive or as attributes."""
    log = record.log_record
    if log.severity_number is None or log.severity_number.value < SeverityNumber.ERROR.value:
        return False
    # OpenTelemetry before 1.40 keeps no exceptions.
    return getattr(log, "exception", None) is not None or EXCEPTION_TYPE in (log.attributes or {})
