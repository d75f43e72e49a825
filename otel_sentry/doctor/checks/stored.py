"""What the API's answers mean: stored, not yet, or a token that may not look. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from otel_sentry.doctor.finding import Finding, error

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from otel_sentry.doctor.sentry_api import Stored

_SCOPES: Final = "org:read, project:read and event:read"
_MEANINGS: Final = {
    0: ("api-unreachable", "Sentry's API was not reached", "SENTRY_URL=https://your-sentry"),
    400: (
        "api-refuses",
        "Sentry's API does not understand the question (an older one?)",
        "Look in its own pages",
    ),
    401: ("token-unknown", "SENTRY_AUTH_TOKEN is not known there", "Make one: Settings, Custom Integrations"),
    403: ("token-forbidden", "SENTRY_AUTH_TOKEN may not look there", f"Give it the scopes {_SCOPES}"),
}


def judged(stored: Sequence[Stored]) -> Iterator[Finding]:
    """What was not found, and why."""
    missing = [one for one in stored if not one.found]
    for status, (code, cause, remedy) in _MEANINGS.items():
        kinds = [one for one in missing if one.status == status]
        if kinds:
            yield error(code, f"{cause}: {kinds[0].detail or status}.", remedy)
    for one in missing:
        if one.status not in _MEANINGS:
            yield error(
                "not-stored",
                f"The {one.kind} was accepted and is not stored after {one.seconds:.0f} s.",
                "Inbound filters, spike protection or a used-up quota drop after accepting: see Stats in Sentry; "
                "SENTRY_ORG and SENTRY_PROJECT must be those of the DSN",
            )
