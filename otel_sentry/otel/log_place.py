"""Where a record was logged: noted on the record itself, for OpenTelemetry's batch processor lets its context go."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from opentelemetry import trace

from otel_sentry.identity.context import wallet_in

if TYPE_CHECKING:
    from opentelemetry._logs import LogRecord

    from otel_sentry.identity.user import Identity

_PLACE: Final = "_otel_sentry_place"
"""Attribute of a record: private, so that no other backend sends it."""


class LogPlace(NamedTuple):
    """What was around a record.

    Attributes:
        own: the wallet of its block; None outside of any.
        span: that was current.
    """

    own: Identity | None
    span: trace.Span


def note_place(log: LogRecord) -> None:
    """Note where a record was logged, on the thread that logs it."""
    if log.context is not None:
        setattr(log, _PLACE, LogPlace(wallet_in(log.context), trace.get_current_span(log.context)))


def place_of(log: LogRecord) -> LogPlace:
    """Where a record was logged, as noted, else by its context."""
    noted = getattr(log, _PLACE, None)
    if isinstance(noted, LogPlace):
        return noted
    if not log.context:
        return LogPlace(None, trace.INVALID_SPAN)
    return LogPlace(wallet_in(log.context), trace.get_current_span(log.context))
