"""What was lost, and what each reason means. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from otel_sentry.doctor.finding import Finding, error, note, warning

if TYPE_CHECKING:
    from collections.abc import Iterator

    from otel_sentry.facts.facts import Facts

REASONS: Final = {
    "queue_overflow": (warning, "the queue was full", "OTEL_BSP_MAX_QUEUE_SIZE is the number of spans that may wait"),
    "cache_overflow": (warning, "the spool was full", "OTEL_SENTRY_SPOOL_MAX_BYTES"),
    "buffer_overflow": (warning, "a buffer was full", "OTEL_BSP_MAX_QUEUE_SIZE"),
    "ratelimit_backoff": (error, "Sentry said that it wants no more for now", "Raise the quota, or lower the rate"),
    "network_error": (error, "Sentry could not be reached in time", "OTEL_SENTRY_SPOOL_DIR keeps it through outages"),
    "send_error": (error, "Sentry refused it", "otel-sentry doctor shows its answer to one of each kind"),
    "invalid": (warning, "it could not be encoded", "The log names the span"),
    "internal_sdk_error": (error, "a fault of ours or of sentry-sdk", "Please report it with the error in the log"),
    "sample_rate": (note, "sampling dropped it", ""),
    "ignored": (note, "OTEL_SENTRY_IGNORE_SPANS names it", ""),
    "before_send": (note, "a hook of the application dropped it", ""),
    "event_processor": (note, "an event processor of the application dropped it", ""),
}
"""Reason of a loss → weight, meaning, remedy. Source: develop docs "client reports"."""


def losses(facts: Facts) -> Iterator[Finding]:
    """One finding per category and reason."""
    for book in facts.books:
        if book.category.endswith("_byte"):
            continue
        for reason, number in book.dropped.items():
            weigh, meaning, remedy = REASONS.get(reason, (note, reason, ""))
            yield weigh(f"lost-{reason}", f"{number} of {book.created} {book.category}: {meaning} ({reason}).", remedy)


def stuck(facts: Facts) -> Iterator[Finding]:
    """Much waits, nothing arrives."""
    for book in facts.books:
        if book.pending > 100 and not book.delivered:
            yield warning(
                "stuck", f"{book.pending} {book.category} wait and none was delivered.", "See Sentry's answers above"
            )
