"""The telemetry variables of this process's environment, as they may be shown. Here because only this room reads it."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from typing import Final

from otel_sentry.settings.declaration import MASK, declarations
from otel_sentry.settings.settings import Settings

_PREFIXES: Final = ("OTEL_", "SENTRY_", "NEXT_PUBLIC_SENTRY_")
_PROXIES: Final = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE")
_SECRET: Final = re.compile(r"TOKEN|SECRET|PASSWORD|KEY|HEADERS|DSN")
_CREDENTIALS: Final = re.compile(r"(?<=://)[^/@\s]*@")
_LONGEST: Final = 200


def telemetry_variables(environ: Mapping[str, str] | None = None) -> dict[str, str]:
    """Variables of OpenTelemetry, of Sentry and of the way there; secrets are masked.

    Args:
        environ: those of the process if None.
    """
    found = os.environ if environ is None else environ
    rows = {variable: row for row in declarations(Settings) for variable in row.variables}
    shown = {}
    for name in sorted(found):
        if not name.upper().startswith(_PREFIXES) and name.upper() not in _PROXIES:
            continue
        row = rows.get(name)
        shown[name] = row.shown(found[name]) if row is not None else _masked(name, found[name])
    return shown


def _masked(name: str, value: str) -> str:
    if _SECRET.search(name.upper()) and value:
        return MASK
    return _CREDENTIALS.sub(f"{MASK}@", value)[:_LONGEST]
