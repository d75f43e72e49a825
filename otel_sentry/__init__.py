"""Write OpenTelemetry, see Sentry, leave any time.

Names are loaded when they are first used: OpenTelemetry imports our propagator inside its own import.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from otel_sentry._version import __version__

if TYPE_CHECKING:
    from otel_sentry.errors import InvalidSetting, OtelSentryError
    from otel_sentry.identity.context import use_wallet
    from otel_sentry.otel.log_exporter import SentryLogExporter
    from otel_sentry.otel.metric_exporter import SentryMetricExporter
    from otel_sentry.otel.propagator import SentryPropagator
    from otel_sentry.otel.sampler import SentrySampler
    from otel_sentry.otel.span_exporter import SentrySpanExporter
    from otel_sentry.otel.span_processor import SentrySpanProcessor
    from otel_sentry.settings.settings import Settings
    from otel_sentry.setup.configure import configure
    from otel_sentry.setup.telemetry import Telemetry

__all__ = [
    "InvalidSetting",
    "OtelSentryError",
    "SentryLogExporter",
    "SentryMetricExporter",
    "SentryPropagator",
    "SentrySampler",
    "SentrySpanExporter",
    "SentrySpanProcessor",
    "Settings",
    "Telemetry",
    "__version__",
    "configure",
    "use_wallet",
]

_HOME = {
    "InvalidSetting": "errors",
    "OtelSentryError": "errors",
    "SentryLogExporter": "otel.log_exporter",
    "SentryMetricExporter": "otel.metric_exporter",
    "SentryPropagator": "otel.propagator",
    "SentrySampler": "otel.sampler",
    "SentrySpanExporter": "otel.span_exporter",
    "SentrySpanProcessor": "otel.span_processor",
    "Settings": "settings.settings",
    "Telemetry": "setup.telemetry",
    "configure": "setup.configure",
    "use_wallet": "identity.context",
}
"""Public name → the module that has it."""


if not TYPE_CHECKING:  # so that type checkers find misspelt names

    def __getattr__(name: str) -> Any:
        """Load a public name (PEP 562)."""
        home = _HOME.get(name)
        if home is None:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return getattr(import_module(f"{__name__}.{home}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
