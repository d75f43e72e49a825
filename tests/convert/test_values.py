"""Any value becomes a typed attribute that is valid JSON and loses nothing silently."""

from __future__ import annotations

import enum
import json
import math
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otel_sentry.convert.values import attribute, attributes, json_text, plain, plain_values, text, valid_text
from otel_sentry.protocol.attributes import MAX_INTEGER, MIN_INTEGER
from otel_sentry.protocol.json_text import dumps

UINT256 = 2**256 - 1


class Colour(str, enum.Enum):
    """An enumeration of strings."""

    RED = "red"


class Shy:
    """Refuses to be shown."""

    def __str__(self) -> str:
        raise RuntimeError("no")


class ShyNumber(int):
    """An integer that refuses to be shown."""

    def __str__(self) -> str:
        raise RuntimeError("no")


@pytest.mark.parametrize(
    ("value", "type_", "sent"),
    [
        pytest.param("hi", "string", "hi", id="text"),
        pytest.param("", "string", "", id="empty text"),
        pytest.param(True, "boolean", True, id="bool is not an integer"),
        pytest.param(7, "integer", 7, id="integer"),
        pytest.param(MAX_INTEGER, "integer", MAX_INTEGER, id="greatest integer"),
        pytest.param(MAX_INTEGER + 1, "string", "9223372036854775808", id="integer beyond 64 bits"),
        pytest.param(MIN_INTEGER, "integer", MIN_INTEGER, id="least integer"),
        pytest.param(MIN_INTEGER - 1, "string", "-9223372036854775809", id="integer below 64 bits"),
        pytest.param(UINT256, "string", str(UINT256), id="token amount"),
        pytest.param(0.5, "double", 0.5, id="float"),
        pytest.param(math.nan, "string", "nan", id="no number"),
        pytest.param(math.inf, "string", "inf", id="infinite"),
        pytest.param(-math.inf, "string", "-inf", id="negative infinite"),
        pytest.param(Colour.RED, "string", "red", id="enumeration of strings"),
        pytest.param(enum.IntEnum("N", ["ONE"]).ONE, "integer", 1, id="enumeration of integers"),
        pytest.param(b"hi", "string", "hi", id="bytes"),
        pytest.param(b"\xff!", "string", "\ufffd!", id="bytes that are no UTF-8"),
        pytest.param(bytearray(b"x"), "string", "x", id="bytearray"),
        pytest.param(memoryview(b"x"), "string", "x", id="memoryview"),
        pytest.param("a\ud800b", "string", "a\ufffdb", id="lone surrogate"),
        pytest.param("\ud83d\ude00", "string", "😀", id="pair of surrogates"),
        pytest.param(Decimal("1.10"), "string", "1.10", id="foreign number"),
        pytest.param(ShyNumber(255), "integer", 255, id="subclass of integer"),
        pytest.param(10**5000, "string", hex(10**5000), id="integer too long for decimal text"),
        pytest.param((), "array", [], id="empty sequence"),
        pytest.param(("a", "b"), "array", ["a", "b"], id="texts"),
        pytest.param(("a\udfff",), "array", ["a\ufffd"], id="texts with a lone surrogate"),
        pytest.param([True, False], "array", [True, False], id="bools"),
        pytest.param([1, 2], "array", [1, 2], id="integers"),
        pytest.param([1, 2.5], "array", [1.0, 2.5], id="integers and floats"),
        pytest.param([1, UINT256], "array", ["1", str(UINT256)], id="integers beyond 64 bits"),
        pytest.param([1.0, math.nan], "array", ["1.0", "nan"], id="floats that are not finite"),
        pytest.param([0.5, 2**53 + 1], "array", ["0.5", "9007199254740993"], id="integer that no float holds"),
        pytest.param([0.5, 10**400], "array", ["0.5", str(10**400)], id="integer that overflows a float"),
        pytest.param([b"a", "b"], "array", ["a", "b"], id="bytes among texts"),
        pytest.param({"b", "a"}, "array", ["a", "b"], id="set"),
        pytest.param([1, "a"], "string", '[1,"a"]', id="mixed"),
        pytest.param([True, 1], "string", "[true,1]", id="bool among integers"),
        pytest.param(["a", None], "string", '["a",null]', id="None among texts"),
        pytest.param([[1], [2]], "string", "[[1],[2]]", id="nested"),
        pytest.param({"a": {"b": [1, None]}}, "string", '{"a":{"b":[1,null]}}', id="mapping"),
        pytest.param({1: UINT256, "x": math.inf}, "string", f'{{"1":"{UINT256}","x":"inf"}}', id="odd mapping"),
        pytest.param({"s": {2, 1}}, "string", '{"s":[1,2]}', id="set in mapping"),
        pytest.param({"s": Shy()}, "string", '{"s":"<Shy that cannot be shown>"}', id="shy object in mapping"),
        pytest.param(Shy(), "string", "<Shy that cannot be shown>", id="object that refuses to be shown"),
    ],
)
def test_a_value_is_typed(value: Any, type_: str, sent: Any) -> None:
    """Each kind of value has one wire type, and nothing of it is lost."""
    assert attribute(value) == {"type": type_, "value": sent}
    assert [type(item) for item in _flat(attribute(value))] == [type(item) for item in _flat({"value": sent})]


def _flat(typed: dict[str, Any] | None) -> list[Any]:
    value = (typed or {})["value"]
    return value if isinstance(value, list) else [value]


def test_none_is_left_out() -> None:
    """Sentry carries no null; an empty name has no place either."""
    assert attribute(None) is None
    assert attributes({"a": None, "": 1, "b": 2}) == {"b": {"type": "integer", "value": 2}}
    assert attributes(None) == {}
    assert plain(None) is None


def test_plain_values_have_no_type() -> None:
    """Transactions carry the same values bare."""
    assert plain_values({"a": 2**70, "b": [1, "x"], "c": None}) == {"a": str(2**70), "b": '[1,"x"]'}
    assert plain(5) == 5


def test_what_is_nested_too_deep_is_shown_as_text() -> None:
    """A value that contains itself ends."""
    loop: list[Any] = [1, "a"]
    loop.append(loop)

    assert "[...]" in (attribute(loop) or {})["value"]


def test_text_of_a_number_that_refuses() -> None:
    """Even then its value can be told."""
    assert text(ShyNumber(255)) == "0xff"


def test_valid_text_is_the_same_text() -> None:
    """Only invalid text is touched."""
    assert valid_text("héllo") == "héllo"


_LEAVES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters())
    | st.text(st.characters(categories=["Cs", "Lu"]))
    | st.binary()
    | st.builds(Shy)
    | st.decimals()
)
VALUES = st.recursive(
    _LEAVES,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text() | st.integers(), inner, max_size=3),
    max_leaves=12,
)


@given(VALUES)
def test_any_value_becomes_json(value: Any) -> None:
    """No value can break an envelope: its attribute is JSON, of the type that it says."""
    typed = attribute(value)

    if typed is None:
        assert value is None
        return
    assert json.loads(dumps(typed)) == typed
    assert is_valid_attribute(typed)


@given(VALUES)
def test_json_text_is_json(value: Any) -> None:
    """Nested values become text that can be read again, and that says the same when it is."""
    said = json_text(value)

    assert json_text(json.loads(said)) == said


def is_valid_attribute(typed: dict[str, Any]) -> bool:
    """Whether a typed attribute is as Sentry's ingest wants it."""
    scalars = {"string": str, "boolean": bool, "integer": int, "double": float}
    type_, value = typed["type"], typed["value"]
    if type_ == "array":
        return isinstance(value, list) and len({type(item) for item in value}) <= 1 and all(map(_fits, value))
    return type(value) is scalars[type_] and _fits(value)


def _fits(value: Any) -> bool:
    if isinstance(value, (str, bool)):
        return True
    return MIN_INTEGER <= value <= MAX_INTEGER if isinstance(value, int) else math.isfinite(value)
