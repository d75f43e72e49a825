"""Trace headers in environment variables, for processes started by processes. Pure: mappings come in, mappings go out.

Source: protocol page 6.6.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

SENTRY_TRACE: Final = "SENTRY_TRACE"
SENTRY_BAGGAGE: Final = "SENTRY_BAGGAGE"
USE_ENVIRONMENT: Final = "SENTRY_USE_ENVIRONMENT"

_HEADERS: Final = {SENTRY_TRACE: "sentry-trace", SENTRY_BAGGAGE: "baggage"}
_FALSE: Final = frozenset({"false", "f", "no", "n", "off", "0"})


def carrier_from_environment(environ: Mapping[str, str]) -> dict[str, str]:
    """Headers that the parent process left, to be extracted; empty if there are none or they are switched off."""
    if environ.get(USE_ENVIRONMENT, "").strip().lower() in _FALSE:
        return {}
    return {header: value for variable, header in _HEADERS.items() if (value := environ.get(variable))}


def environment_from_carrier(carrier: Mapping[str, str]) -> dict[str, str]:
    """Variables for a child process out of injected headers."""
    return {variable: value for variable, header in _HEADERS.items() if (value := carrier.get(header))}
