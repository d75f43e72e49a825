"""`IssueProcessor`: where OpenTelemetry and sentry-sdk tell the issues room of exceptions.

A thin shell on the application's thread: passes on what is seen, never raises.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, Final

from opentelemetry.sdk.trace import SpanProcessor
from opentelemetry.trace import StatusCode

from otel_sentry.identity.privacy import Privacy
from otel_sentry.issues.breadcrumbs import SpanBreadcrumbs
from otel_sentry.issues.expected import Expected
from otel_sentry.issues.log_sightings import LogSightings
from otel_sentry.issues.sdk import SentrySdk
from otel_sentry.issues.sdk_captures import SdkCaptures
from otel_sentry.issues.span_sightings import SpanSightings
from otel_sentry.issues.surroundings import Surroundings, TraceHeader, plain_trace_header
from otel_sentry.issues.workbench import Workbench

if TYPE_CHECKING:
    from opentelemetry.sdk._logs import ReadableLogRecord, ReadWriteLogRecord
    from opentelemetry.sdk.trace import Span
    from sentry_sdk.client import BaseClient

    from otel_sentry.issues.segment_view import SegmentOf, SegmentView

_ERROR: Final = StatusCode.ERROR
_exception = getattr(sys, "exception", None) or (lambda: sys.exc_info()[1])
"""The exception that this thread is handling; Python 3.11 gives it without the tuple around it."""


class IssueProcessor(SpanProcessor):
    """Makes one Sentry issue of each exception that leaves a span or that sentry-sdk captures.

    Add it to the tracer provider, and register `event_processor` once with
    `sentry_sdk.scope.add_global_event_processor`. Starts no thread before the first exception.

    Args:
        segment_of: gives the local root of a live span.
        client: gives the sentry-sdk client that carries issues; the current one if None.
        privacy: what stands for wallets.
        wallet_attributes: span attributes read as the wallet, in order.
        unsampled_errors: also make issues of exceptions in traces that Sentry does not keep.
        span_events: span events that are no exceptions become breadcrumbs.
        trace_header: what the envelope header `trace` of an issue says; takes local root and public key of the DSN.
        private: takes wallets out of a transaction's name; everything else passes sentry-sdk's event processors.
        trace_url: template of another backend's page of a trace, with `{trace_id}`.
        expected: further exceptions that are no issue, by qualified name or class.
        grace_seconds: how long an exception that has escaped its local root waits for a hook or framework that knows
            more of it; shorter than the delay after which an ended span counts as handed over.
        clock: monotonic seconds.
    """

    def __init__(  # noqa: PLR0913  # keyword-only, each with its default
        self,
        *,
        segment_of: SegmentOf,
        client: Callable[[], BaseClient] | None = None,
        privacy: Privacy | None = None,
        wallet_attributes: Sequence[str] = ("wallet.address",),
        unsampled_errors: bool = True,
        span_events: bool = True,
        trace_header: TraceHeader = plain_trace_header,
        private: Callable[[str], str] = str,
        trace_url: str | None = None,
        expected: Iterable[str | type[BaseException]] = (),
        grace_seconds: float = 0.5,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._segment_of = segment_of
        self._unsampled_errors = unsampled_errors
        crumbs = SpanBreadcrumbs() if span_events else None
        self._bench = Workbench(
            sdk=SentrySdk(client),
            expected=Expected(expected),
            surroundings=Surroundings(
                privacy=privacy or Privacy(),
                wallet_attributes=wallet_attributes,
                trace_header=trace_header,
                private=private,
                trace_url=trace_url,
                span_events=crumbs,
            ),
            grace_seconds=grace_seconds,
            clock=clock,
        )
        self._incidents = self._bench.incidents
        self._spans = SpanSightings(self._bench, crumbs)
        self._captures = SdkCaptures(self._bench, segment_of)
        self._logs = LogSightings(self._bench, segment_of)

    @property
    def failures(self) -> int:
        """Exceptions that a fault of ours lost; they are in the client's report too."""
        return self._bench.failures

    @property
    def pending(self) -> int:
        """Issues that wait for their local root to end."""
        return len(self._incidents)

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
            if self._incidents.waiting:
                self._spans.settle(span, self._segment_of(span))
        except RecursionError as error:
            # Not lost yet: the next span out has more room, and sees the exception again.
            if span.parent is None or span.parent.is_remote:
                self._bench.failed(error)
        except Exception as error:  # noqa: BLE001  # no exception of ours may reach the application
            self._bench.failed(error)

    def log_record(self, record: ReadableLogRecord | ReadWriteLogRecord) -> bool:
        """Make an issue of the exception in a log record of severity ERROR, unless it is one already.

        Where the record is emitted the exception is alive; later, as exporters see it, often only its text is left.

        Args:
            record: of OpenTelemetry, with `exception.*` attributes or an exception.

        Returns:
            Whether the record tells of an exception that is an issue.
        """
        try:
            client = self._bench.sdk.client()
            if client is None:
                return False
            self._captures.watch(client)
            return self._logs.look(record)
        except Exception as error:  # noqa: BLE001  # no exception of ours may reach the application
            self._bench.failed(error)
            return False

    def event_processor(self, event: dict[str, Any], hint: dict[str, Any] | None) -> dict[str, Any] | None:
        """Link an event of sentry-sdk to its span and user; None for what is an issue already."""
        if event.get("type") is not None:
            return event
        try:
            return self._captures.process(event, hint or {})
        except Exception as error:  # noqa: BLE001  # no exception of ours may reach the application
            self._bench.failed(error)
            return event

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        """Hand every issue that waits to the client, as far as it is known.

        Args:
            timeout_millis: not needed, for nothing here blocks; the client's own flush delivers.
        """
        del timeout_millis
        self._bench.release()
        return True

    def shutdown(self) -> None:
        """Hand every issue that waits to the client."""
        self._bench.release()

    def _look(self, span: Span) -> None:
        client = self._bench.sdk.client()
        segment = self._segment_of(span)
        if client is not None and self._wanted(segment):
            self._captures.watch(client)
            self._spans.look(span, segment)

    def _wanted(self, segment: SegmentView | None) -> bool:
        return self._unsampled_errors or segment is None or segment.verdict.sampled
