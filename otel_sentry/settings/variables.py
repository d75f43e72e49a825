"""The telemetry variables of this process's environment, as they may be shown. Here because only this room reads it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Final

from otel_sentry.masking.mask import SecretMask
from otel_sentry.settings.declaration import declarations
from otel_sentry.settings.settings import Settings

_PREFIXES: Final = ("OTEL_", "SENTRY_", "NEXT_PUBLIC_SENTRY_")
_WAY_THERE: Final = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE")
_LONGEST: Final = 200


def telemetry_variables(environ: Mapping[str, str] | None = None) -> dict[str, str]:
    """Variables of OpenTelemetry, of Sentry and of the way there; secrets are masked.

    Args:
        environ: those of the process if None.
    """
    found = os.environ if environ is None else environ
    rows = {variable: row for row in declarations(Settings) for variable in row.variables}
    mask = SecretMask()
    return {
        name: rows[name].shown(found[name]) if name in rows else str(mask.value(name, found[name]))[:_LONGEST]
        for name in sorted(found)
        if name.upper().startswith(_PREFIXES) or name.upper() in _WAY_THERE
    }
