"""`Telemetry`: the handle that `configure()` returns."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

from opentelemetry import propagate, trace

from otel_sentry.otel.span_processor import SentrySpanProcessor
from otel_sentry.propagation.environment import environment_from_carrier
from otel_sentry.setup.feeds import join_signals
from otel_sentry.setup.flushing import FlushesAside
from otel_sentry.setup.span_block import SpanBlock
from otel_sentry.setup.trace_page import trace_page

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import SpanProcessor

    from otel_sentry.delivery.ledger import Ledger
    from otel_sentry.otel.log_processor import IssueOf
    from otel_sentry.settings.settings import Settings
    from otel_sentry.setup.exit_budget import ExitBudget
    from otel_sentry.setup.feeds import Feed
    from otel_sentry.setup.flushing import Flushable


class Telemetry:
    """What `configure()` set up. Every method may be called from any thread; none raises.

    Attributes:
        settings: in effect, with the origin of each.
        ledger: the books of delivery; None when nothing goes to Sentry.

    Args:
        settings: see above.
        provider: of the tracer; the global one if None.
        ours: our span processors, in the order in which they are flushed.
        outbox: where Sentry's telemetry goes; None when nothing does.
        others: gives the span processors of other backends.
        leaving: told, at exit, how many seconds are left for sentry-sdk.
        issue_of: makes an issue of the exception in a log record.
        ledger: see above.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        provider: trace.TracerProvider | None = None,
        ours: Sequence[SpanProcessor] = (),
        outbox: ExitBudget | None = None,
        others: Callable[[], Iterable[SpanProcessor]] = tuple,
        leaving: Callable[[float], None] = lambda _: None,
        issue_of: IssueOf | None = None,
        ledger: Ledger | None = None,
    ) -> None:
        self.settings = settings
        self._provider = provider
        self._ours = ours
        self._outbox = outbox
        self._others = others
        self._signals: tuple[Flushable, ...] = ()
        self._feeds: tuple[Feed, ...] = ()
        self._issue_of = issue_of
        self._leaving = leaving
        self.ledger = ledger

    def start_span(self, name: str, /, **attributes: Any) -> SpanBlock:
        """A span around a block (`with`, giving the span) or a function of any kind (decorator).

        Args:
            name: of the span, such as `db.get_user`.
            attributes: of the span; None values are left out. Names with dots: `**{"user.id": "7"}`.
        """
        return SpanBlock(name, attributes, self._provider)

    def trace_url(self) -> str | None:
        """Sentry's page of the current trace, or OTEL_SENTRY_TRACE_URL filled in; None outside a trace."""
        context = trace.get_current_span().get_span_context()
        if not context.is_valid:
            return None
        return trace_page(self.settings, trace_id=context.trace_id, span_id=context.span_id)

    def dump(self) -> str:
        """What is set up in this process and what was lost, secrets masked: JSON for `otel-sentry doctor --dump`."""
        # Reads what is installed: not for every start.
        from otel_sentry.facts.facts import facts_to_json  # noqa: PLC0415
        from otel_sentry.facts.gather import gathered  # noqa: PLC0415

        return facts_to_json(gathered(self.settings, ledger=self.ledger, set_up=True))

    def trace_environment(self) -> dict[str, str]:
        """The current trace as environment variables, for a process that is about to be started.

        `subprocess.run(command, env={**os.environ, **telemetry.trace_environment()})`; empty where there is none.
        """
        carrier: dict[str, str] = {}
        propagate.inject(carrier)
        return environment_from_carrier(carrier)

    def flush(self, timeout: float = 2.0) -> bool:
        """Deliver everything that has ended, to every backend.

        Args:
            timeout: hard limit, seconds.

        Returns:
            True when all of it was handed over in time.
        """
        deadline = time.monotonic() + timeout
        others = FlushesAside((*self._others(), *self._signals))
        flushed = self._flush_ours(deadline)
        return others.done(deadline) and flushed

    def shutdown(self, timeout: float | None = None) -> bool:
        """Deliver what is left and stop; what could not be delivered is counted and logged, as is what ends later.

        Args:
            timeout: hard limit, seconds; `OTEL_SENTRY_SHUTDOWN_TIMEOUT` if None.

        Returns:
            As `flush()`.
        """
        seconds = self.settings.shutdown_timeout_seconds if timeout is None else timeout
        deadline = time.monotonic() + seconds
        others = FlushesAside((*self._others(), *self._signals))
        if self._outbox is not None:
            self._outbox.begin(seconds)
        for processor in self._ours:
            processor.shutdown()
        flushed = self._flush_ours(deadline)
        if self._outbox is not None:
            self._outbox.close(0.0)
        return others.done(deadline) and flushed

    def also_flush(self, signals: tuple[Flushable, ...]) -> None:
        """Have `flush()` flush the providers of logs and metrics too; for whoever sets them up."""
        self._signals = signals
        self._feeds = join_signals(self._issue_of)
        self.adopt(self.settings)

    def adopt(self, settings: Settings) -> None:
        """Go by other settings, logs and metrics too; for whoever joins a client of sentry-sdk."""
        self.settings = settings
        if self._outbox is not None:
            for feed in self._feeds:
                feed.exporter.adopt(settings, self._outbox)

    def on_begin(self, told: Callable[[], None]) -> None:
        """Have `told` called with the first span of each process; for whoever must know of forked ones."""
        for processor in self._ours:
            if isinstance(processor, SentrySpanProcessor):
                processor.on_begin(told)

    def begin_to_leave(self) -> None:
        """The process ends: whoever waits for delivery from now on shares one limit. Runs first at exit."""
        if self._outbox is not None and self._feeds:
            self._outbox.begin(self.settings.shutdown_timeout_seconds)

    def leave(self) -> None:
        """Deliver before the process ends; runs as exit handler. What other handlers still record leaves after it."""
        if self._outbox is None:
            return
        seconds = self.settings.shutdown_timeout_seconds
        self._outbox.begin(seconds)
        self._flush_ours(time.monotonic() + seconds)
        self._leaving(self._outbox.left(seconds))

    def _flush_ours(self, deadline: float) -> bool:
        feeds = FlushesAside(self._feeds)
        answers = [one.force_flush(_milliseconds(deadline)) for one in self._ours]
        answers.append(feeds.done(deadline))
        if self._outbox is not None:
            answers.append(self._outbox.flush(max(0.0, deadline - time.monotonic())))
        return all(answers)


def _milliseconds(deadline: float) -> int:
    return max(0, int((deadline - time.monotonic()) * 1000))
