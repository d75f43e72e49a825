"""The page about secrets."""

from __future__ import annotations

from pathlib import Path

from otel_sentry.masking.names import ALWAYS, Names
from otel_sentry.masking.page import secrets_page
from otel_sentry.masking.rules import rules

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "secrets.md"


def test_the_page_is_printed_anew() -> None:
    """`make docs` prints it; it names every rule and name of the tables."""
    page = secrets_page()

    assert PAGE.read_text(encoding="utf-8") == page
    assert [rule.title for rule in rules(Names()) if rule.title not in page] == []
    assert [name for name in ALWAYS if f"`{name}`" not in page] == []
