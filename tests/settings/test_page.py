"""The settings reference equals the declarations."""

from __future__ import annotations

from pathlib import Path

from otel_sentry.settings.page import settings_page

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "settings.md"


def test_the_page_is_printed_from_the_table() -> None:
    """The page in the documentation is what `python -m otel_sentry.settings.page` prints."""
    assert PAGE.read_text(encoding="utf-8") == settings_page()
