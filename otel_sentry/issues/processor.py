"""`IssueProcessor`: where OpenTelemetry and sentry-sdk tell the issues room of exceptions.

A thin shell on the application's thread: passes on what is seen, never raises. Who looks at it is loaded when there is
something to see, for most of a process's life there is nothing.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, Final

from opentelemetry.sdk.trace import SpanProcessor
from opentelemetry.trace import StatusCode

from otel_sentry.loading import loading
from otel_sentry.masking.own_log import own_logger

if TYPE_CHECKING:
    from opentelemetry.sdk._logs import ReadableLogRecord, ReadWriteLogRecord
    from opentelemetry.sdk.trace import Span

    from otel_sentry.issues.incidents import Incidents
    from otel_sentry.issues.segment_view import SegmentOf, SegmentView
    from otel_sentry.issues.sightings import Sightings

_logger = own_logger(__name__)

_ERROR: Final = StatusCode.ERROR
_exception = getattr(sys, "exception", None) or (lambda: sys.exc_info()[1])
"""The exception that this thread is handling; Python 3.11 gives it without the tuple around it."""


class IssueProcessor(SpanProcessor):
    """Makes one Sentry issue of each exception that leaves a span or that sentry-sdk captures.

    Add it to the tracer provider, and register `event_processor` once with
    `sentry_sdk.scope.add_global_event_processor`. Starts no thread before the first exception.

    Args:
        segment_of: gives the local root of a live span.
        unsampled_errors: also make issues of exceptions in traces that Sentry does not keep.
        keywords: further ones of `Sightings`.
    """

    def __init__(self, *, segment_of: SegmentOf, unsampled_errors: bool = True, **keywords: Any) -> None:
        self._segment_of = segment_of
        self._unsampled_errors = unsampled_errors
        self._keywords = keywords
        self._sightings: Sightings | None = None
        self._incidents: Incidents | None = None
        self._blind = 0
        """Sightings that were lost because nobody could be loaded to look at them."""

    @property
    def failures(self) -> int:
        """Exceptions that a fault of ours lost; they are in the client's report too, if somebody could look at them."""
        return self._blind + (self._sightings.bench.failures if self._sightings is not None else 0)

    @property
    def pending(self) -> int:
        """Issues that wait for their local root to end."""
        return len(self._incidents) if self._incidents is not None else 0

    def prepare(self) -> Sightings:
        """Load what looks at exceptions, unless it is there; for a thread on which no request waits."""
        with loading():
            if self._sightings is None:
                from otel_sentry.issues.sightings import Sightings  # noqa: PLC0415  see the module

                self._sightings = Sightings(segment_of=self._segment_of, **self._keywords)
                self._incidents = self._sightings.bench.incidents
            return self._sightings

    def _on_ending(self, span: Span) -> None:
        """Look whether an exception is leaving the span; called on the application's thread."""
        try:
            try:
                # The SDK's own fields: most spans tell nothing, and each property would be a call.
                events, code = span._events._dq, span._status._status_code  # type: ignore[attr-defined] # noqa: SLF001
            except AttributeError:
                events, code = span.events, span.status.status_code
            quiet = not events and code is not _ERROR
            if not (quiet and _exception() is None) and not sys.is_finalizing():
                self._look(span)
            incidents, seen = self._incidents, self._sightings
            if incidents is not None and incidents.waiting and seen is not None:
                seen.spans.settle(span, self._segment_of(span))
        except RecursionError as error:
            # Not lost yet: the next span out has more room, and sees the exception again.
            if span.parent is None or span.parent.is_remote:
                self._failed(error)
        except Exception as error:  # noqa: BLE001  # no exception of ours may reach the application
            self._failed(error)

    def log_record(self, record: ReadableLogRecord | ReadWriteLogRecord) -> bool:
        """Make an issue of the exception in a log record of severity ERROR, unless it is one already.

        Where the record is emitted the exception is alive; later, as exporters see it, often only its text is left.

        Args:
            record: of OpenTelemetry, with `exception.*` attributes or an exception.

        Returns:
            Whether the record tells of an exception that is an issue.
        """
        try:
            seen = self._sightings or self.prepare()
            client = seen.bench.sdk.client()
            if client is None:
                return False
            seen.captures.watch(client)
            return seen.logs.look(record)
        except Exception as error:  # noqa: BLE001  # no exception of ours may reach the application
            self._failed(error)
            return False

    def event_processor(self, event: dict[str, Any], hint: dict[str, Any] | None) -> dict[str, Any] | None:
        """Link an event of sentry-sdk to its span and user; None for what is an issue already."""
        if event.get("type") is not None:
            return event
        try:
            return (self._sightings or self.prepare()).captures.process(event, hint or {})
        except Exception as error:  # noqa: BLE001  # no exception of ours may reach the application
            self._failed(error)
            return event

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        """Hand every issue that waits to the client, as far as it is known.

        Args:
            timeout_millis: not needed, for nothing here blocks; the client's own flush delivers.
        """
        del timeout_millis
        if self._sightings is not None:
            self._sightings.bench.release()
        return True

    def shutdown(self) -> None:
        """Hand every issue that waits to the client."""
        if self._sightings is not None:
            self._sightings.bench.release()

    def _look(self, span: Span) -> None:
        seen = self._sightings or self.prepare()
        client = seen.bench.sdk.client()
        segment = self._segment_of(span)
        if client is not None and self._wanted(segment):
            seen.captures.watch(client)
            seen.spans.look(span, segment)

    def _wanted(self, segment: SegmentView | None) -> bool:
        return self._unsampled_errors or segment is None or segment.verdict.sampled

    def _failed(self, error: Exception) -> None:
        if self._sightings is not None:
            self._sightings.bench.failed(error)
            return
        self._blind += 1
        if self._blind == 1:
            _logger.error("otel_sentry could not look at an exception: %r", error)
