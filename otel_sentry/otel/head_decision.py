"""The settings' answer for a local root that starts now: one function for the head sampler and for the export side."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from otel_sentry.masking.own_log import own_logger
from otel_sentry.otel.route_rates import route_rates
from otel_sentry.propagation.decision import decide
from otel_sentry.propagation.sampling_context import sampling_context

if TYPE_CHECKING:
    from otel_sentry.otel.route_rates import RateOf
    from otel_sentry.propagation.trace import IncomingTrace, Verdict
    from otel_sentry.settings.settings import Settings

_logger = own_logger(__name__)


class HeadDecision:
    """Decides by `traces_sampler`, the caller, OTEL_SENTRY_TRACES_SAMPLE_RULES, the rate: in this order.

    Attributes:
        rate: share of traces to keep, 0-1; None for all.
        asks_about_spans: the answer depends on the local root; where it does not, the rate decides on a trace without a
            caller, by the trace's id.
    """

    def __init__(self, settings: Settings) -> None:
        rules = settings.traces_sample_rules
        self.rate = settings.traces_sample_rate
        self._rate_of: RateOf | None = route_rates(rules, settings.traces_sample_rate) if rules else None
        self._sampler = settings.traces_sampler
        self._failure_told = False
        self.asks_about_spans = self._sampler is not None or self._rate_of is not None

    def verdict(
        self,
        *,
        trace_id: int,
        parent_span_id: int | None,
        name: str,
        attributes: Mapping[str, Any] | None,
        incoming: IncomingTrace | None,
    ) -> Verdict:
        """Decide for the trace of a local root.

        Args:
            trace_id: 128-bit id.
            parent_span_id: 64-bit id of the caller's span; None at the head of a trace.
            name: of the root at its start.
            attributes: of the root at its start.
            incoming: what the caller said of this very trace.
        """
        rate_of = self._rate_of
        if self._sampler is None:
            rate = self.rate if rate_of is None else rate_of(name, attributes or {})
            return decide(trace_id=trace_id, incoming=incoming, rate=rate)
        verdict = decide(
            trace_id=trace_id,
            incoming=incoming,
            rate=None,
            sampler=self._sampler,
            sampling_context=lambda: sampling_context(
                trace_id=trace_id,
                parent_span_id=parent_span_id,
                name=name,
                attributes=attributes,
                incoming=incoming,
                custom=custom_sampling_context(),
            ),
        )
        if verdict.failure is not None:
            self._tell_once(verdict.failure)
        return verdict

    def _tell_once(self, failure: str) -> None:
        if not self._failure_told:
            self._failure_told = True
            _logger.warning("otel_sentry drops traces, and counts them, because %s", failure)


def custom_sampling_context() -> Mapping[str, Any] | None:
    """What the application gave `Scope.set_custom_sampling_context`; None if it did not, or has no sentry-sdk."""
    sentry_sdk: Any = sys.modules.get("sentry_sdk")
    try:
        propagation = sentry_sdk.get_current_scope().get_active_propagation_context()
        found = propagation.custom_sampling_context
    except AttributeError:  # not loaded, or a version without it
        return None
    return found if isinstance(found, Mapping) else None
