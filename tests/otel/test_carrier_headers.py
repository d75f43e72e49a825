"""Headers out of carriers as they are in the wild."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from opentelemetry.propagators.textmap import default_getter

from otel_sentry.otel.carrier_headers import header_text, present_header


@pytest.mark.parametrize(
    ("value", "text"),
    [
        pytest.param("a", "a", id="text"),
        pytest.param(["a", "b"], "a,b", id="several headers"),
        pytest.param(["", "b"], "b", id="an empty header"),
        pytest.param(b"a", "a", id="bytes"),
        pytest.param((b"a", "b"), "a,b", id="bytes among text"),
        pytest.param(None, "", id="none"),
        pytest.param([], "", id="an empty list"),
        pytest.param(1.5, "", id="a number"),
        pytest.param([1.5, None], "", id="a list of no text"),
        pytest.param(["a", 1], "a", id="text among no text"),
        pytest.param([300], "", id="a list of numbers that are no bytes"),
    ],
)
def test_values_of_any_kind(value: Any, text: str) -> None:
    """What is text is read, what is not is left out."""
    assert header_text(default_getter, {"h": value}, "h") == text
    assert present_header({"h": value}, "h") == text


def test_getters_that_return_plain_values() -> None:
    """A getter ought to return a list; some return the value."""

    class Plain:
        def get(self, carrier: dict[str, Any], key: str) -> Any:
            return carrier[key]

    assert header_text(Plain(), {"h": b"a"}, "h") == "a"
    assert header_text(Plain(), {}, "h") == ""


def test_headers_of_a_request() -> None:
    """Headers that look names up in any case are asked the same way; other carriers have nothing."""
    assert present_header(httpx.Headers({"Baggage": "a=1"}), "baggage") == "a=1"
    assert present_header((("baggage", "a=1"),), "baggage") == ""


def test_other_spellings_of_a_plain_dictionary() -> None:
    """What urllib spells `Baggage` is read, and does not stay beside ours."""
    carrier: dict[Any, Any] = {"Baggage": "a=1", "baggage": b"b=2", 1: "x", "other": "y"}

    assert present_header(carrier, "baggage") == "b=2,a=1"
    assert carrier == {"baggage": b"b=2", 1: "x", "other": "y"}


def test_pairs_of_a_message() -> None:
    """What a forwarded message has already is read, and does not stay beside ours."""
    carrier: list[Any] = [("baggage", b"a=1"), ("other", b"x"), (b"Baggage", "b=2"), "odd", ("baggage",)]

    assert present_header(carrier, "baggage") == "a=1,b=2"
    assert carrier == [("other", b"x"), "odd", ("baggage",)]


def test_mappings_that_raise() -> None:
    """A carrier that cannot be read has no header."""

    class Broken(dict[str, str]):
        def get(self, *_: object) -> Any:
            raise RuntimeError

    assert present_header(Broken(), "baggage") == ""
