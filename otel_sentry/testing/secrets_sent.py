"""Whether something that must stay secret is in what was sent, in whatever spelling it may have there. Pure."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator, Mapping
from typing import Final
from urllib.parse import quote, quote_plus

from otel_sentry.protocol import json_text

_SECRET_NAMES: Final = ("_KEY", "_TOKEN", "_SECRET", "_PASSWORD", "_MNEMONIC", "_CREDENTIALS")
_SHORTEST: Final = 8
"""Shorter values of the environment occur by chance."""


def secrets_of(environ: Mapping[str, str]) -> dict[str, str]:
    """Variables whose name says that they hold a secret."""
    return {
        name: value
        for name, value in environ.items()
        if name.upper().endswith(_SECRET_NAMES) and len(value.strip()) >= _SHORTEST
    }


def places_of(secret: str, envelopes: Iterable[bytes]) -> list[str]:
    """Where a secret was found: its surroundings, itself masked.

    Raises:
        ValueError: it is empty, and would be found everywhere.
    """
    if not secret:
        raise ValueError("an empty text is no secret")
    spellings = set(_spellings(secret))
    return [_surroundings(raw, spelling) for raw in envelopes for spelling in spellings if spelling in raw]


def _spellings(secret: str) -> Iterator[bytes]:
    """As it is, as JSON, in a URL, in base64, and a hex number without its `0x`."""
    raw = secret.encode("utf-8", "surrogatepass")
    yield raw
    yield json_text.dumps(raw.decode("utf-8", "replace"))[1:-1]
    yield quote(secret, safe="").encode()
    yield quote_plus(secret).encode()
    yield base64.b64encode(raw).rstrip(b"=")
    if secret[:2].lower() == "0x" and len(secret) > _SHORTEST:
        yield secret[2:].lower().encode()
        yield secret[2:].upper().encode()


def _surroundings(raw: bytes, spelling: bytes) -> str:
    at = raw.index(spelling)
    before, after = raw[max(0, at - 60) : at], raw[at + len(spelling) : at + len(spelling) + 20]
    return f"{before.decode('utf-8', 'replace')}***{after.decode('utf-8', 'replace')}"
