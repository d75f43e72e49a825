"""Python's `logging` → OpenTelemetry's log records, with what a message was made of: template and parameters."""

from __future__ import annotations

import logging
import time
import traceback
from typing import Any, Final

from opentelemetry._logs import LoggerProvider, LogRecord, SeverityNumber, get_logger
from opentelemetry.instrumentation.utils import is_instrumentation_enabled

from otel_sentry.convert.log import message_attributes
from otel_sentry.convert.values import text

NAMES_OF_OURS: Final = (
    "otel_sentry",
    "opentelemetry.attributes",
    "opentelemetry.exporter",
    "opentelemetry.sdk",
    "sentry_sdk.errors",
)
"""Loggers of the pipeline itself: a log about a log that was lost would be lost as well."""

OF_LOGGING: Final = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
"""What every record has; anything else came by `extra=`."""

_DEEPEST: Final = 8
"""Containers in containers of an extra."""

_SEVERITIES: Final = (
    (logging.CRITICAL, SeverityNumber.FATAL, "FATAL"),
    (logging.ERROR, SeverityNumber.ERROR, "ERROR"),
    (logging.WARNING, SeverityNumber.WARN, "WARN"),
    (logging.INFO, SeverityNumber.INFO, "INFO"),
    (logging.DEBUG, SeverityNumber.DEBUG, "DEBUG"),
)


class TemplateHandler(logging.Handler):
    """Emits what `logging` records through OpenTelemetry; never raises.

    Args:
        provider: of the loggers.
    """

    def __init__(self, provider: LoggerProvider) -> None:
        super().__init__()
        self._provider = provider

    def emit(self, record: logging.LogRecord) -> None:
        """Pass a record on, on the thread that logs it."""
        if record.name.startswith(NAMES_OF_OURS) or not is_instrumentation_enabled():
            return
        try:
            get_logger(record.name, logger_provider=self._provider).emit(_log_record(record))
        except Exception:  # noqa: BLE001 - as every handler of `logging`
            self.handleError(record)


def _log_record(record: logging.LogRecord) -> LogRecord:
    severity = next(((number, name) for level, number, name in _SEVERITIES if record.levelno >= level), None)
    number, name = severity or (SeverityNumber.TRACE, "TRACE")
    return LogRecord(
        timestamp=int(record.created * 1e9),
        observed_timestamp=time.time_ns(),
        severity_number=number,
        severity_text=name,
        body=_message(record),
        attributes=_attributes(record),
    )


def _message(record: logging.LogRecord) -> str:
    """The message; the bare template where the arguments do not fit it, or cannot be shown."""
    try:
        return record.getMessage()
    except Exception:  # noqa: BLE001 - a foreign __str__ may raise anything
        return text(record.msg)


def _attributes(record: logging.LogRecord) -> dict[str, Any]:
    extra = {key: _plain(value) for key, value in vars(record).items() if key not in OF_LOGGING and value is not None}
    return {
        **extra,
        **message_attributes(record.msg, record.args),
        "code.file.path": record.pathname,
        "code.function.name": record.funcName,
        "code.line.number": record.lineno,
        **_exception(record),
    }


def _plain(value: Any, depth: int = _DEEPEST) -> Any:
    """A value that OpenTelemetry takes as it is: it asks other objects for their text, and some raise then."""
    if value is None or isinstance(value, (bool, int, float, str, bytes)):
        return value
    if depth and isinstance(value, dict):
        return {text(key): _plain(item, depth - 1) for key, item in value.items()}
    if depth and isinstance(value, (list, tuple)):
        return [_plain(item, depth - 1) for item in value]
    return text(value)


def _exception(record: logging.LogRecord) -> dict[str, str]:
    kind, error, _ = record.exc_info or (None, None, None)
    if kind is None or error is None:
        return {}
    try:
        stacktrace = "".join(traceback.format_exception(error))
    except Exception:  # noqa: BLE001 - a foreign attribute may raise anything
        stacktrace = ""
    module = "" if kind.__module__ in {"builtins", "__main__"} else f"{kind.__module__}."
    return {
        "exception.type": f"{module}{kind.__qualname__}",
        "exception.message": text(error),
        "exception.stacktrace": stacktrace,
    }
