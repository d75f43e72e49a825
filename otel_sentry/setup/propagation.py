"""Which propagators are global: ours joins those that are there, unless OTEL_PROPAGATORS says otherwise."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from opentelemetry import context, propagate
from opentelemetry.instrumentation.propagators import (
    get_global_response_propagator,
    set_global_response_propagator,
)
from opentelemetry.propagators.composite import CompositePropagator
from opentelemetry.trace import get_current_span

from otel_sentry.masking.own_log import own_logger
from otel_sentry.otel.propagator import SentryPropagator
from otel_sentry.otel.propagator_composition import composed, names_sentry
from otel_sentry.otel.response_propagator import SentryResponsePropagator
from otel_sentry.propagation.environment import carrier_from_environment
from otel_sentry.settings.child_processes import starters_trace
from otel_sentry.settings.reading import KEYWORD
from otel_sentry.setup.entry_points import component

if TYPE_CHECKING:
    from opentelemetry.propagators.textmap import TextMapPropagator

    from otel_sentry.settings.settings import Settings

_logger = own_logger(__name__)

OURS: Final = "otel_sentry"
LEGACY: Final = "sentry"
GROUP: Final = "opentelemetry_propagator"
NONE: Final = "none"


def install_propagators(settings: Settings) -> None:
    """Compose our propagator with the global ones, or go by those that OTEL_PROPAGATORS names.

    Raises:
        InvalidSetting: a propagator given as keyword is not installed.
    """
    names = settings.propagators
    if names is not None and settings.origins.get("propagators") == KEYWORD:
        propagate.set_global_textmap(CompositePropagator([_propagator(one, settings) for one in names if one != NONE]))
        return
    if names is not None and LEGACY in names:
        _logger.warning(
            "OTEL_PROPAGATORS names %r, which belongs to sentry-sdk and injects nothing here; ours is %r", LEGACY, OURS
        )
    present = propagate.get_global_textmap()
    if names is None or names_sentry([present]):
        ours = SentryPropagator(settings=settings)
        propagate.set_global_textmap(CompositePropagator(composed([present], ours)))


def join_starter(settings: Settings) -> None:
    """Continue the trace that SENTRY_TRACE and SENTRY_BAGGAGE name, on this thread, unless a span is there already."""
    carrier = carrier_from_environment(starters_trace())
    if carrier and not get_current_span().get_span_context().is_valid:
        context.attach(SentryPropagator(settings=settings).extract(carrier, context.get_current()))


def install_response_propagator(settings: Settings) -> None:
    """Tell browsers their trace, if there is a browser's DSN and nobody else tells them something."""
    if settings.browser_dsn is not None and get_global_response_propagator() is None:  # type: ignore[no-untyped-call]  # opentelemetry
        set_global_response_propagator(SentryResponsePropagator(settings=settings))  # type: ignore[no-untyped-call]


def _propagator(name: str, settings: Settings) -> TextMapPropagator:
    if name == OURS:
        return SentryPropagator(settings=settings)
    made: TextMapPropagator = component(GROUP, name, "propagators")()
    return made
