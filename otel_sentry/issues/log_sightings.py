"""OpenTelemetry's logs: records of severity ERROR that carry an exception. Runs where they are emitted or exported.

Rule: a log record is one more sighting of its exception; what is an issue already does not become one again.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, Final

from opentelemetry import trace

from otel_sentry.convert.values import plain, text
from otel_sentry.issues import breadcrumbs
from otel_sentry.issues.expected import qualified_name
from otel_sentry.issues.incident import SpanLink
from otel_sentry.issues.issue_maker import LOG_MECHANISM
from otel_sentry.issues.surroundings import link_of
from otel_sentry.issues.text_event import EXCEPTION_MESSAGE, EXCEPTION_TYPE, ToldException

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from opentelemetry._logs import LogRecord
    from opentelemetry.sdk._logs import ReadableLogRecord, ReadWriteLogRecord

    from otel_sentry.issues.incident import Incident
    from otel_sentry.issues.segment_view import SegmentOf, SegmentView
    from otel_sentry.issues.workbench import Workbench

ERROR: Final = 17
FATAL: Final = 21
"""Lowest severity numbers of OpenTelemetry's levels."""
_MAX_BODY = 8192


class LogSightings:
    """Looks at log records.

    Args:
        bench: incidents, and who makes and sends them.
        segment_of: gives the local root of a live span.
    """

    def __init__(self, bench: Workbench, segment_of: SegmentOf) -> None:
        self._bench = bench
        self._segment_of = segment_of

    def look(self, record: ReadableLogRecord | ReadWriteLogRecord) -> bool:
        """Make an incident of a record's exception.

        Returns:
            Whether the record tells of an exception: it is an issue then, now or since before.
        """
        log = record.log_record
        attributes = log.attributes or {}
        exception = exception_of(log, attributes)
        severity = log.severity_number.value if log.severity_number is not None else 0
        if severity < ERROR or (exception is None and EXCEPTION_TYPE not in attributes):
            return False
        span = trace.get_current_span(log.context) if log.context is not None else trace.INVALID_SPAN
        link, segment = _link(log, span), self._segment_of(span)
        seen = breadcrumbs.moment(log.timestamp or log.observed_timestamp)
        incident = self._incident(exception, attributes, link, segment, seen)
        if incident is not None:
            _describe(incident, record, severity)
            self._bench.opened(incident, attributes, record.resource)
        return True

    def _incident(
        self,
        exception: BaseException | None,
        attributes: Mapping[str, Any],
        link: SpanLink | None,
        segment: SegmentView | None,
        seen: datetime,
    ) -> Incident | None:
        maker = self._bench.maker
        if exception is not None:
            return maker.logged(exception, link, segment, seen)
        told = ToldException(attributes)
        return maker.told(told, link, segment, seen, escapes=False, mechanism=LOG_MECHANISM)


def exception_of(log: LogRecord, attributes: Mapping[str, Any]) -> BaseException | None:
    """The exception of a record: the one it keeps, else the one being handled here if the record describes it."""
    kept = getattr(log, "exception", None)
    if isinstance(kept, BaseException):
        return kept
    handled = sys.exc_info()[1]
    if handled is None or EXCEPTION_TYPE not in attributes:
        return None
    names = {type(handled).__name__, qualified_name(type(handled))}
    # OpenTelemetry's handler for `logging` records the first argument as the message.
    messages = {text(handled), text(handled.args[0]) if handled.args else ""}
    is_it = attributes[EXCEPTION_TYPE] in names and attributes.get(EXCEPTION_MESSAGE, "") in messages
    return handled if is_it else None


def _link(log: LogRecord, span: trace.Span) -> SpanLink | None:
    if not log.trace_id or not log.span_id:
        return None
    context = span.get_span_context()
    if context.span_id == log.span_id:
        return link_of(context, getattr(span, "parent", None))
    return SpanLink(log.trace_id, log.span_id, None)


def _describe(incident: Incident, record: ReadableLogRecord | ReadWriteLogRecord, severity: int) -> None:
    """Say in which words the exception was logged, and by whom."""
    event, scope = incident.event, record.instrumentation_scope
    if event is None:
        return
    body = record.log_record.body
    if body is not None:
        event["logentry"] = {"formatted": text(plain(body))[:_MAX_BODY]}
    if scope is not None and scope.name:
        event["logger"] = scope.name
    if severity >= FATAL:
        event["level"] = "fatal"
