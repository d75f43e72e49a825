"""Rendering: medians with their spread, and tables."""

from __future__ import annotations

import pytest

from tests.benchmarks.sections.section import markdown, shuffled, spread


@pytest.mark.parametrize(
    ("values", "text"),
    [([1.0], "1.00"), ([3.0, 1.0, 2.0], "2.00 (1.00–3.00)"), ([1.001, 1.002], "1.00")],
    ids=["one", "three", "equal when rounded"],
)
def test_spread_is_the_median_with_its_bounds(values: list[float], text: str) -> None:
    """The bounds are left out where they say nothing."""
    assert text == spread(values)


def test_each_repetition_has_its_own_order() -> None:
    """The same names, differently arranged, and the same way each time."""
    names = [str(number) for number in range(10)]

    assert sorted(shuffled(names, 1)) == sorted(names)
    assert shuffled(names, 1) == shuffled(names, 1) != shuffled(names, 2)


def test_tables_are_markdown() -> None:
    """One line per row, the head underlined."""
    assert markdown(["a", "b"], [["1", "2"]]) == "| a | b |\n| --- | --: |\n| 1 | 2 |\n"
