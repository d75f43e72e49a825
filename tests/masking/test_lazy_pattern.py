"""Patterns that are compiled late: each can be compiled."""

from __future__ import annotations

import re

import pytest

from otel_sentry.identity import wallet
from otel_sentry.masking import chain, names, pairs, tokens, urls
from otel_sentry.masking.lazy_pattern import lazy_pattern

PATTERNS = [
    pytest.param(found, id=f"{module.__name__.rpartition('.')[2]}.{name}")
    for module in (chain, names, pairs, tokens, urls, wallet)
    for name, found in vars(module).items()
    if type(found) is type(lazy_pattern(""))
    if name.startswith("_")
]


@pytest.mark.parametrize("found", PATTERNS)
def test_compiles(found: object) -> None:
    """It is a regular expression, and compiled once."""
    assert callable(found)
    assert isinstance(found(), re.Pattern)
    assert found() is found()


def test_flags() -> None:
    """They are those of `re.compile`."""
    assert lazy_pattern("a", re.IGNORECASE)().match("A")
