"""All checks, in the order in which their findings are told: what stops everything comes first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from otel_sentry.doctor.checks import (
    books,
    entry_points,
    instrumentations,
    process,
    propagators,
    provider,
    sampling,
    sentry_client,
    settings,
    variables,
)

if TYPE_CHECKING:
    from otel_sentry.doctor.finding import Check, Finding
    from otel_sentry.facts.facts import Facts

CHECKS: Final[tuple[Check, ...]] = (
    *(settings.refused, settings.without_dsn, settings.disabled, settings.without_sentry_exporter),
    *(settings.declarative, settings.spool, settings.worker, settings.queue),
    *(variables.misspelt, variables.sampler_argument, variables.otlp_endpoint),
    *(provider.barred, provider.not_set_up, provider.exporter_alone, provider.ours_twice, provider.others_twice),
    *(provider.sentry_sdk_processor, provider.nameless),
    *(sentry_client.opentelemetry_integration, sentry_client.otlp_integration, sentry_client.native_tracing),
    *(sentry_client.foreign_dsn, sentry_client.switched_off, sentry_client.own_transport, sentry_client.hooks),
    *(sampling.rate, sampling.head_sampler, sampling.ignored, sampling.rules),
    *(propagators.trap, propagators.ours_missing, propagators.several, propagators.targets, propagators.w3c_missing),
    *(instrumentations.missing, instrumentations.doubled, instrumentations.conflicting),
    *(instrumentations.ourselves_disabled, entry_points.colliding, entry_points.missing, entry_points.distros),
    *(process.uwsgi, process.mode, books.losses, books.stuck, settings.errors_only, settings.other_signals),
)


def findings_of(facts: Facts) -> list[Finding]:
    """What all checks find."""
    return [finding for check in CHECKS for finding in check(facts)]
