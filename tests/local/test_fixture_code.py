"""A trace as the source of a pytest fixture."""

from __future__ import annotations

import ast
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from otel_sentry.local.fixture_code import fixture_code

SPAN = {"name": "db.get_user", "start_timestamp": 2.0, "attributes": {"sentry.op": {"type": "string", "value": "db"}}}


def spans_of(source: str) -> Any:
    """The literal that the fixture returns; fails if there is anything but literals."""
    module = ast.parse(source)
    function = module.body[-1]
    assert isinstance(function, ast.FunctionDef)
    returned = function.body[-1]
    assert isinstance(returned, ast.Return)
    assert returned.value is not None
    return ast.literal_eval(returned.value)


def test_the_fixture_returns_the_spans() -> None:
    """By start, attributes as plain values."""
    source = fixture_code("a" * 32, [SPAN, {**SPAN, "name": "first", "start_timestamp": 1.0}])

    assert "def trace_aaaaaaaa() -> list[dict]:" in source
    assert [span["name"] for span in spans_of(source)] == ["first", "db.get_user"]
    assert spans_of(source)[0]["attributes"] == {"sentry.op": "db"}


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(trace_id=st.text(), name=_json, value=_json)
def test_nothing_of_the_telemetry_becomes_code(trace_id: str, name: Any, value: Any) -> None:
    """Whatever names, ids and values hold, the source has one import, one function and literals."""
    span = {"name": name, "attributes": {"x": {"type": "string", "value": value}}}
    source = fixture_code(trace_id, [span])

    assert [type(part).__name__ for part in ast.parse(source).body] == ["Import", "FunctionDef"]
    assert spans_of(source) == [{"name": name, "attributes": {"x": value}}]
