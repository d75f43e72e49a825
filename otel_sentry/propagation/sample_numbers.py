"""How rates and the number that decides a trace are written in baggage. Pure. Source: protocol page 6.2."""

from __future__ import annotations


def parsed_sample_rand(text: str | None) -> float | None:
    """A `sample_rand` as it came in baggage; None when it is no number in [0, 1)."""
    number = _number(text)
    return number if number is not None and 0.0 <= number < 1.0 else None


def parsed_sample_rate(text: str | None) -> float | None:
    """A `sample_rate` as it came in baggage; None when it is no number in [0, 1]."""
    number = _number(text)
    return number if number is not None and 0.0 <= number <= 1.0 else None


def sample_rand_text(sample_rand: float) -> str:
    """The number as Sentry writes it, six decimals; longer where that would change it."""
    text = f"{sample_rand:.6f}"
    return text if float(text) == sample_rand else repr(sample_rand)


def _number(text: str | None) -> float | None:
    try:
        return float(text) if text else None
    except ValueError:
        return None
