"""The search line of the trace list."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otel_sentry.local.search import Query, matches, parse_query
from otel_sentry.local.summary import TraceSummary

TRACE = TraceSummary(
    "0af7651916cd43dd8448eb211c80319c",
    spans=2,
    failed=1,
    start=10.0,
    end=10.25,
    services={"web": None, "Worker": None},
    users={"alice.eth (0xAbC)": None},
    names={"GET /profile/{wallet}": None, "db.get_user": None},
    ops={"http.server": None, "db": None},
)
FINE = TraceSummary("f" * 32, spans=1, start=1.0, end=1.001, names={"ping": None}, ops={"dbx": None})


@pytest.mark.parametrize(
    "search",
    [
        "",
        "profile",
        "PROFILE alice",
        "0xabc",
        "0af76519",
        '"get /profile"',
        "op:db",
        "op:http",
        "op:http.server",
        "service:worker",
        "service:WEB op:db",
        "user:alice wallet:0xabc",
        "name:get_user",
        "trace:0af7",
        "status:error",
        "status:failed",
        "duration:>100ms",
        "duration:100",
        "duration:<1s",
        "duration:>=0.25s",
    ],
)
def test_a_search_that_finds(search: str) -> None:
    """Every term is met."""
    assert matches(TRACE, parse_query(search))


@pytest.mark.parametrize(
    "search",
    [
        "nothing",
        "profile bob",
        "op:cache",
        "op:d",
        "service:api",
        "status:ok",
        "duration:>1s",
        "duration:<10ms",
        "trace:ff",
    ],
)
def test_a_search_that_does_not(search: str) -> None:
    """One term that is not met is enough."""
    assert not matches(TRACE, parse_query(search))


def test_the_other_trace() -> None:
    """Status ok, and an op is no prefix of another word."""
    assert matches(FINE, parse_query("status:ok duration:<2ms"))
    assert not matches(FINE, parse_query("op:db"))


@pytest.mark.parametrize(
    ("search", "query", "unknown"),
    [
        pytest.param('a "b c" op:DB', Query(("a", "b c"), (("op", "db"),)), (), id="words and terms"),
        pytest.param("colour:red a", Query(("a",)), ("colour:red",), id="unknown term"),
        pytest.param("duration:long", Query(), ("duration:long",), id="no duration"),
        pytest.param('service:"my web"', Query((), (("service", "my web"),)), (), id="quoted value"),
    ],
)
def test_a_search_is_taken_apart(search: str, query: Query, unknown: tuple[str, ...]) -> None:
    """What is not understood is told, not searched for."""
    parsed = parse_query(search)

    assert (parsed, parsed.unknown) == (query, unknown)


@given(st.text())
def test_any_search_line_is_understood(search: str) -> None:
    """Or not; but never an error."""
    assert matches(TRACE, parse_query(search)) in (True, False)
