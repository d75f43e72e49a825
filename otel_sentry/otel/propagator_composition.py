"""Which propagators work together: ours takes the place of every other writer of `sentry-trace` and `baggage`. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from opentelemetry.baggage.propagation import W3CBaggagePropagator
from opentelemetry.propagators.composite import CompositePropagator

from otel_sentry.otel.propagator import SentryPropagator

if TYPE_CHECKING:
    from opentelemetry.propagators.textmap import TextMapPropagator


def composed(propagators: Iterable[TextMapPropagator], sentry: SentryPropagator) -> list[TextMapPropagator]:
    """The propagators of a composite, each header with one writer.

    Args:
        propagators: in their order; composites among them are taken apart.
        sentry: ours; it comes last, so that it sees what `traceparent` said.

    Returns:
        `propagators` without OpenTelemetry's baggage propagator, other writers of `sentry-trace` (sentry-sdk has one)
        and earlier ones of ours, then `sentry`.
    """
    others = [one for one in _flat(propagators) if not _gives_way(one)]
    return [*others, sentry]


def names_sentry(propagators: Iterable[TextMapPropagator]) -> bool:
    """Whether ours is among `propagators`, composites included."""
    return any(isinstance(one, SentryPropagator) for one in _flat(propagators))


def _flat(propagators: Iterable[TextMapPropagator]) -> Iterable[TextMapPropagator]:
    for one in propagators:
        if isinstance(one, CompositePropagator):
            yield from _flat(one._propagators)  # noqa: SLF001  # the API has no other way to see them
        else:
            yield one


def _gives_way(propagator: TextMapPropagator) -> bool:
    return isinstance(propagator, (SentryPropagator, W3CBaggagePropagator)) or "sentry-trace" in propagator.fields
