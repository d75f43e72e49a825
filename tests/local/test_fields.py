"""Predicates on single values."""

from __future__ import annotations

from typing import Any

import pytest

from otel_sentry.local import fields
from otel_sentry.local.fields import Consequence, Field, epoch_seconds, object_findings, shown

FINE = {
    "trace id": (fields.trace_id, ["a" * 32, "0" * 31 + "1"]),
    "span id": (fields.span_id, ["a" * 16]),
    "uuid": (fields.uuid, ["a" * 32, "9ec79c33-ec99-42ab-8353-589fcb2e04dc", "A" * 32]),
    "text": (fields.text, ["", "x"]),
    "filled text": (fields.filled_text, ["x"]),
    "boolean": (fields.boolean, [True, False]),
    "number": (fields.number, [0, -1, 1.5, 2**70]),
    "count": (fields.count, [0, 7]),
    "mapping": (fields.mapping, [{}]),
    "sequence": (fields.sequence, [[]]),
    "text or number": (fields.text_or_number, ["x", 1, 1.5]),
    "timestamp": (fields.timestamp, [0, 1.5, "2026-11-22T10:00:00Z", "2026-11-22 10:00:00.123456789+02:00"]),
    "one of": (fields.one_of(("a", "b")), ["a"]),
    "name": (fields.name_up_to(3, ("no",)), ["abc", "a b"]),
    "rate": (fields.rate_text, ["0", "0.25", "1", "1e-3"]),
    "flag": (fields.flag_text, [True, False, "true", "false"]),
}
WRONG = {
    "trace id": (fields.trace_id, ["a" * 31, "A" * 32, "0" * 32, "a" * 32 + "\n", 1, None]),
    "span id": (fields.span_id, ["a" * 32, "0" * 16, "g" * 16]),
    "uuid": (fields.uuid, ["a" * 31, "x", 1]),
    "text": (fields.text, [1, None, []]),
    "filled text": (fields.filled_text, ["", 1]),
    "boolean": (fields.boolean, [0, 1, "true"]),
    "number": (fields.number, [True, "1", float("inf"), float("nan")]),
    "count": (fields.count, [-1, 1.0, True, "1"]),
    "mapping": (fields.mapping, [[]]),
    "sequence": (fields.sequence, [{}]),
    "text or number": (fields.text_or_number, [[], None]),
    "timestamp": (
        fields.timestamp,
        [-1, True, "soon", "2026-11-22", "2026-13-22T10:00:00Z", "2026-11-22T10:00:00+99:99"],
    ),
    "one of": (fields.one_of(("a", "b")), ["c", 1, []]),
    "name": (fields.name_up_to(3, ("no",)), ["abcd", " ", "a/b", "a\nb", "no", 1]),
    "rate": (fields.rate_text, [0.25, "-1", "inf", "nan", "x", None]),
    "flag": (fields.flag_text, ["yes", None, [], 2]),
}


def _cases(table: dict[str, tuple[Any, list[Any]]]) -> list[Any]:
    return [
        pytest.param(check, value, id=f"{name} {value!r}")
        for name, (check, values) in table.items()
        for value in values
    ]


@pytest.mark.parametrize(("check", "value"), _cases(FINE))
def test_right_values_have_no_reason(check: Any, value: Any) -> None:
    """None means fine."""
    assert check(value) is None


@pytest.mark.parametrize(("check", "value"), _cases(WRONG))
def test_wrong_values_have_a_reason_in_words(check: Any, value: Any) -> None:
    """The end of a sentence that starts with the path."""
    assert check(value).split()[0] in ("must", "has")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (1.5, 1.5),
        ("1970-01-01T00:00:01Z", 1.0),
        ("1970-01-01T00:00:01", 1.0),
        ("1970-01-01T01:00:01.25+01:00", 1.25),
        ("1970-01-01 00:00:01.123456789Z", 1.123456789),
        ("rubbish", None),
        (None, None),
    ],
)
def test_times_are_seconds_since_1970(value: Any, expected: float | None) -> None:
    """Numbers, and RFC 3339 with any number of digits; no zone means UTC."""
    assert epoch_seconds(value) == (None if expected is None else pytest.approx(expected))


def test_an_object_is_walked_along_its_table() -> None:
    """Missing, wrong, null and unknown fields."""
    shape = (Field("a", fields.text, required=True), Field("b", fields.count, consequence=Consequence.TRIMMED))

    assert list(object_findings({"a": "x", "c": 1, "b": None}, shape, "p")) == []
    assert list(object_findings({"b": -1}, shape, "p")) == [
        ("p.a", "is missing", Consequence.REFUSED),
        ("p.b", "must be a whole number from 0, not -1", Consequence.TRIMMED),
    ]
    assert list(object_findings(3, shape, "p")) == [("p", "must be an object, not 3", Consequence.REFUSED)]


def test_values_in_messages_are_short_and_harmless() -> None:
    """Escaped and cut; objects and lists by name only."""
    assert shown("\x1b" + "x" * 99) == "'\\x1b" + "x" * 55 + "…"
    assert (shown({"a": 1}), shown([1])) == ("an object", "a list")
