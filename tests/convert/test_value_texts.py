"""What is remembered of single attributes: right for every type, and bounded."""

from __future__ import annotations

import json
from typing import Any

import pytest

from otel_sentry.convert.value_texts import HELD_BACK, AttributeTexts, NotFlat
from otel_sentry.masking.mask import MAX_CLEAN, SecretMask
from tests.convert.strategies import Word


def told(texts: AttributeTexts, name: str, value: Any) -> Any:
    """The attribute, read back."""
    text: bytes = texts.of(name)[type(value)][value]
    assert text.endswith(b",")
    return json.loads(b"{" + text[:-1] + b"}")[name]


VALUES = [
    ("GET", "string", "GET"),
    ("", "string", ""),
    ("\ud83d\ude00", "string", "\U0001f600"),
    (1, "integer", 1),
    (True, "boolean", True),
    (1.0, "double", 1.0),
    (0, "integer", 0),
    (False, "boolean", False),
    (-(1 << 63), "integer", -(1 << 63)),
]


@pytest.mark.parametrize(("value", "kind", "shown"), VALUES)
def test_each_type_keeps_to_itself(value: Any, kind: str, shown: Any) -> None:
    """Also where Python holds values of two types for equal, whichever came first, and twice."""
    texts = AttributeTexts(SecretMask())
    for other, *_ in VALUES:
        told(texts, "a", other)

    for _ in range(2):
        assert told(texts, "a", value) == {"type": kind, "value": shown}
    assert told(AttributeTexts(SecretMask()), "a", value) == {"type": kind, "value": shown}


@pytest.mark.parametrize("value", [None, ("a",), b"bytes", {"a": 1}, Word.REDIS, 1 << 63, float("inf"), float("nan")])
def test_what_has_no_text(value: Any) -> None:
    """Somebody else has to show it; equal texts that came before do not count."""
    texts = AttributeTexts(SecretMask())
    told(texts, "a", "redis")

    with pytest.raises(NotFlat):
        told(texts, "a", value)


@pytest.mark.parametrize("value", ["x", 1, None, ("a",), {"a": 1}])
def test_what_is_held_back_is_not_told(value: Any) -> None:
    """Whatever it is."""
    assert HELD_BACK[type(value)][value] == b""


def test_secrets_are_masked_each_time() -> None:
    """And are not remembered."""
    texts = AttributeTexts(SecretMask())
    for _ in range(2):
        assert told(texts, "header", "Bearer 8f14e45fceea167a") == {"type": "string", "value": "Bearer [Filtered]"}

    assert len(texts) == 0


def test_texts_are_bounded() -> None:
    """Over all names together; what is long, or has a long name, is not remembered at all."""
    texts = AttributeTexts(SecretMask())
    told(texts, "a", "x" * 1000)
    told(texts, "a" * 1000, 1)
    assert len(texts) == 0
    for number in range(MAX_CLEAN + 10):
        told(texts, f"name{number % 7}", f"value {number}")

    assert 0 < len(texts) <= MAX_CLEAN
    assert len(texts) == sum(len(kinds[str]) for kinds in map(texts.of, (f"name{number}" for number in range(7))))
    assert told(texts, "name0", "value 0")["value"] == "value 0"


def test_few_integers_of_a_name_are_remembered() -> None:
    """Codes come again; sizes do not, and would drive the codes out."""
    texts = AttributeTexts(SecretMask())
    for number in range(1000):
        assert told(texts, "size", number) == {"type": "integer", "value": number}

    assert 0 < len(texts) < 100


def test_it_says_when_there_are_too_many_names() -> None:
    """Whoever asks for more begins anew."""
    texts = AttributeTexts(SecretMask())
    for number in range(5000):
        if texts.is_full:
            break
        texts.of(f"name{number}")

    assert texts.is_full
    assert number < 5000
