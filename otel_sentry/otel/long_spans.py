"""Tells of spans that are open for long, so that a hang, an OOM kill or SIGKILL does not lose exactly the guilty ones.

While such a span runs, Sentry gets one log in its trace, and the spool, where there is one, keeps an unfinished copy
that whoever comes after delivers if this process dies first. The finished span leaves as ever, and takes the copy away:
two spans of one id are never sent by a process that lives. Runs on the span queue's thread.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final
from weakref import WeakSet

from otel_sentry.convert.still_running import encode_still_running
from otel_sentry.identity.user import identity_keys
from otel_sentry.loading import loading
from otel_sentry.masking.own_log import own_logger
from otel_sentry.otel.segments import segment_of
from otel_sentry.otel.span_ages import SpanAges
from otel_sentry.otel.unfinished import unfinished
from otel_sentry.settings.choices import WireFormat

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import Span

    from otel_sentry.delivery.outbox import OutgoingEnvelope
    from otel_sentry.otel.pipeline import Pipeline
    from otel_sentry.otel.signal_pipeline import SignalPipeline

_logger = own_logger(__name__)

_MOST_AT_ONCE: Final = 100
"""Spans told of in one look; the others follow with the next."""
_MOST_COPIES: Final = 1000
_LONGEST_PAUSE_SECONDS: Final = 15.0
_MOMENT_SECONDS: Final = 0.1
_COPIES_PAUSE_SECONDS: Final = 1.0
"""Between two looks while there are copies: a span that has ended must not leave one behind for long."""


class LongSpans:
    """Looks at the open spans now and then.

    Args:
        pipeline: settings made into functions.
        open_spans: gives the spans that have started and not ended.
        clock: monotonic seconds.
    """

    def __init__(
        self,
        pipeline: Pipeline,
        open_spans: Callable[[], Sequence[Span]],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._pipeline = pipeline
        self._clock = clock
        self._open_spans = open_spans
        self.unsampled = False
        """Spans that the rate drops may be kept yet, and are told of too."""
        self._logs: SignalPipeline | None = None
        self._failed = False
        self.start_over()

    def start_over(self) -> None:
        """Begin anew: in a forked child what was told is the parent's."""
        self._lock = threading.Lock()
        self._left = False
        self._ages = SpanAges(self._clock())
        self._told: WeakSet[Span] = WeakSet()
        self._copied: set[int] = set()
        self._copied_ns = 0

    def look(self, now_ns: int) -> float:
        """Tell of what has become long.

        Args:
            now_ns: nanoseconds since 1970.

        Returns:
            Seconds until the next look.
        """
        try:
            with self._lock:
                if not self._left:
                    self._look(now_ns)
        except Exception:  # telemetry must not stop because one span is odd
            if not self._failed:
                self._failed = True
                _logger.exception("otel_sentry could not tell of a long span")
        if self._copied:
            return _COPIES_PAUSE_SECONDS
        return min(_LONGEST_PAUSE_SECONDS, max(0.05, self._pipeline.settings.long_span_seconds / 4))

    def forget(self) -> None:
        """The process leaves in order, and what is open leaves as unfinished: no look any more, no copies."""
        self._left = True
        if not self._lock.acquire(timeout=_MOMENT_SECONDS):  # a hook of the application's takes its time
            return
        try:
            if self._copied:
                self._copied = set()
                self._pipeline.outbox.bequeath([])
        finally:
            self._lock.release()

    def _look(self, now_ns: int) -> None:
        after = self._pipeline.settings.long_span_seconds
        long = [one for one, age in self._ages.of(self._open_spans(), now_ns, self._clock()) if age >= after]
        if not long and not self._copied:
            return
        long = [one for one in long if self._is_wanted(one)][:_MOST_COPIES]
        self._tell([one for one in long if one not in self._told][:_MOST_AT_ONCE], now_ns)
        if self._pipeline.settings.spool_dir is not None:
            self._keep(long, now_ns)

    def _keep(self, long: Sequence[Span], now_ns: int) -> None:
        """Have the spool hold copies of these spans and of no others."""
        copied = {one.get_span_context().span_id for one in long}
        if copied != self._copied or now_ns - self._copied_ns >= _LONGEST_PAUSE_SECONDS * 1e9:
            self._pipeline.outbox.bequeath(self._copies(long, now_ns))
            self._copied, self._copied_ns = copied, now_ns

    def _is_wanted(self, span: Span) -> bool:
        segment = segment_of(span)
        if segment is None or segment.ignored or self._pipeline.ignores(span):
            return False
        return (segment.final or segment.verdict).sampled or (self.unsampled and segment.final is None)

    def _tell(self, spans: Sequence[Span], now_ns: int) -> None:
        self._told.update(spans)
        if spans and self._pipeline.settings.wire_format is WireFormat.SPAN:  # who needs the other one knows no logs
            if self._logs is None:
                self._logs = self._log_pipeline()
            self._logs.send([self._encoded(one, now_ns) for one in spans])

    def _log_pipeline(self) -> SignalPipeline:
        """Loads OpenTelemetry's SDK of logs, which most processes do without."""
        with loading():
            from otel_sentry.otel.log_exporter import LOGS  # noqa: PLC0415
            from otel_sentry.otel.signal_pipeline import SignalPipeline  # noqa: PLC0415
        return SignalPipeline(self._pipeline.settings, self._pipeline.outbox, LOGS)

    def _encoded(self, span: Span, now_ns: int) -> bytes:
        segment = segment_of(span)
        assert segment is not None  # noqa: S101  for the type checker; `_is_wanted` has seen to it
        pipeline = self._pipeline
        names = identity_keys(pipeline.settings.wallet_attributes)
        item = encode_still_running(
            span, now_ns, common_names=pipeline.common_names, identity_names=names, mask=pipeline.mask
        )
        return item.head + pipeline.common_part(segment).tail(item)

    def _copies(self, spans: Sequence[Span], now_ns: int) -> list[OutgoingEnvelope]:
        """Envelopes of the spans as they would leave if they ended now."""
        envelopes: list[OutgoingEnvelope] = []
        consumer = self._pipeline.consumer(envelopes.append)
        for span in spans:
            consumer.add(unfinished(span, now_ns), segment_of(span))
        consumer.flush(float("inf"), everything=True)
        return envelopes
