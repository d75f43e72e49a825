"""Reads the file that OTEL_SENTRY_SECRET_PATTERNS names, once, at start."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from otel_sentry.masking.patterns import SecretPatterns, parsed_patterns

_ALLOWED = "a readable file with one regular expression, or `name: <name>`, a line"


def secret_patterns(raw: Any) -> SecretPatterns:
    """Patterns from a file, by its path, or from a list of lines.

    Raises:
        ValueError: the file cannot be read, or a line cannot be used.
    """
    if isinstance(raw, SecretPatterns):
        return raw
    if not isinstance(raw, (str, Path)):
        return _parsed(_lines(raw), "")
    try:
        lines = Path(str(raw).strip()).expanduser().read_text(encoding="utf-8").splitlines()
    except (OSError, ValueError) as exc:
        raise ValueError(f"{_ALLOWED} ({_reason(exc)})") from None
    return _parsed(lines, str(raw).strip())


def _lines(raw: Any) -> list[str]:
    lines = list(raw) if isinstance(raw, Iterable) else [raw]
    if not all(isinstance(line, str) for line in lines):
        raise ValueError(f"{_ALLOWED}, or a list of such lines")
    return lines


def _parsed(lines: Iterable[str], source: str) -> SecretPatterns:
    try:
        return parsed_patterns(lines, source)
    except ValueError as exc:
        raise ValueError(f"{_ALLOWED}; {exc}") from None


def _reason(exc: Exception) -> str:
    return getattr(exc, "strerror", None) or "it is no UTF-8 text"
