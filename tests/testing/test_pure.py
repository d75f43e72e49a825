"""The kit's pure parts: generators, secrets in all spellings, views of other SDKs' payloads."""

from __future__ import annotations

import base64
import json

import pytest

from otel_sentry.testing import CapturedUser, IncrementalIdGenerator, TimeGenerator
from otel_sentry.testing.captured import captured_issue
from otel_sentry.testing.secrets_sent import places_of, secrets_of


def test_ids_count() -> None:
    """Traces and spans each by themselves."""
    ids = IncrementalIdGenerator()

    assert [ids.generate_trace_id(), ids.generate_span_id(), ids.generate_span_id(), ids.generate_trace_id()] == [
        1,
        1,
        2,
        2,
    ]


def test_time_goes_on_by_a_second() -> None:
    """In nanoseconds."""
    clock = TimeGenerator(start=5)

    assert [clock(), clock()] == [5, 1_000_000_005]


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


@pytest.mark.parametrize(
    ("event", "title", "user"),
    [
        pytest.param({"logentry": {"message": "hi %s", "formatted": "hi you"}}, "hi you", None, id="log entry"),
        pytest.param({"message": "hi", "user": {"email": "a@b.c"}}, "hi", CapturedUser(email="a@b.c"), id="message"),
        pytest.param(
            {"exception": {"values": [{"type": "A"}, {"type": "B", "value": "b"}]}}, "B: b", None, id="the last"
        ),
        pytest.param({}, "", None, id="nothing"),
    ],
)
def test_events_of_other_shapes(event: dict[str, object], title: str, user: CapturedUser | None) -> None:
    """sentry-sdk's own captures have them."""
    issue = captured_issue(dict(event))

    assert (issue.title, issue.user, issue.frames) == (title, user, ())


def test_how_a_user_is_shown() -> None:
    """Name and id where they differ."""
    assert str(CapturedUser("7", "alice")) == "alice (7)"
    assert str(CapturedUser("7")) == "7"
    assert str(CapturedUser(email="a@b.c")) == "nobody"
