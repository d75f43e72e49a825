"""The mapping reference equals the tables."""

from __future__ import annotations

from pathlib import Path

from otel_sentry.convert.page import mapping_page

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "mapping.md"


def test_the_page_is_printed_from_the_tables() -> None:
    """The page in the documentation is what `python -m otel_sentry.convert.page` prints."""
    assert PAGE.read_text(encoding="utf-8") == mapping_page()
