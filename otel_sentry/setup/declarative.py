"""OTEL_CONFIG_FILE: a YAML file that describes the whole set-up. What it says of Sentry, its exporter was given."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from opentelemetry import trace

from otel_sentry.errors import InvalidSetting
from otel_sentry.settings.settings import Settings
from otel_sentry.setup.exporters import SENTRY
from otel_sentry.setup.provider import is_free, sentry_exporters

VARIABLE = "OTEL_CONFIG_FILE"


def settings_in_effect(keywords: dict[str, Any]) -> Settings | None:
    """The settings by environment, keywords and, where one is named, the YAML file, which is carried out here.

    Args:
        keywords: settings by name; they beat file and environment.

    Returns:
        None where Sentry's exporter of the file has refused its settings, and said so.

    Raises:
        InvalidSetting: a setting or the file cannot be used.
    """
    if _has_refused():
        return None
    settings = Settings.from_env(**keywords)
    if settings.config_file is not None and not settings.sdk_disabled and is_free():
        _carry_out(settings.config_file)
    if _has_refused():
        return None
    if settings.config_file is None:
        return settings
    # If the file names no exporter of ours, nothing goes to Sentry. Logs and metrics are the file's business too:
    # opentelemetry-distro names exporters for them that need not be installed.
    found = [one.settings for one in sentry_exporters(trace.get_tracer_provider()) if one.settings is not None]
    chosen = settings if keywords or not found else found[0]
    traces = (SENTRY,) if keywords or found else ()
    return replace(chosen, traces_exporters=traces, logs_exporters=None, metrics_exporters=None)


def _has_refused() -> bool:
    """Whether an exporter of ours on the provider could not use its settings; it reads the same environment."""
    return any(exporter.settings is None for exporter in sentry_exporters(trace.get_tracer_provider()))


def _carry_out(file: str) -> None:
    """Set the providers up as OpenTelemetry's own configurator does; without a distro nobody else would."""
    try:
        from opentelemetry.configuration import configure_sdk, load_config_file  # noqa: PLC0415 - of the extra [yaml]
    except ImportError:
        raise InvalidSetting(VARIABLE, file, "only with pip install 'otel-sentry[yaml]'") from None
    try:
        configure_sdk(load_config_file(file))
    except Exception as exc:
        raise InvalidSetting(VARIABLE, file, f"a file that OpenTelemetry can carry out; it says: {exc}") from exc
