"""`sentry-trace` and `baggage` for OpenTelemetry's Context: `SentryPropagator`.

OpenTelemetry loads this module inside its own import (OTEL_PROPAGATORS): it imports next to nothing of OpenTelemetry,
and reads the settings when it is first used. One instance serves all threads; it holds no state but its settings.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from opentelemetry.context import _SUPPRESS_INSTRUMENTATION_KEY, Context, get_value
from opentelemetry.propagators.textmap import (
    CarrierT,
    Getter,
    Setter,
    TextMapPropagator,
    default_getter,
    default_setter,
)
from opentelemetry.trace import get_current_span

from otel_sentry.masking.own_log import own_logger
from otel_sentry.otel.carrier_headers import header_text, present_header
from otel_sentry.otel.outgoing_baggage import wallet_members, without_wallet
from otel_sentry.otel.propagation_rules import SILENT, PropagationRules, propagation_rules
from otel_sentry.otel.settings_at_hand import settings_at_hand
from otel_sentry.otel.trace_headers import trace_headers
from otel_sentry.propagation import baggage, sentry_trace
from otel_sentry.propagation.extraction import implied_sentry_trace, joined
from otel_sentry.propagation.foreign_baggage import members_in, with_members, without_sentry_members
from otel_sentry.propagation.span_address import span_address

if TYPE_CHECKING:
    from opentelemetry.trace import Span

    from otel_sentry.propagation.targets import Address
    from otel_sentry.settings.settings import Settings

_logger = own_logger(__name__)

_SUPPRESSED = (_SUPPRESS_INSTRUMENTATION_KEY, "suppress_instrumentation")
"""Where OpenTelemetry notes that what happens is telemetry's own traffic."""


class SentryPropagator(TextMapPropagator):
    """Reads and writes Sentry's trace headers, and the whole W3C `baggage` header.

    It takes the place of OpenTelemetry's own baggage propagator and belongs after `tracecontext`.

    Args:
        settings: what to go by; the environment and `keywords` if None, read at first use.
        keywords: settings by name (declarative configuration hands its mapping over this way).

    Attributes:
        dropped_members: baggage members that did not fit into a header, since the start.
    """

    def __init__(self, *, settings: Settings | None = None, **keywords: Any) -> None:
        self.dropped_members = 0
        self._keywords = keywords
        self._known_rules = None if settings is None else propagation_rules(settings)

    def adopt(self, settings: Settings) -> None:
        """Go by other settings from here on; `configure()` does this to a propagator that the environment named."""
        self._known_rules = propagation_rules(settings)

    @property
    def fields(self) -> set[str]:
        """Headers that `inject` writes."""
        return {sentry_trace.HEADER, baggage.HEADER}

    def extract(
        self, carrier: CarrierT, context: Context | None = None, getter: Getter[CarrierT] = default_getter
    ) -> Context:
        """Continue the caller's trace and take over its baggage; what cannot be read is ignored.

        Args:
            carrier: the request's or message's headers.
            context: to build on; an empty one if None.
            getter: reads `carrier`.
        """
        arrived = baggage.parse_baggage(header_text(getter, carrier, baggage.HEADER))
        base = without_sentry_members(Context() if context is None else context)
        base = with_members(arrived.foreign.values(), base)
        header = sentry_trace.parse_sentry_trace(header_text(getter, carrier, sentry_trace.HEADER))
        has_traceparent = bool(header_text(getter, carrier, "traceparent"))
        if header is None and has_traceparent and arrived.sentry:
            header = implied_sentry_trace(base, arrived.sentry)
        if header is None:
            return base
        rules = self._rules()
        return joined(
            base,
            header,
            arrived.sentry,
            own_org=rules.source.org_id,
            strict=rules.strict,
            has_traceparent=has_traceparent,
            only_backend=rules.only_backend,
        )

    def inject(
        self, carrier: CarrierT, context: Context | None = None, setter: Setter[CarrierT] = default_setter
    ) -> None:
        """Write the headers for whoever the current span calls, if the propagation targets admit it.

        Args:
            carrier: the request's or message's headers; each header is set once.
            context: whose current span and baggage are sent; the current one if None.
            setter: writes to `carrier`.
        """
        try:
            self._inject(carrier, context, setter)
        except Exception:  # carriers and setters are foreign code; telemetry never raises into them
            _logger.debug("trace headers could not be written", exc_info=True)

    def _inject(self, carrier: CarrierT, context: Context | None, setter: Setter[CarrierT]) -> None:
        if any(get_value(key, context) for key in _SUPPRESSED):
            return
        rules = self._rules()
        span = get_current_span(context)
        address = _address(span)
        if not rules.admits(address):
            return
        headers = trace_headers(span, context, rules)
        if headers is not None:
            present_header(carrier, sentry_trace.HEADER)
            setter.set(carrier, sentry_trace.HEADER, headers.sentry_trace)
        dsc: Mapping[str, str] = {} if headers is None else headers.dsc
        own = members = members_in(context)
        present = present_header(carrier, baggage.HEADER)
        if present:
            dsc, members = baggage.merged_baggage(present, dsc, own)
        if members:
            members = without_wallet(members, span, context, rules)
        if rules.privacy is not None:
            members = [*members, *wallet_members(span, context, rules, address, own)]
        text, dropped = baggage.render_baggage(dsc, members)
        if dropped:
            self.dropped_members += dropped
        if text:
            setter.set(carrier, baggage.HEADER, text)

    def _rules(self) -> PropagationRules:
        rules = self._known_rules
        if rules is None:
            settings = settings_at_hand("otel_sentry writes no trace headers", self._keywords)
            rules = self._known_rules = SILENT if settings is None else propagation_rules(settings)
        return rules


def _address(span: Span) -> Address | None:
    attributes = getattr(span, "attributes", None)
    return span_address(getattr(span, "kind", None), attributes) if attributes else None
