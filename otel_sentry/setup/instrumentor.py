"""The instrumentor `otel_sentry`: `opentelemetry-instrument` runs it when the provider is set. It never raises."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from opentelemetry.instrumentation.instrumentor import BaseInstrumentor  # type: ignore[attr-defined]  # untyped file

from otel_sentry.errors import InvalidSetting
from otel_sentry.masking.own_log import own_logger
from otel_sentry.setup.assembly import present_telemetry, set_up
from otel_sentry.setup.declarative import settings_in_effect
from otel_sentry.setup.instrumentations import tell_of_others

_logger = own_logger(__name__)


class OtelSentryInstrumentor(BaseInstrumentor):  # type: ignore[misc]  # see its import
    """Adds Sentry to the provider of any distro; without a distro it does the whole set-up.

    `opentelemetry-instrument` calls it without arguments; a YAML file may give settings under
    `instrumentation/development.python.otel_sentry`. What goes wrong is one error line, and the application runs on.
    """

    def instrumentation_dependencies(self) -> Collection[str]:
        """Nothing but this package."""
        return ()

    def _instrument(self, **keywords: Any) -> None:
        """Set everything up; called once, by BaseInstrumentor."""
        try:
            if present_telemetry() is None:
                _set_up(keywords)
        except InvalidSetting as refused:
            _logger.error("otel_sentry sends nothing to Sentry: %s", refused)  # noqa: TRY400 - one line is the promise
        except Exception:
            _logger.exception("otel_sentry could not be set up; the application runs on without it")

    def _uninstrument(self, **_: Any) -> None:
        """Deliver what is left and stop; processors cannot be taken off a provider."""
        telemetry = present_telemetry()
        if telemetry is not None:
            telemetry.shutdown()


def _set_up(keywords: dict[str, Any]) -> None:
    settings = settings_in_effect(keywords)
    if settings is not None:
        set_up(settings)
        tell_of_others(settings.disabled_instrumentations)
