"""Parsers: text and typed values become settings, everything else is refused with a ValueError."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otel_sentry.settings import parsers
from otel_sentry.settings.choices import Role

ANYTHING = st.one_of(st.text(), st.integers(), st.floats(), st.booleans(), st.none(), st.binary(), st.lists(st.text()))
ALL = [
    parsers.text,
    parsers.url,
    parsers.trace_url,
    parsers.number_text,
    parsers.dsn,
    parsers.boolean,
    parsers.otel_boolean,
    parsers.rate,
    parsers.seconds,
    parsers.milliseconds,
    parsers.size,
    parsers.one_of(Role),
    parsers.names,
    parsers.some_names,
    parsers.targets,
    parsers.keep_rules,
    parsers.duration_seconds,
    parsers.function,
]


@pytest.mark.parametrize(
    "parse", [p for p in ALL if p is not parsers.duration_seconds], ids=lambda parse: parse.__name__
)
@given(raw=ANYTHING)
def test_only_value_errors_leave_a_parser(parse: parsers.Parser, raw: object) -> None:
    """Whatever is handed over, a parser answers with a value or a ValueError that says what is allowed."""
    try:
        parse(raw)
    except ValueError as exc:
        assert str(exc)  # noqa: PT017 - most inputs are fine; the message is only there for the others


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        pytest.param("acme.org, /v1/", ("acme.org", "/v1/"), id="plain and expression"),
        pytest.param(r"/a{1,2}/,b", (r"/a{1,2}/", "b"), id="comma in braces"),
        pytest.param(r"/[a,b]/ , /(x,y)/", (r"/[a,b]/", r"/(x,y)/"), id="comma in brackets and parentheses"),
        pytest.param("/api,/v2/", ("/api", "/v2/"), id="a path is no open expression"),
        pytest.param(["acme.org", re.compile("^https", re.IGNORECASE)], ("acme.org", "/(?i)^https/"), id="compiled"),
        pytest.param((), (), id="none at all"),
        pytest.param("", (), id="empty text"),
    ],
)
def test_targets_are_split_where_an_expression_is_closed(raw: object, expected: tuple[str, ...]) -> None:
    """A comma separates targets unless an expression's bracket is still open."""
    assert expected == parsers.targets(raw)


@pytest.mark.parametrize(
    ("text", "expected"),
    [("500ms", 0.5), ("2s", 2.0), ("1.5m", 90.0), ("1h", 3600.0)],
    ids=["milliseconds", "seconds", "minutes", "hours"],
)
def test_durations_have_units(text: str, expected: float) -> None:
    """A duration with its unit becomes seconds."""
    assert expected == parsers.duration_seconds(text)


@pytest.mark.parametrize(
    "text", ["2", "s", "2 s", "-1s", ""], ids=["no unit", "no number", "blank", "negative", "empty"]
)
def test_what_is_no_duration_is_refused(text: str) -> None:
    """Anything else is refused."""
    with pytest.raises(ValueError, match="2s or 500ms"):
        parsers.duration_seconds(text)


@pytest.mark.parametrize("raw", [Role.WORKER, "worker", " WORKER "], ids=["member", "value", "case and blanks"])
def test_a_choice_is_an_enum_member_or_its_value(raw: object) -> None:
    """Users type values, callers may pass members."""
    assert parsers.one_of(Role)(raw) is Role.WORKER


def test_hosts_are_no_urls() -> None:
    """A host, with a port or for its subdomains; anything else would silently match nothing."""
    written = "api.example.com, *.example.com, [::1]:8080"

    assert parsers.hosts(written) == ("api.example.com", "*.example.com", "[::1]:8080")


@pytest.mark.parametrize("raw", ["https://api.example.com", "a.example/path", "*", "user@host"])
def test_what_is_no_host_is_refused(raw: str) -> None:
    """The message says what is allowed."""
    with pytest.raises(ValueError, match="host, host:port"):
        parsers.hosts(raw)
