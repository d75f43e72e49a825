"""How users name spans."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otel_sentry.convert.span_patterns import compile_pattern, paths_of

ROUTE = {"http.route": "/users/{id}", "url.path": "/users/7"}


@pytest.mark.parametrize(
    ("entry", "name", "attributes", "expected"),
    [
        pytest.param("GET /users", "GET /users", {}, True, id="whole name"),
        pytest.param("GET /users", "GET /users/7", {}, False, id="a name is not a prefix"),
        pytest.param("GET *", "GET /users/7", {}, True, id="star"),
        pytest.param("redis ??T", "redis GET", {}, True, id="question marks"),
        pytest.param("SELECT [a]", "SELECT [a]", {}, True, id="brackets are text"),
        pytest.param("/users/{id}", "GET", ROUTE, True, id="route"),
        pytest.param("/users/7", "GET", ROUTE, True, id="path"),
        pytest.param("/users", "GET", ROUTE, False, id="a route is not a prefix"),
        pytest.param("/users/*", "GET", ROUTE, True, id="route with star"),
        pytest.param("/static", "x", {"url.full": "https://a/static/?v=1#top"}, True, id="path of a URL"),
        pytest.param("/static", "x", {"http.target": "/static?v=1"}, True, id="path of a target"),
        pytest.param("/", "x", {"url.full": "https://a"}, True, id="the root"),
        pytest.param("/x", "x", {"url.full": "http://[broken"}, False, id="a URL that cannot be read"),
        pytest.param("/us.rs/", "GET", ROUTE, True, id="expression in the path"),
        pytest.param("/^GET$/", "GET", {}, True, id="expression in the name"),
        pytest.param("/^get$/", "GET", {}, False, id="case counts"),
        pytest.param("messaging.system=kafka", "x", {"messaging.system": "kafka"}, True, id="attribute"),
        pytest.param("messaging.system=kafka", "x", {}, False, id="attribute is missing"),
        pytest.param("messaging.system=*", "x", {"messaging.system": "kafka"}, True, id="attribute of any value"),
        pytest.param("cached=true", "x", {"cached": True}, True, id="boolean"),
        pytest.param("http.response.status_code=204", "x", {"http.response.status_code": 204}, True, id="number"),
        pytest.param("tags=b", "x", {"tags": ("a", "b")}, True, id="one of several"),
        pytest.param("a=b=c", "x", {"a": "b=c"}, True, id="equals sign in the value"),
        pytest.param("a b=c", "a b=c", {}, True, id="a name with an equals sign"),
    ],
)
def test_patterns(entry: str, name: str, attributes: dict[str, Any], expected: bool) -> None:
    """Names, routes, attributes and expressions are told apart by how they are written."""
    assert compile_pattern(entry)(name, attributes) is expected


@given(st.text(), st.text(), st.dictionaries(st.sampled_from(["url.path", "url.full", "a"]), st.text() | st.integers()))
def test_every_question_has_an_answer(entry: str, name: str, attributes: dict[str, Any]) -> None:
    """Whatever a span holds, a pattern that could be read does not raise."""
    assert compile_pattern(f"x{entry}")(name, attributes) in {True, False}


def test_bad_expressions_are_refused() -> None:
    """The message says what is wrong."""
    with pytest.raises(ValueError, match=r"between slashes \(/\(/: .*unterminated"):
        compile_pattern("/(/")


def test_paths() -> None:
    """Route and paths, without query and without the slash at the end."""
    assert paths_of({"http.route": "/a/", "url.path": "/a?b", "http.url": "http://h/a/#x"}) == ["/a", "/a", "/a"]
    assert paths_of({}) == []
