"""`SentrySpanProcessor`: joins each span to its segment at start, appends it to the queue at end.

A thin shell: what Sentry gets is decided in `convert` and `propagation`, when it leaves in `span_queue`.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from os import getpid
from typing import TYPE_CHECKING, Any

from otel_sentry.masking.own_log import own_logger
from otel_sentry.otel.long_spans import LongSpans
from otel_sentry.otel.pipeline import Pipeline
from otel_sentry.otel.segment_tracker import SegmentTracker
from otel_sentry.otel.segments import segment_of
from otel_sentry.otel.sentry_outbox import outbox_of
from otel_sentry.otel.span_queue import SpanQueue
from otel_sentry.otel.unfinished import unfinished
from otel_sentry.protocol.item_kinds import Category, LossReason
from otel_sentry.settings.settings import Settings

if TYPE_CHECKING:
    from opentelemetry.context import Context
    from opentelemetry.sdk.trace import ReadableSpan, Span

    from otel_sentry.delivery.outbox import Outbox
    from otel_sentry.otel.segment_hold import SegmentHold
    from otel_sentry.otel.segments import Segment

_logger = own_logger(__name__)


class SentrySpanProcessor(SegmentTracker):
    """Delivers ended spans to Sentry as native spans.

    Usable without arguments: settings then come from the environment. Starts no thread and opens no socket before the
    first span. Never raises into the application.

    Args:
        settings: frozen settings; made from the environment and `keywords` if None.
        outbox: where envelopes go; the sentry-sdk client that is active, or one of our own, if None.
        clock: monotonic seconds.
        time_left: gives the seconds that who wants to wait for so many may wait; fewer once the process leaves.
        keywords: settings by name (`dsn=`, `environment=`, …), when `settings` is None.

    Raises:
        InvalidSetting: the environment or a keyword holds a value that cannot be used.
    """

    def __init__(
        self,
        *,
        settings: Settings | None = None,
        outbox: Outbox | None = None,
        clock: Callable[[], float] = time.monotonic,
        time_left: Callable[[float], float] = float,
        **keywords: Any,
    ) -> None:
        self.settings = settings if settings is not None else Settings.from_env(**keywords)
        self._time_left = time_left
        self._pipeline = Pipeline(self.settings, outbox_of(self.settings, outbox))
        consumer = self._pipeline.consumer()
        hold = self._pipeline.hold_before(consumer)
        self._long_spans = LongSpans(self._pipeline, self.open_spans) if self.settings.long_span_seconds else None
        self._queue = SpanQueue(
            hold or consumer,
            max_spans=self.settings.max_queue_size,
            refused=self._refused,
            forked=self._forked,
            chore=self._look_at_long_spans if self._long_spans is not None else None,
            clock=clock,
        )
        super().__init__(self.settings.wallet_attributes, self._queue.put)
        self._hold_before_batches(hold)
        self._failed = False
        self._stopped = False

    @property
    def outbox(self) -> Outbox:
        """Where this processor's envelopes go."""
        return self._pipeline.outbox

    def adopt(self, settings: Settings) -> None:
        """Go by other settings from here on, where they say who the process is and what Sentry keeps."""
        self.settings = settings
        self._pipeline.adopt(settings)
        if self._child_started is None:
            self._hold_before_batches(self._queue.interpose(self._pipeline.hold_before))

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        """Deliver everything that has ended.

        Args:
            timeout_millis: hard limit, milliseconds.

        Returns:
            True when all of it was delivered or counted as lost in time.
        """
        timeout = self._time_left(timeout_millis / 1000)
        deadline = time.monotonic() + timeout
        try:
            super().force_flush(timeout_millis)
            flushed = self._queue.flush(timeout)
            return self._pipeline.flush(deadline - time.monotonic()) and flushed
        except Exception as error:  # noqa: BLE001 - no exception of ours may reach the application
            self._say_once(error)
            return False

    def shutdown(self) -> None:
        """Deliver what is left within `OTEL_SENTRY_SHUTDOWN_TIMEOUT` and stop; open spans leave as unfinished."""
        timeout = self._time_left(self.settings.shutdown_timeout_seconds)
        deadline = time.monotonic() + timeout
        try:
            super().shutdown()
            if self._long_spans is not None:
                self._long_spans.forget()
            self._put_unfinished()
            self._queue.close(timeout)
            self._pipeline.flush(deadline - time.monotonic())
        except Exception as error:  # noqa: BLE001 - no exception of ours may reach an application that is leaving
            self._say_once(error)

    def on_begin(self, told: Callable[[], None]) -> None:
        """Have `told` called when the first span of each process has ended, on the thread that ended it."""
        self._queue.on_begin = told

    def on_thread(self, told: Callable[[], object]) -> None:
        """Have `told` called on the thread of this processor when it starts, for what requests should not wait for."""
        self._queue.on_thread = told

    def pending(self) -> int:
        """Ended spans that have not been handed to delivery yet."""
        return self._queue.pending()

    def _new_segment(self, root: Span, context: Context) -> Segment:
        queue = self._queue
        if queue.pid != getpid() or queue.thread is None:
            queue.attend()
        return self._pipeline.new_segment(root, context)

    def _ended_otherwise(self, span: ReadableSpan, segment: Segment | None) -> None:
        if segment is None and (self._stopped or self.is_parents(span)):
            return  # told of as unfinished, or told of by the process that forked this one
        if segment is None or self._holds_unsampled:
            self._queue.put(span, segment)
        else:
            reason = LossReason.IGNORED if segment.ignored else LossReason.SAMPLE_RATE
            self._pipeline.outbox.lost(reason, Category.SPAN, 1)

    def _hold_before_batches(self, hold: SegmentHold | None) -> None:
        self._holds_unsampled = hold is not None and hold.takes_unsampled
        self._child_started = None if hold is None else hold.note_start
        if self._long_spans is not None:
            self._long_spans.unsampled = self._holds_unsampled

    def _put_unfinished(self) -> None:
        """Queue copies of the open spans before all others, for they tell what the process was doing.

        The spans themselves are forgotten, so that none is told of twice.
        """
        now_ns = time.time_ns()
        open_spans = self.open_spans()
        self._open = {}
        self._stopped = True
        for span in open_spans:
            segment = segment_of(span)
            if segment is not None and (segment.verdict.sampled or self._holds_unsampled):
                ended = unfinished(span, now_ns)
                if segment.root is span:
                    segment.close(ended)
                self._queue.put_first(ended, segment)

    def _look_at_long_spans(self) -> float:
        assert self._long_spans is not None  # noqa: S101  for the type checker; the queue is told of it only then
        return self._long_spans.look(time.time_ns())

    def _forked(self) -> None:
        """In a forked child: what is open is the parent's."""
        self.leave_to_parent()
        if self._long_spans is not None:
            self._long_spans.start_over()

    def _refused(self, count: int) -> None:
        self._pipeline.outbox.lost(LossReason.QUEUE_OVERFLOW, Category.SPAN, count)

    def _not_recorded(self, error: Exception) -> None:
        """Count a span that our own fault lost."""
        self._say_once(error)
        self._pipeline.outbox.lost(LossReason.INTERNAL_SDK_ERROR, Category.SPAN, 1)

    def _say_once(self, error: Exception) -> None:
        if not self._failed:
            self._failed = True
            _logger.error("otel_sentry failed and counts what it loses by that: %r", error, exc_info=error)
