"""Secrets that are told by their own form: PEM keys, JSON web tokens, tokens of vendors, `Bearer …`. Pure."""

from __future__ import annotations

import re
from typing import Final

from otel_sentry.masking.lazy_pattern import lazy_pattern
from otel_sentry.masking.mark import MASK

PREFIXES: Final = (
    *("sk_live_", "sk_test_", "rk_live_", "rk_test_", "whsec_", "sq0csp-"),  # payments
    *("ghp_", "gho_", "ghs_", "ghu_", "ghr_", "github_pat_", "glpat-", "gldt-", "npm_", "pypi-", "rubygems_"),
    *("xoxa-", "xoxb-", "xoxc-", "xoxe-", "xoxp-", "xoxr-", "xoxs-", "xapp-"),  # Slack
    *("sntrys_", "sntryu_", "hvs.", "hvb.", "dckr_pat_", "dop_v1_", "glsa_", "tskey-", "PMAK-", "AGE-SECRET-KEY-"),
    *("sk-", "hf_", "gsk_", "r8_", "nvapi-"),  # language models
    *("ya29.", "SG.", "shpat_", "shpss_", "lin_api_", "figd_"),
)
"""How tokens of vendors begin; each ends with `_`, `-` or `.`, at which they are found."""
BARE_PREFIXES: Final = ("AIza", "EAAC", "AKIA", "ASIA")
"""The same for those without such an end."""
SHORTEST: Final = 20

_PEM: Final = lazy_pattern(r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY[A-Z ]*-----.*?(?:-----END [A-Z0-9 ]*-----|$)", re.DOTALL)
_WEB_TOKEN: Final = lazy_pattern(r"eyJ[\w\-]{8,}\.[\w\-]{8,}(?:\.[\w\-]*)?")
_SCHEME: Final = lazy_pattern(
    r"\b((?i:bearer|basic|digest|dpop|apikey)[ \t]+)(?=[^\s]*(?:\d|[a-z][A-Z]|=))[\w.~+/=\-]{8,}"
)
_BARE_LOWER: Final = tuple(prefix.lower() for prefix in BARE_PREFIXES)
_SIGNS: Final = "_-."
_ENDS: Final = frozenset(prefix[-3:] for prefix in PREFIXES)
"""Last three characters of each prefix, the sign included."""
_REST: Final = lazy_pattern(r"(?=[\w\-.]*\d)[\w\-.]{14,}")
_BARE: Final = lazy_pattern(r"(?<!\w)(?:" + "|".join(BARE_PREFIXES) + r")[0-9A-Za-z_\-]{16,}")


def masked_pem(text: str) -> str:
    """Mask private keys in PEM, whole or cut off."""
    return _PEM().sub(MASK, text)


def masked_web_tokens(text: str) -> str:
    """Mask JSON web tokens."""
    return _WEB_TOKEN().sub(MASK, text)


def may_hold_scheme(text: str) -> bool:
    """Whether a text, in lower case, names a scheme."""
    return "bearer" in text or "basic " in text or "digest " in text or "dpop " in text or "apikey " in text


def masked_schemes(text: str) -> str:
    """Mask what stands behind an HTTP authentication scheme."""
    return _SCHEME().sub(rf"\1{MASK}", text)


def may_hold_vendor_token(text: str) -> bool:
    """Whether a text, in lower case, has the length and the letters."""
    return len(text) >= SHORTEST and (
        "_" in text
        or "-" in text
        or "." in text
        or "aiza" in text
        or "eaac" in text
        or "akia" in text
        or "asia" in text
    )


def masked_vendor_tokens(text: str) -> str:
    """Mask tokens that begin as vendors' do."""
    for sign in _SIGNS:
        if sign in text:
            text = _masked_at(text, sign)
    return _BARE().sub(MASK, text) if any(prefix in text for prefix in BARE_PREFIXES) else text


def _masked_at(text: str, sign: str) -> str:
    """Mask tokens whose prefix ends in this sign."""
    pieces: list[str] = []
    done = 0
    at = text.find(sign)
    while at >= 0:
        end = at + 1
        rest = _REST().match(text, end) if text[max(0, at - 2) : end] in _ENDS else None
        start = _start_of_token(text, end) if rest is not None else -1
        if rest is not None and start >= done:
            pieces += (text[done:start], MASK)
            done = end = rest.end()
        at = text.find(sign, end)
    return "".join((*pieces, text[done:])) if pieces else text


def _start_of_token(text: str, end: int) -> int:
    """Where a vendor's prefix that ends here begins, if it is not inside a word; -1 without one."""
    if not text.endswith(PREFIXES, 0, end):
        return -1
    start = end - max(len(prefix) for prefix in PREFIXES if text.endswith(prefix, 0, end))
    before = text[max(0, start - 1) : start]
    return -1 if before.isalnum() or before in ("_", "-") else start
