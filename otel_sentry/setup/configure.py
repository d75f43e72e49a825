"""`configure()`: one line in the application, and what it records goes where SENTRY_* and OTEL_* say."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from otel_sentry.errors import InvalidSetting
from otel_sentry.masking.own_log import own_logger
from otel_sentry.settings.settings import Settings
from otel_sentry.setup.assembly import present_telemetry, set_up
from otel_sentry.setup.declarative import settings_in_effect
from otel_sentry.setup.exporters import reaches_sentry, traces_exporters
from otel_sentry.setup.instrumentations import instrument_installed

if TYPE_CHECKING:
    from otel_sentry.setup.telemetry import Telemetry

_logger = own_logger(__name__)


def configure(**keywords: Any) -> Telemetry:
    """Send what the application records to Sentry, and to whatever else OTEL_TRACES_EXPORTER names.

    Joins a tracer provider, a `sentry_sdk.init` and an `opentelemetry-instrument` that are there already; makes a
    provider only where there is none. Turns on the instrumentations that are installed. Without a DSN it sends nothing
    to Sentry, and says so in one info line. A further call returns the handle of the first.

    Args:
        keywords: settings by name (`dsn=`, `role=`, `traces_sample_rate=` …); they beat the environment.

    Returns:
        The handle: `start_span()`, `flush()`, `shutdown()`, `trace_url()`, `settings`.

    Raises:
        InvalidSetting: one line that names the variable or keyword, its value (secrets masked) and what is allowed.
    """
    Settings.from_env(**keywords)  # refuses what cannot be used, also where everything is set up already
    present = present_telemetry()
    if present is not None:
        if keywords:
            _logger.warning("otel_sentry is configured already; ignored: %s", ", ".join(sorted(keywords)))
        return present
    settings = settings_in_effect(keywords)
    if settings is None:
        raise InvalidSetting("OTEL_CONFIG_FILE", "exporter sentry", "settings that the line above does not refuse")
    telemetry = set_up(settings)
    if reaches_sentry(telemetry.settings) or traces_exporters(telemetry.settings):
        instrument_installed(settings.disabled_instrumentations)
    return telemetry
