"""Delivery's books as OpenTelemetry metrics, for whatever backend the application's metrics go to."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from opentelemetry import metrics
from opentelemetry.metrics import CallbackOptions, Observation

from otel_sentry._version import __version__
from otel_sentry.delivery.outbox import BOOKS_SCOPE

if TYPE_CHECKING:
    from otel_sentry.delivery.ledger import Balance, Ledger

    Reading = Callable[[str, Balance], Iterable[Observation]]

_UNIT = "{item}"


def observe_books(ledger: Ledger) -> None:
    """Make instruments that read the books when metrics are collected; they do nothing while nobody collects.

    `otel_sentry.items.created`, `.delivered`, `.dropped` (with `reason`) and `.pending`, each with Sentry's `category`.
    """
    meter = metrics.get_meter(BOOKS_SCOPE, __version__)

    def reading(read: Reading) -> Callable[[CallbackOptions], Iterable[Observation]]:
        return lambda _: [one for category, books in ledger.snapshot().items() for one in read(category.value, books)]

    meter.create_observable_counter(
        "otel_sentry.items.created", [reading(_created)], _UNIT, "Items that delivery to Sentry was told of."
    )
    meter.create_observable_counter(
        "otel_sentry.items.delivered", [reading(_delivered)], _UNIT, "Items that Sentry acknowledged."
    )
    meter.create_observable_counter(
        "otel_sentry.items.dropped", [reading(_dropped)], _UNIT, "Items that did not reach Sentry."
    )
    meter.create_observable_up_down_counter(
        "otel_sentry.items.pending", [reading(_pending)], _UNIT, "Items in memory, under way or in the spool."
    )


def _created(category: str, books: Balance) -> list[Observation]:
    return [Observation(books.created, {"category": category})]


def _delivered(category: str, books: Balance) -> list[Observation]:
    return [Observation(books.delivered, {"category": category})]


def _dropped(category: str, books: Balance) -> list[Observation]:
    return [Observation(number, {"category": category, "reason": why.value}) for why, number in books.dropped.items()]


def _pending(category: str, books: Balance) -> list[Observation]:
    return [Observation(books.pending, {"category": category})]
