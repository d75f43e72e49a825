"""Which trace a page belongs to, and who looks at it: read from OpenTelemetry's context while the page is made."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from opentelemetry import trace
from opentelemetry.instrumentation.propagators import get_global_response_propagator

from otel_sentry.identity.context import SEGMENT_ATTRIBUTE, wallet_in
from otel_sentry.identity.privacy import Privacy
from otel_sentry.identity.user import NOBODY, identity_of, user_payload

if TYPE_CHECKING:
    from otel_sentry.identity.user import Identity
    from otel_sentry.settings.settings import Settings

_ENTRY: Final = re.compile(r'(sentry-trace|baggage);desc="([^"]*)"')


class PageTrace(NamedTuple):
    """What the page's `meta` tags say; Sentry's own members of the baggage only."""

    sentry_trace: str
    baggage: str


def page_trace() -> PageTrace | None:
    """The trace of the request, whose root becomes the parent of the page load; None if there is none for Sentry.

    Asked of the response propagator, which `configure()` installs when there is a browser's DSN.
    """
    propagator = get_global_response_propagator()  # type: ignore[no-untyped-call]  # opentelemetry
    if propagator is None:
        return None
    span = trace.get_current_span()
    root = getattr(getattr(span, SEGMENT_ATTRIBUTE, None), "root", None) or span
    carrier: dict[str, str] = {}
    propagator.inject(carrier, trace.set_span_in_context(root))
    found = dict(_ENTRY.findall(carrier.get("Server-Timing", "")))
    return PageTrace(found["sentry-trace"], found.get("baggage", "")) if "sentry-trace" in found else None


def page_user(settings: Settings) -> dict[str, Any]:
    """The user as the page's SDK may be told, under the privacy of the settings; empty if nobody is known."""
    identity = _identity(settings)
    if not identity:
        return {}
    payload = user_payload(identity, Privacy(settings.wallet_privacy.value, settings.wallet_hash_key))
    return {name: value for name, value in payload.items() if name in ("id", "username", "email")}


def _identity(settings: Settings) -> Identity:
    bound = wallet_in()
    if bound is not None:
        return bound
    segment: Any = getattr(trace.get_current_span(), SEGMENT_ATTRIBUTE, None)
    if segment is None:
        return NOBODY
    return segment.identity or identity_of(segment.attributes, settings.wallet_attributes) or NOBODY
