"""Rates and numbers as baggage writes them."""

from __future__ import annotations

import pytest

from otel_sentry.propagation.sample_numbers import parsed_sample_rand, parsed_sample_rate, sample_rand_text


@pytest.mark.parametrize(
    ("text", "rand", "rate"),
    [
        pytest.param("0.5", 0.5, 0.5, id="inside"),
        pytest.param("0", 0.0, 0.0, id="zero"),
        pytest.param("1", None, 1.0, id="one is a rate but no such number"),
        pytest.param("1.0000001", None, None, id="above one"),
        pytest.param("-0.1", None, None, id="negative"),
        pytest.param("nan", None, None, id="NaN"),
        pytest.param("inf", None, None, id="infinity"),
        pytest.param("", None, None, id="empty"),
        pytest.param(None, None, None, id="missing"),
        pytest.param("half", None, None, id="words"),
        pytest.param("1e-7", 1e-7, 1e-7, id="exponent"),
    ],
)
def test_numbers_of_the_baggage(text: str | None, rand: float | None, rate: float | None) -> None:
    """Numbers outside their range do not exist."""
    assert (rand, rate) == (parsed_sample_rand(text), parsed_sample_rate(text))


@pytest.mark.parametrize(
    ("number", "text"),
    [
        pytest.param(0.25, "0.250000", id="six decimals"),
        pytest.param(0.0, "0.000000", id="zero"),
        pytest.param(0.9999999, "0.9999999", id="never rounded up to one"),
    ],
)
def test_text(number: float, text: str) -> None:
    """The text says the number, exactly."""
    assert text == sample_rand_text(number)
