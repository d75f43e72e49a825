"""Which variables are set and mean nothing? Pure; OpenTelemetry's own names come from its tables."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Final

from opentelemetry import environment_variables as api_variables
from opentelemetry.sdk import environment_variables as sdk_variables

from otel_sentry.doctor.finding import Finding, note, warning
from otel_sentry.settings.declaration import declarations
from otel_sentry.settings.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from otel_sentry.facts.facts import Facts

OURS: Final = frozenset(variable for row in declarations(Settings) for variable in row.variables)
OF_SENTRY: Final = frozenset(
    {
        *("SENTRY_SPOTLIGHT", "SENTRY_TRACE", "SENTRY_BAGGAGE", "SENTRY_USE_ENVIRONMENT", "SENTRY_KEEP_ALIVE"),
        *("SENTRY_LOG_LEVEL", "SENTRY_PROPERTIES", "SENTRY_PIPELINE", "SENTRY_API_KEY", "SENTRY_LOAD_DOTENV"),
        *("SENTRY_DOTENV_PATH", "SENTRY_HTTP_MAX_RETRIES", "SENTRY_ALLOW_FAILURE", "SENTRY_NO_PROGRESS_BAR"),
        *("SENTRY_DISABLE_UPDATE_CHECK", "SENTRY_VCS_REMOTE", "SENTRY_CUSTOM_HEADERS", "SENTRY_HEADER"),
    }
)
"""Variables of sentry-sdk and sentry-cli that are not ours."""
OF_OPENTELEMETRY: Final = frozenset(
    value
    for module in (api_variables, sdk_variables)
    for name, value in vars(module).items()
    if name.startswith("OTEL_") and isinstance(value, str)
)
_KNOWN: Final = OURS | OF_SENTRY | OF_OPENTELEMETRY


def misspelt(facts: Facts) -> Iterator[Finding]:
    """A variable that nobody reads, with a name much like one that somebody does."""
    for name in facts.variables:
        ours = name.startswith(("SENTRY_", "OTEL_SENTRY_"))
        if name in _KNOWN or not name.startswith(("SENTRY_", "OTEL_")):
            continue
        near = difflib.get_close_matches(name, _KNOWN, n=1, cutoff=0.75 if ours else 0.93)
        if near:
            yield warning("variable-ignored", f"{name} is set, and nobody reads it.", f"Did you mean {near[0]}?")
        elif name.startswith("OTEL_SENTRY_"):
            yield warning("variable-ignored", f"{name} is set, and nobody reads it.", "otel-sentry settings --all")


def sampler_argument(facts: Facts) -> Iterator[Finding]:
    """An argument without its sampler."""
    if facts.value("traces_sampler_argument") and not facts.value("traces_sampler_name"):
        yield warning(
            "variable-ignored",
            "OTEL_TRACES_SAMPLER_ARG is set without OTEL_TRACES_SAMPLER, and means nothing by itself.",
            "SENTRY_TRACES_SAMPLE_RATE is Sentry's rate",
        )


def otlp_endpoint(facts: Facts) -> Iterator[Finding]:
    """An endpoint for an exporter that is not named."""
    exporters = {name for names in facts.exporters.values() for name in names}
    endpoints = [name for name in facts.variables if name.startswith("OTEL_EXPORTER_OTLP") and "ENDPOINT" in name]
    if endpoints and not any(name.startswith("otlp") for name in exporters) and not facts.value("config_file"):
        yield note(
            "otlp-not-named",
            f"{', '.join(endpoints)}: set, but no exporter `otlp` is named.",
            "OTEL_TRACES_EXPORTER=sentry,otlp sends to both",
        )
