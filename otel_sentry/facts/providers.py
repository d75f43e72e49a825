"""What is on OpenTelemetry's globals: provider, sampler, processors, propagators."""

from __future__ import annotations

import re
from typing import Any, Final

from opentelemetry import propagate, trace
from opentelemetry.instrumentation.propagators import get_global_response_propagator

from otel_sentry.facts.facts import ProviderFacts
from otel_sentry.otel.presence import span_processors

_CREDENTIALS: Final = re.compile(r"(?<=://)[^/@\s]*@")


def provider_facts() -> ProviderFacts:
    """Of the global tracer provider."""
    provider: Any = trace.get_tracer_provider()
    resource = getattr(provider, "resource", None)
    return ProviderFacts(
        owner=class_name(provider),
        takes_processors=hasattr(provider, "add_span_processor"),
        sampler=_sampler(getattr(provider, "sampler", None)),
        processors=tuple(_processor(one) for one in span_processors(provider)),
        service=str(getattr(resource, "attributes", {}).get("service.name", "")),
    )


def propagator_names() -> tuple[str, ...]:
    """Classes of the global propagators, composites taken apart, and of the response propagator."""
    response = get_global_response_propagator()  # type: ignore[no-untyped-call]  # opentelemetry
    found = [class_name(one) for one in _flat(propagate.get_global_textmap())]
    return (*found, *([f"{class_name(response)} (responses)"] if response is not None else ()))


def class_name(value: object) -> str:
    """A value's class with the package it comes from, such as `opentelemetry.sdk.trace.TracerProvider`."""
    kind = type(value)
    return f"{kind.__module__}.{kind.__qualname__}"


def _sampler(sampler: Any) -> str:
    if sampler is None:
        return ""
    try:
        return str(sampler.get_description())
    except Exception:  # noqa: BLE001 - the application's own class
        return class_name(sampler)


def _processor(processor: object) -> str:
    exporter: Any = getattr(processor, "span_exporter", None)
    if exporter is None:
        return class_name(processor)
    endpoint = _CREDENTIALS.sub("***@", str(getattr(exporter, "_endpoint", "") or "").partition("?")[0])
    return " → ".join(filter(None, (class_name(processor), class_name(exporter), endpoint)))


def _flat(propagator: object) -> list[object]:
    inner = getattr(propagator, "_propagators", None)
    return [propagator] if inner is None else [one for each in inner for one in _flat(each)]
