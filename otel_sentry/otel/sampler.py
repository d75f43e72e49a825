"""Sentry's sampling decision at the head of a trace: `SentrySampler` (OTEL_TRACES_SAMPLER=sentry).

The rule is `HeadDecision`, the same that rules at export; here it spares the work for dropped traces.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from opentelemetry.sdk.trace.sampling import DEFAULT_ON, Decision, Sampler, SamplingResult
from opentelemetry.trace import get_current_span

from otel_sentry.otel.head_decision import HeadDecision
from otel_sentry.otel.settings_at_hand import settings_at_hand
from otel_sentry.propagation.carried_verdict import VerdictTraceState
from otel_sentry.propagation.decision import at_rate
from otel_sentry.propagation.trace import incoming_of

if TYPE_CHECKING:
    from opentelemetry.context import Context
    from opentelemetry.trace import Link, SpanKind, TraceState
    from opentelemetry.util.types import Attributes

    from otel_sentry.settings.settings import Settings

CountDropped = Callable[[], None]
"""Told of every span that is not even recorded; called on the application's thread, may not raise."""


class SentrySampler(Sampler):
    """Keeps and drops the traces that Sentry keeps and drops.

    A child follows its local parent. A local root is decided on by what its caller's Sentry headers said, by
    `traces_sampler` or by the rate; a W3C flag decides nothing here. Unsampled spans are still recorded while something
    of ours needs them: issues of unsampled traces, propagation targets, `OTEL_SENTRY_KEEP`.

    Args:
        settings: what to go by; the environment and `keywords` if None. If they cannot be used, one error line is
            logged and sampling is OpenTelemetry's default.
        count_dropped: see `CountDropped`.
        keywords: settings by name.
    """

    def __init__(
        self, *, settings: Settings | None = None, count_dropped: CountDropped | None = None, **keywords: Any
    ) -> None:
        self._count_dropped = count_dropped
        self._settings = settings or settings_at_hand("otel_sentry does not sample", keywords)
        named = settings is None and "traces_sample_rate" in keywords
        self._head = HeadDecision(self._settings) if self._settings else None
        self._own_rate = self._settings.traces_sample_rate if named and self._settings else None
        self._unsampled = _unsampled_decision(self._settings)

    def adopt(self, settings: Settings, count_dropped: CountDropped | None = None) -> None:
        """Go by other settings from here on; `configure()` does this to a sampler that the environment named.

        A rate that the sampler was built with (OTEL_TRACES_SAMPLER_ARG) stays.
        """
        if self._own_rate is not None:
            settings = replace(settings, traces_sample_rate=self._own_rate)
        self._settings = settings
        self._head = HeadDecision(settings)
        self._unsampled = _unsampled_decision(settings)
        self._count_dropped = count_dropped or self._count_dropped

    def should_sample(
        self,
        parent_context: Context | None,
        trace_id: int,
        name: str,
        kind: SpanKind | None = None,
        attributes: Attributes = None,
        links: Sequence[Link] | None = None,
        trace_state: TraceState | None = None,
    ) -> SamplingResult:
        """Decide on a span that is about to start."""
        head = self._head
        if head is None:
            return DEFAULT_ON.should_sample(parent_context, trace_id, name, kind, attributes, links, trace_state)
        # A tuple, and each of its properties is a call: every span asks.
        parent: Any = get_current_span(parent_context).get_span_context()
        is_valid, parent_state = parent[5], parent[4]
        if is_valid and not parent[2]:
            return self._result(bool(parent[3] & 1), attributes, parent_state)
        if not is_valid and not head.asks_about_spans:
            verdict = at_rate(head.rate, trace_id)
        else:
            verdict = head.verdict(
                trace_id=trace_id,
                parent_span_id=parent[1] if is_valid else None,
                name=name,
                attributes=attributes,
                incoming=incoming_of(trace_id, parent_context),
            )
        state = VerdictTraceState(parent_state if is_valid else trace_state, verdict)
        return self._result(verdict.sampled, attributes, state)

    def get_description(self) -> str:
        """Name and rate, for logs."""
        settings = self._settings
        if settings is None:
            return "SentrySampler{settings cannot be used, parent-based always on}"
        rule = "traces_sampler" if settings.traces_sampler is not None else f"rate={_rate(settings)}"
        return f"SentrySampler{{{rule}}}"

    def _result(self, sampled: bool, attributes: Attributes, state: TraceState | None) -> SamplingResult:  # noqa: FBT001
        decision = Decision.RECORD_AND_SAMPLE if sampled else self._unsampled
        if decision is Decision.DROP:
            attributes = None
            if self._count_dropped is not None:
                self._count_dropped()
        return SamplingResult(decision, attributes, state)


def sampler_from_argument(argument: str | float | None = None) -> Sampler:
    """What OTEL_TRACES_SAMPLER=sentry builds; never raises.

    Args:
        argument: OTEL_TRACES_SAMPLER_ARG, a rate that beats SENTRY_TRACES_SAMPLE_RATE; without it that one rules.
    """
    given = str(argument).strip() if argument is not None else ""
    return SentrySampler(traces_sample_rate=given) if given else SentrySampler()


def _unsampled_decision(settings: Settings | None) -> Decision:
    needed = (
        settings is not None
        and settings.dsn is not None
        and (settings.unsampled_errors or settings.trace_propagation_targets is not None or bool(settings.keep))
    )
    return Decision.RECORD_ONLY if needed else Decision.DROP


def _rate(settings: Settings) -> float:
    return 1.0 if settings.traces_sample_rate is None else settings.traces_sample_rate
