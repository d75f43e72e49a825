"""Do the settings send anything to Sentry? Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from otel_sentry.doctor.checks.provider import EXPORTER, PROCESSOR
from otel_sentry.doctor.finding import Finding, error, note, warning

if TYPE_CHECKING:
    from collections.abc import Iterator

    from otel_sentry.facts.facts import Facts


def refused(facts: Facts) -> Iterator[Finding]:
    """A value that cannot be used stops everything."""
    if facts.refusal:
        yield error("setting-refused", f"A setting is refused: {facts.refusal}", "Correct or unset it, then ask again.")


def without_dsn(facts: Facts) -> Iterator[Finding]:
    """Without a DSN everything is a quiet no-op."""
    if facts.refusal or facts.value("dsn"):
        return
    if facts.value("worker_dsn"):
        yield error(
            "no-dsn",
            "SENTRY_DSN is not set, and SENTRY_WORKER_DSN counts in workers only: nothing goes to Sentry.",
            "Set SENTRY_DSN, or OTEL_SENTRY_ROLE=worker if this is a worker.",
        )
    else:
        yield error(
            "no-dsn",
            "SENTRY_DSN is not set in this environment: nothing goes to Sentry.",
            "export SENTRY_DSN=… (Sentry: Settings, Projects, your project, Client Keys); "
            "or try it without an account: otel-sentry dev",
        )


def disabled(facts: Facts) -> Iterator[Finding]:
    """OpenTelemetry's own off switch."""
    if facts.value("sdk_disabled") == "true":
        yield error("sdk-disabled", "OTEL_SDK_DISABLED=true turns all telemetry off.", "unset OTEL_SDK_DISABLED")


def without_sentry_exporter(facts: Facts) -> Iterator[Finding]:
    """Exporters that are named win over a DSN."""
    if not facts.to_sentry or facts.value("errors_only") == "true" or facts.value("config_file"):
        return
    chosen = facts.value("traces_exporters")
    if not facts.sends_spans:
        yield error(
            "exporter-not-named",
            f"OTEL_TRACES_EXPORTER={chosen or 'none'} does not name `sentry`: nothing goes to Sentry although a DSN is "
            "set.",
            f"OTEL_TRACES_EXPORTER={','.join(['sentry', *filter(None, [chosen if chosen != 'none' else ''])])}, "
            "or OTEL_SENTRY_ERRORS_ONLY=true for issues alone",
        )


def errors_only(facts: Facts) -> Iterator[Finding]:
    """Issues alone, on purpose."""
    if facts.to_sentry and facts.value("errors_only") == "true":
        yield note("errors-only", "OTEL_SENTRY_ERRORS_ONLY=true: issues go to Sentry, spans do not.")


def other_signals(facts: Facts) -> Iterator[Finding]:
    """Logs and metrics have exporters of their own."""
    for signal in ("logs", "metrics"):
        if facts.to_sentry and "sentry" not in facts.exporters.get(signal, ()):
            yield note(
                f"{signal}-not-sent",
                f"OpenTelemetry's {signal} do not go to Sentry.",
                f"OTEL_{signal.upper()}_EXPORTER=sentry sends them",
            )


def declarative(facts: Facts) -> Iterator[Finding]:
    """With OTEL_CONFIG_FILE the file has the last word."""
    file = facts.value("config_file")
    if not file or not facts.to_sentry:
        return
    if not facts.on_provider(PROCESSOR, EXPORTER):
        yield error(
            "config-file-without-sentry",
            f"The set-up comes from OTEL_CONFIG_FILE={file}, which names no exporter `sentry`.",
            "tracer_provider: processors: - batch: exporter: sentry: (docs/how-to/yaml/sentry.yaml is a sample)",
        )
    ignored = sorted({"OTEL_TRACES_EXPORTER", "OTEL_PROPAGATORS", "OTEL_TRACES_SAMPLER"} & facts.variables.keys())
    if ignored:
        yield warning(
            "config-file-rules",
            f"{', '.join(ignored)}: ignored by OpenTelemetry, because OTEL_CONFIG_FILE describes the whole set-up.",
            "Say it in the file, or unset OTEL_CONFIG_FILE.",
        )


def spool(facts: Facts) -> Iterator[Finding]:
    """A spool that cannot be used is left out with one warning."""
    if facts.spool_problem:
        yield error(
            "spool-unusable",
            f"OTEL_SENTRY_SPOOL_DIR cannot be used: {facts.spool_problem}. Outages lose telemetry.",
            "Name a folder that the application's user may write to, such as a mounted volume.",
        )


def worker(facts: Facts) -> Iterator[Finding]:
    """Which DSN a worker has."""
    if facts.value("role") == "worker":
        which = "SENTRY_WORKER_DSN" if facts.value("worker_dsn") else "SENTRY_DSN, for SENTRY_WORKER_DSN is not set"
        yield note("role-worker", f"This process is a worker ({facts.origin('role')}); its DSN is {which}.")


def queue(facts: Facts) -> Iterator[Finding]:
    """Spans that wait long are lost with the process, and look as if they never came."""
    delay = float(facts.value("schedule_delay_seconds") or 0)
    if facts.sends_spans and delay > 60:
        yield warning(
            "slow-schedule",
            f"OTEL_BSP_SCHEDULE_DELAY lets spans wait {delay:g} s before they leave.",
            "OTEL_BSP_SCHEDULE_DELAY counts milliseconds; unset it for the default of one second",
        )
