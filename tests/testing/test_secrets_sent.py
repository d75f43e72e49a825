"""Secrets are found in whatever spelling they have in an envelope."""

from __future__ import annotations

import base64
import json

import pytest

from otel_sentry.testing.secrets_sent import places_of, secrets_of


@pytest.mark.parametrize(
    "envelope",
    [
        pytest.param(b"a s3cr3t/word b", id="plain"),
        pytest.param(json.dumps({"a": 's3cr3t/word "b"'}).encode(), id="JSON"),
        pytest.param(b"https://host/?key=s3cr3t%2Fword", id="URL"),
        pytest.param(b"Basic " + base64.b64encode(b"s3cr3t/word"), id="base64"),
    ],
)
def test_a_secret_is_found_in_any_spelling(envelope: bytes) -> None:
    """Told with its surroundings, without itself."""
    (place,) = places_of("s3cr3t/word", [envelope])

    assert "***" in place
    assert "s3cr3t" not in place


def test_a_hex_number_is_found_without_its_prefix() -> None:
    """Whatever its case."""
    assert places_of("0xdeadBEEF00", [b"key DEADBEEF00."]) == ["key ***."]
    assert places_of("0xdeadBEEF00", [b"nothing"]) == []


def test_an_empty_secret_is_a_mistake() -> None:
    """It would be found everywhere."""
    with pytest.raises(ValueError, match="empty"):
        places_of("", [b"x"])


def test_which_variables_hold_secrets() -> None:
    """By their names; short values occur by chance."""
    environ = {"API_KEY": "12345678", "api_token": "abcdefghij", "DEBUG_KEY": "1", "KEYBOARD": "de_CH-latin1"}

    assert secrets_of(environ) == {"API_KEY": "12345678", "api_token": "abcdefghij"}
