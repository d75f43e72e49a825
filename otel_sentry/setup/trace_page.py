"""Where a trace can be seen: Sentry's page of it, or that of another backend by template. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from otel_sentry.protocol.dsn import Dsn
    from otel_sentry.settings.settings import Settings

_SAAS: Final = "https://sentry.io"
_ANY_ORGANISATION: Final = "orgredirect/organizations/:orgslug"
"""Sentry fills in the organisation of whoever opens the page."""


def trace_page(settings: Settings, *, trace_id: int, span_id: int) -> str | None:
    """URL of a trace; None when nothing is sent anywhere that is known.

    Args:
        settings: template, organisation, address and DSN.
        trace_id: 128-bit id.
        span_id: 64-bit id.
    """
    if settings.trace_url is not None:
        return settings.trace_url.replace("{trace_id}", f"{trace_id:032x}").replace("{span_id}", f"{span_id:016x}")
    if settings.dsn is None:
        return None
    base = (settings.url or _address(settings.dsn)).rstrip("/")
    organisation = f"organizations/{settings.org}" if settings.org else _ANY_ORGANISATION
    return f"{base}/{organisation}/explore/traces/trace/{trace_id:032x}/"


def _address(dsn: Dsn) -> str:
    if dsn.host == "sentry.io" or dsn.host.endswith(".sentry.io"):
        return _SAAS
    return f"{dsn.scheme}://{dsn.netloc}{dsn.path}"
