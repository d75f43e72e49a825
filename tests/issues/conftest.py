"""Fixtures of the issues room."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.issues.lab import Lab

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def new_lab() -> Iterator[Any]:
    """Makes laboratories, and tidies up after them."""
    labs: list[Lab] = []

    def make(**keywords: Any) -> Lab:
        labs.append(Lab(**keywords))
        return labs[-1]

    yield make
    for lab in labs:
        lab.close()


@pytest.fixture
def lab(new_lab: Any) -> Lab:
    """A laboratory with default settings."""
    made: Lab = new_lab()
    return made
