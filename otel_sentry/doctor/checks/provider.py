"""Do the spans of this process reach our processor, and only once? Pure."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

from otel_sentry.doctor.finding import Finding, error, note, warning

if TYPE_CHECKING:
    from collections.abc import Iterator

    from otel_sentry.facts.facts import Facts

PROCESSOR: Final = "otel_sentry.otel.span_processor.SentrySpanProcessor"
EXPORTER: Final = "otel_sentry.otel.span_exporter.SentrySpanExporter"
_OF_SENTRY_SDK: Final = "sentry_sdk.integrations.opentelemetry.span_processor"
_PROXY: Final = "ProxyTracerProvider"


def barred(facts: Facts) -> Iterator[Finding]:
    """A foreign provider that takes no processors and must not be replaced."""
    owner = facts.provider.owner
    if facts.to_sentry and not facts.provider.takes_processors and not owner.endswith(_PROXY):
        yield error(
            "provider-barred",
            f"The tracer provider is {owner}, which takes no span processors; it was set before us, and a provider is "
            "set once.",
            "Call otel_sentry.configure() before it, or give it an SDK TracerProvider",
        )


def not_set_up(facts: Facts) -> Iterator[Finding]:
    """Nobody called us."""
    if facts.to_sentry and not facts.process.set_up and facts.provider.owner.endswith(_PROXY):
        yield error(
            "not-set-up",
            "The application does not set otel_sentry up: no tracer provider is there.",
            "otel_sentry.configure() at its start, or opentelemetry-instrument in front of its command",
        )
    elif facts.sends_spans and facts.provider.takes_processors and not facts.on_provider(PROCESSOR, EXPORTER):
        yield error(
            "not-on-provider",
            f"A tracer provider is there ({facts.provider.owner}), and nothing of ours is on it.",
            "otel_sentry.configure() after the provider is set: it joins the one that is there",
        )


def exporter_alone(facts: Facts) -> Iterator[Finding]:
    """Whole, but without live exceptions."""
    if facts.on_provider(EXPORTER) and not facts.on_provider(PROCESSOR):
        yield warning(
            "exporter-alone",
            "Our exporter is under a stock processor, without our own: issues have no locals, and spans wait "
            "in its 2,048 places.",
            "otel_sentry.configure() beside it adds the processor; the exporter then stands down",
        )


def ours_twice(facts: Facts) -> Iterator[Finding]:
    """Every span twice."""
    if facts.provider.processors.count(PROCESSOR) > 1:
        yield error(
            "processor-twice",
            f"SentrySpanProcessor is on the provider {facts.provider.processors.count(PROCESSOR)} times: Sentry gets "
            "every span as often.",
            "Either add_span_processor(SentrySpanProcessor()) or otel_sentry.configure(), not both",
        )


def others_twice(facts: Facts) -> Iterator[Finding]:
    """The same exporter to the same place."""
    exporters = Counter(one.partition(" → ")[2] for one in facts.provider.processors if " → " in one)
    for exporter, times in exporters.items():
        if times > 1 and EXPORTER not in exporter:
            yield warning(
                "exporter-twice",
                f"{exporter} is on the provider {times} times: that backend gets every span as often.",
                "Set it up either in code or by OTEL_TRACES_EXPORTER",
            )


def sentry_sdk_processor(facts: Facts) -> Iterator[Finding]:
    """sentry-sdk's own bridge on the same provider."""
    if any(one.startswith(_OF_SENTRY_SDK) for one in facts.provider.processors):
        yield error(
            "sentry-sdk-processor",
            "sentry-sdk's own SentrySpanProcessor is on the provider: it makes a second transaction of every trace.",
            "Remove its add_span_processor(…), or integrations=[OpenTelemetryIntegration()], from the application",
        )


def nameless(facts: Facts) -> Iterator[Finding]:
    """Spans of several services that cannot be told apart."""
    if facts.sends_spans and facts.provider.service.startswith("unknown_service"):
        yield note("service-unknown", "The service has no name.", "OTEL_SERVICE_NAME=web")
