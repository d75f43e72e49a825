"""`IssueLogProcessor`: shows the issues room log records while their exceptions are alive. A thin shell."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from opentelemetry.sdk._logs import LogRecordProcessor

if TYPE_CHECKING:
    from opentelemetry.sdk._logs import ReadWriteLogRecord


class IssueLogProcessor(LogRecordProcessor):
    """Makes issues of records of severity ERROR with an exception, with the frames and locals of that moment.

    Add it to the logger provider before the processors of exporters.

    Args:
        log_record: `IssueProcessor.log_record`, which never raises.
    """

    def __init__(self, log_record: Callable[[ReadWriteLogRecord], object]) -> None:
        self._log_record = log_record

    def on_emit(self, log_record: ReadWriteLogRecord) -> None:
        """Look at a record; called on the application's thread."""
        self._log_record(log_record)

    def shutdown(self) -> None:
        """Nothing waits here: `IssueProcessor` has it."""

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        """Nothing waits here.

        Args:
            timeout_millis: not needed.
        """
        del timeout_millis
        return True
