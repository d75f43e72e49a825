"""Settings that name spans."""

from __future__ import annotations

import re
from typing import Any

import pytest

from otel_sentry.settings import pattern_parsers


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        pytest.param("health, GET /x*,a=b", ("health", "GET /x*", "a=b"), id="list"),
        pytest.param(r"/^a{1,2}$/,b", (r"/^a{1,2}$/", "b"), id="comma in an expression"),
        pytest.param(["a", "b"], ("a", "b"), id="iterable"),
    ],
)
def test_patterns(raw: Any, expected: tuple[str, ...]) -> None:
    """A comma list, where expressions stay whole."""
    assert pattern_parsers.span_patterns(raw) == expected


def test_an_expression_that_cannot_be_read_is_refused() -> None:
    """The message says which and why."""
    with pytest.raises(ValueError, match=r"regular expression/ \(/\(/: "):
        pattern_parsers.span_patterns("/(/")


def test_rules() -> None:
    """The rate stands after the last `=`."""
    raw = "GET /health*=0, messaging.system=kafka=0.25"

    assert pattern_parsers.sample_rules(raw) == ("GET /health*=0", "messaging.system=kafka=0.25")


@pytest.mark.parametrize("raw", ["GET /", "/api=2", "/api=", "=0.5", "/api=half", "/api=nan", "/(/=1", 7])
def test_bad_rules_are_refused(raw: Any) -> None:
    """An entry without pattern or rate is refused, and so is what is no list."""
    with pytest.raises(ValueError, match=r"rate from 0 to 1|comma list"):
        pattern_parsers.sample_rules(raw)


def test_rules_of_sentry_sdk() -> None:
    """Text, patterns and mappings are kept as they are."""
    rules = ["a", re.compile("b"), {"name": "c"}, {"attributes": {"d": 1}}]

    assert pattern_parsers.ignore_rules(rules) == tuple(rules)


@pytest.mark.parametrize("raw", ["a", {"name": "a"}, 7, [7], [{"op": "a"}]])
def test_bad_rules_of_sentry_sdk_are_refused(raw: Any) -> None:
    """What sentry-sdk would silently never match is refused."""
    with pytest.raises(ValueError, match="a compiled pattern"):
        pattern_parsers.ignore_rules(raw)
