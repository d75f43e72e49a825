"""Tells the browser which trace its page belongs to: `SentryResponsePropagator` writes `Server-Timing`.

Sentry's browser SDK reads it where there is no `<meta>` tag, so that a page load joins the backend's trace.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from opentelemetry.instrumentation.propagators import ResponsePropagator, default_setter
from opentelemetry.trace import get_current_span

from otel_sentry.otel.propagation_rules import SILENT, PropagationRules, propagation_rules
from otel_sentry.otel.settings_at_hand import settings_at_hand
from otel_sentry.otel.trace_headers import trace_headers
from otel_sentry.propagation import baggage, sentry_trace

if TYPE_CHECKING:
    from opentelemetry.context import Context
    from opentelemetry.propagators.textmap import CarrierT

    from otel_sentry.settings.settings import Settings

_logger = logging.getLogger(__name__)

HEADER = "Server-Timing"


class SentryResponsePropagator(ResponsePropagator):
    """Adds `sentry-trace` and Sentry's own baggage members to responses; nobody else's baggage.

    Args:
        settings: what to go by; the environment and `keywords` if None.
        keywords: settings by name.
    """

    def __init__(self, *, settings: Settings | None = None, **keywords: Any) -> None:
        known = settings or settings_at_hand("otel_sentry writes no Server-Timing", keywords)
        self._rules: PropagationRules = SILENT if known is None else propagation_rules(known)

    def inject(self, carrier: CarrierT, context: Context | None = None, setter: Any = default_setter) -> None:
        """Add the header to a response.

        Args:
            carrier: the response's headers.
            context: whose current span is told of; the current one if None.
            setter: appends to `carrier`.
        """
        if not self._rules.speaks_sentry:
            return
        try:
            headers = trace_headers(get_current_span(context), context, self._rules)
            if headers is not None:
                setter.set(carrier, HEADER, server_timing(headers.sentry_trace, headers.dsc))
        except Exception:  # carriers and setters are foreign code; telemetry never raises into them
            _logger.debug("Server-Timing could not be written", exc_info=True)


def server_timing(trace: str, dsc: Mapping[str, str]) -> str:
    """The header's value: both Sentry headers as entries with a description."""
    members, _ = baggage.render_baggage(dsc, ())
    entries = [f'{sentry_trace.HEADER};desc="{trace}"']
    if members:
        entries.append(f'{baggage.HEADER};desc="{members}"')
    return ", ".join(entries)
