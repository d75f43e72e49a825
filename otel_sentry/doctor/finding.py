"""`Finding`: a cause, and what to type instead."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import Enum

from otel_sentry.facts.facts import Facts


class Weight(Enum):
    """How bad it is."""

    ERROR = "error"
    """Telemetry does not arrive, or arrives twice."""
    WARNING = "warning"
    """Something is not as it was meant, or will not be."""
    NOTE = "note"
    """Worth knowing; nothing has to be done."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was found.

    Attributes:
        code: its name, for scripts; stable.
        weight: see `Weight`.
        cause: what is so, in a sentence.
        remedy: what to type, or to read; empty if nothing has to be done.
    """

    code: str
    weight: Weight
    cause: str
    remedy: str = ""


def error(code: str, cause: str, remedy: str) -> Finding:
    """Telemetry does not arrive, or arrives twice."""
    return Finding(code, Weight.ERROR, cause, remedy)


def warning(code: str, cause: str, remedy: str) -> Finding:
    """Something is not as it was meant."""
    return Finding(code, Weight.WARNING, cause, remedy)


def note(code: str, cause: str, remedy: str = "") -> Finding:
    """Worth knowing."""
    return Finding(code, Weight.NOTE, cause, remedy)


Check = Callable[[Facts], Iterable[Finding]]
"""From facts to findings; pure."""
