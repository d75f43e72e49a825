"""Variables as they may be shown: those of telemetry, without a secret."""

from __future__ import annotations

from otel_sentry.settings.variables import telemetry_variables


def test_secrets_are_masked_and_others_left_out() -> None:
    """By the setting's own rule, or by the variable's name; credentials in URLs always."""
    environ = {
        "SENTRY_DSN": "https://topsecret@host/1",
        "SENTRY_AUTH_TOKEN": "topsecret",
        "OTEL_EXPORTER_OTLP_HEADERS": "authorization=topsecret",
        "OTEL_EXPORTER_OTLP_ENDPOINT": "https://user:topsecret@collector:4318",
        "https_proxy": "http://user:topsecret@proxy",
        "SENTRY_OTHER_DSN": "https://topsecret0123456789@host/1",
        "OTEL_SERVICE_NAME": "web",
        "DATABASE_URL": "postgres://user:topsecret@db",
    }
    shown = telemetry_variables(environ)

    assert "topsecret" not in str(shown)
    assert shown["SENTRY_DSN"] == "https://***@host/1"
    assert shown["OTEL_EXPORTER_OTLP_ENDPOINT"] == "https://[Filtered]@collector:4318"
    assert shown["OTEL_SERVICE_NAME"] == "web"
    assert "DATABASE_URL" not in shown


def test_the_environment_of_the_process() -> None:
    """Read where nothing is given."""
    assert all(
        name.upper().startswith(("OTEL_", "SENTRY_", "NEXT_", "H", "A", "N", "S", "R"))
        for name in telemetry_variables()
    )
