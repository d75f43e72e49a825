"""The application's own patterns."""

from __future__ import annotations

import pytest

from otel_sentry.masking.mark import MASK
from otel_sentry.masking.mask import SecretMask
from otel_sentry.masking.patterns import SecretPatterns, parsed_patterns

LINES = ["# ours", "", r"ACME-\d{6}", r"card (?P<secret>\d{4}) \d{4}|gift", "name: loyalty pin"]


def test_reads_expressions_and_names() -> None:
    """Comments and blank lines do not count; the source is remembered."""
    patterns = parsed_patterns(LINES, "secrets.txt")

    assert ([one.pattern for one in patterns.patterns], patterns.names) == ([LINES[2], LINES[3]], ("loyalty pin",))
    assert str(patterns) == "secrets.txt"


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        pytest.param("voucher ACME-123456", f"voucher {MASK}", id="whole match"),
        pytest.param("card 1234 5678", f"card {MASK} 5678", id="group"),
        pytest.param("gift", "gift", id="group that took no part"),
        pytest.param("loyaltyPin=77", f"loyaltyPin={MASK}", id="name"),
    ],
)
def test_masks_what_they_match(text: str, masked: str) -> None:
    """Also in texts that are too short for the built-in rules."""
    assert SecretMask(parsed_patterns(LINES, "")).text(text) == masked


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        pytest.param("(", "line 2: a regular expression (", id="broken"),
        pytest.param("x*", "line 2: a regular expression that does not match empty text", id="matches nothing"),
        pytest.param("name: !!", "line 2: a name with letters or digits", id="no name"),
    ],
)
def test_refuses_what_cannot_be_used(line: str, complaint: str) -> None:
    """The message says which line, and why."""
    with pytest.raises(ValueError, match="line 2") as refused:
        parsed_patterns(["# first", line], "")

    assert str(refused.value).startswith(complaint)


def test_none_are_none() -> None:
    """Without patterns a text stays as it is."""
    assert SecretPatterns().masked("ACME-123456") == "ACME-123456"
