"""Text of strangers: whatever it holds, one harmless line comes out."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otel_sentry.local.plain_text import visible


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("GET /profile/{wallet}", "GET /profile/{wallet}", id="plain"),
        pytest.param("名前 é 🦀", "名前 é 🦀", id="other scripts"),
        pytest.param("a\x1b[31mb", "a\\x1b[31mb", id="colour"),
        pytest.param("a\x1b]0;title\x07", "a\\x1b]0;title\\x07", id="window title"),
        pytest.param("a\x9b2J", "a\\x9b2J", id="eight-bit escape"),
        pytest.param("a\r\nb\tc", "a␍⏎b c", id="line breaks"),
        pytest.param("a\u202eb", "a\\u202eb", id="right-to-left override"),
        pytest.param("a\u200bb", "a\\u200bb", id="zero width"),
        pytest.param("a\xa0b", "a b", id="no-break space"),
        pytest.param("a\u2028b", "a\\u2028b", id="line separator"),
        pytest.param("a\ud800", "a\\ud800", id="lone surrogate"),
        pytest.param("[bold]x[/bold]", "[bold]x[/bold]", id="markup is text"),
        pytest.param(3, "3", id="no string"),
        pytest.param(None, "None", id="nothing"),
    ],
)
def test_what_could_move_the_cursor_is_escaped(text: object, expected: str) -> None:
    """Readable text stays, the rest is written out."""
    assert visible(text) == expected


def test_long_text_is_cut() -> None:
    """The limit counts characters that are looked at."""
    assert visible("x" * 11, 10) == "x" * 10 + "…"


@given(st.text() | st.binary() | st.floats())
def test_the_outcome_is_printable(text: object) -> None:
    """No input leaves a control character behind, and all can be encoded."""
    shown = visible(text)

    assert shown.isprintable()
    assert shown.encode().decode() == shown
