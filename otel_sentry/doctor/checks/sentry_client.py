"""Does sentry-sdk do the same work a second time, or keep telemetry for itself? Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from otel_sentry.doctor.finding import Finding, error, note, warning
from otel_sentry.protocol.dsn import Dsn

if TYPE_CHECKING:
    from collections.abc import Iterator

    from otel_sentry.facts.facts import Facts

_INSTEAD: Final = "otel_sentry.configure() after sentry_sdk.init(…), and in init "
_OURS: Final = "otel_sentry.delivery.transport.SentryTransport"


def opentelemetry_integration(facts: Facts) -> Iterator[Finding]:
    """sentry-sdk's first bridge."""
    if "opentelemetry" in facts.sdk.integrations:
        yield error(
            "opentelemetry-integration",
            "sentry-sdk's OpenTelemetryIntegration is in use: it sets a tracer provider and propagator of its own and "
            "sends every trace a second time.",
            f"{_INSTEAD}remove integrations=[OpenTelemetryIntegration()] and instrumenter='otel'",
        )


def otlp_integration(facts: Facts) -> Iterator[Finding]:
    """sentry-sdk's second bridge."""
    if "otlp" in facts.sdk.integrations:
        yield error(
            "otlp-integration",
            "sentry-sdk's OTLPIntegration is in use: it sends every span to Sentry a second time, by OTLP, without "
            "users, issues and sample rate.",
            f"{_INSTEAD}remove integrations=[OTLPIntegration()]",
        )


def native_tracing(facts: Facts) -> Iterator[Finding]:
    """Spans made by sentry-sdk itself; `configure()` turns that off where it joins."""
    if facts.sdk.native_tracing and facts.sdk.active:
        yield error(
            "native-tracing",
            "sentry-sdk's own tracing is on, nobody has turned it off: it makes spans of the same requests.",
            f"{_INSTEAD}leave traces_sample_rate as it is: it becomes the rate of our spans",
        )


def foreign_dsn(facts: Facts) -> Iterator[Finding]:
    """The application's own `init` rules."""
    variable = facts.origin("dsn")
    typed = _normal(facts.variables.get(variable, ""))
    if facts.sdk.dsn and typed and facts.sdk.dsn != typed:
        yield warning(
            "dsn-of-init",
            f"The application's sentry_sdk.init sends to {facts.sdk.dsn}, not to {variable}={typed}: its DSN rules.",
            "Leave dsn= out of sentry_sdk.init, or make them equal",
        )


def switched_off(facts: Facts) -> Iterator[Finding]:
    """`init` without a DSN is an off switch."""
    if facts.sdk.active and not facts.sdk.dsn and facts.value("dsn"):
        yield error(
            "init-without-dsn",
            "The application has called sentry_sdk.init without a DSN, which turns sentry-sdk off; we send through it.",
            "sentry_sdk.init(dsn=os.environ['SENTRY_DSN'], …), or no init at all",
        )


def own_transport(facts: Facts) -> Iterator[Finding]:
    """A transport of the application's own stays."""
    transport = facts.sdk.transport
    if facts.process.set_up and facts.to_sentry and facts.sdk.active and transport and transport != _OURS:
        yield warning(
            "own-transport",
            f"The application's own transport {transport} delivers: without our retries, spool and books.",
            "Leave transport= out of sentry_sdk.init",
        )


def hooks(facts: Facts) -> Iterator[Finding]:
    """Functions of the application that may drop telemetry."""
    if facts.sdk.hooks:
        yield note(
            "hooks", f"The application's sentry_sdk.init sets {', '.join(facts.sdk.hooks)}: what they drop is counted."
        )


def _normal(dsn: str) -> str:
    """A masked DSN without the port that its scheme has anyway."""
    try:
        return Dsn.parse(dsn).masked
    except ValueError:
        return ""
