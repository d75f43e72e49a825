"""The terminal view: golden trees at several widths, hostile text, colours."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from rich.cells import cell_len

from otel_sentry.local.rows import IssueRow, LogRow, Row, SpanRow
from otel_sentry.local.terminal import TreePrinter
from otel_sentry.local.tree import trace_tree

Spans = Callable[..., SpanRow]
Issues = Callable[..., IssueRow]
HOSTILE = "\x1b[2J\x1b]0;owned\x07[bold red]x[/] \u202e\r\n\x9b31m :smile: [link=http://evil]y[/link]"


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    encoding = "utf-8"

    def isatty(self) -> bool:
        """Yes."""
        return True


@pytest.fixture(autouse=True)
def _utc(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The clock in the heading is local time."""
    import time  # noqa: PLC0415 - tzset() is the point

    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def printed(rows: list[Row], width: int = 100, encoding: str = "utf-8", **options: Any) -> str:
    """What is printed of a trace to a stream that is no terminal."""
    stream = io.TextIOWrapper(io.BytesIO(), encoding=encoding, errors="backslashreplace", newline="")
    TreePrinter(stream, width=width, **options).tree(trace_tree("a" * 32, rows))
    stream.flush()
    return stream.buffer.getvalue().decode(encoding)  # type: ignore[attr-defined] # a BytesIO


@pytest.fixture
def dapp(span_row: Spans, issue_row: Issues) -> list[Row]:
    """A trace of two services with an issue, a log and a gap."""
    user = "alice.eth (0x52908400098527886e0f7030069857d2e4169ee7)"
    return [
        span_row(1, None, 100.0, 100.182, name="GET /profile/{wallet}", op="http.server", user=user),
        span_row(2, 1, 100.01, 100.05, name="db.get_user"),
        span_row(3, 2, 100.015, 100.048, name="SELECT users"),
        span_row(4, 1, 100.06, 100.16, name="POST", op="http.client", failed=True),
        span_row(5, 4, 100.07, 100.15, name="eth_getBalance", op="rpc", is_segment=True, service="worker", user="0x52"),
        span_row(6, 99, 100.17, 100.18, name="late child", op="file.read"),
        issue_row(4, title="ConnectionError: node is down", handled=False),
        LogRow("a" * 32, f"{2:016x}", "warn", "slow query", 100.02),
    ]


WIDE = """\
trace aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa · 6 spans · web, worker · 182 ms · 1 issue · failed · 00:01:…
GET /profile/{wallet}  [web]                       http.server   ━━━━━━━━━━━━━━━━━━━━━━━━━    182 ms
│  user alice.eth (0x52908400098527886e0f7030069857d2e4169ee7)
├─ db.get_user                                     db             ━━━━━                      40.0 ms
│  │  warn  slow query
│  ╰─ SELECT users                                 db              ━━━━━                     33.0 ms
╰─ ✖ POST                                          http.client           ━━━━━━━━━━━━━━       100 ms
   │  ✖ ConnectionError: node is down  app.py:3 in f  unhandled
   ╰─ eth_getBalance  [worker]                     rpc                    ━━━━━━━━━━━        80.0 ms
         user 0x52
(parent 0000000000000063 not seen)
╰─ late child                                      file.read                            ━    10.0 ms

"""
NARROW = """\
trace aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa · 6 spans …
GET /profile/{wallet}  [web]                182 ms
│  user alice.eth (0x52908400098527886e0f70300698…
├─ db.get_user                             40.0 ms
│  ╰─ SELECT users                         33.0 ms
╰─ ✖ POST                                   100 ms
   │  ✖ ConnectionError: node is down  app.py:3 i…
   ╰─ eth_getBalance  [worker]             80.0 ms
         user 0x52
(parent 0000000000000063 not seen)
╰─ late child                              10.0 ms

"""
MIDDLE = """\
trace aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa · 6 spans · web, wor…
GET /profile/{wallet}  [web] http.server   ━━━━━━━    182 ms
│  user alice.eth (0x52908400098527886e0f7030069857d2e4169e…
├─ db.get_user               db            ━━        40.0 ms
│  ╰─ SELECT users           db            ━         33.0 ms
╰─ ✖ POST                    http.client     ━━━━     100 ms
   │  ✖ ConnectionError: node is down  app.py:3 in f  unhan…
   ╰─ eth_getBalance  [work… rpc             ━━━     80.0 ms
         user 0x52
(parent 0000000000000063 not seen)
╰─ late child                file.read           ━   10.0 ms

"""


def _right_trimmed(text: str) -> str:
    return "".join(line.rstrip() + "\n" for line in text.splitlines())


@pytest.mark.parametrize(
    ("width", "logs", "expected"),
    [
        pytest.param(100, True, WIDE, id="wide"),
        pytest.param(60, False, MIDDLE, id="middle"),
        pytest.param(50, False, NARROW, id="narrow"),
    ],
)
def test_a_trace_is_a_tree_on_its_time_axis(dapp: list[Row], width: int, logs: bool, expected: str) -> None:
    """Op and bars where there is room, issues and logs under their span, users at segments, gaps told."""
    assert _right_trimmed(printed(dapp, width, logs=logs)) == expected


@pytest.mark.parametrize("width", [20, 40, 59, 60, 79, 80, 89, 90, 200])
def test_no_line_is_wider_than_the_terminal(dapp: list[Row], span_row: Spans, width: int) -> None:
    """Also with wide characters and long names."""
    rows = [*dapp, span_row(7, 1, name="名前" * 100), span_row(8, 7, name="x" * 500, op="y" * 99, service="s" * 99)]

    assert max(cell_len(line) for line in printed(rows, width).splitlines()) <= width


def test_hostile_text_is_shown_not_obeyed(span_row: Spans, issue_row: Issues) -> None:
    """Escapes, window titles, markup, emoji codes and writing direction of names, services, users, issues, logs."""
    rows: list[Row] = [
        span_row(1, name=HOSTILE, op=HOSTILE, service=HOSTILE, user=HOSTILE),
        issue_row(1, title=HOSTILE, place=HOSTILE, level=HOSTILE),
        LogRow("a", f"{1:016x}", HOSTILE, HOSTILE, 0.0),
    ]
    text = printed(rows, 400, logs=True)

    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", text)
    assert "[bold red]x[/]" in text
    assert ":smile:" in text


def test_a_stream_of_few_characters_gets_plain_lines(dapp: list[Row], span_row: Spans) -> None:
    """ASCII drawing; names that cannot be carried are escaped."""
    text = printed([*dapp, span_row(7, 1, end=0.0004, name="名")], 100, "ascii")

    assert text.isascii()
    assert "|- db.get_user" in text
    assert "\\u540d" in text
    assert "us" in text


def test_a_huge_trace_is_cut_and_counted(span_row: Spans) -> None:
    """The rest is told in a line."""
    rows: list[Row] = [span_row(1), *(span_row(number, 1) for number in range(2, 1_001))]
    text = printed(rows, max_rows=10)

    assert text.count("span ") == 10
    assert "990 more spans of this trace" in text


def test_colours_are_for_terminals(dapp: list[Row], monkeypatch: pytest.MonkeyPatch) -> None:
    """Red for what failed; none under NO_COLOR, none in a file."""
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    colourful = Terminal()
    TreePrinter(colourful, width=80).tree(trace_tree("a" * 32, dapp))
    monkeypatch.setenv("NO_COLOR", "1")
    plain = Terminal()
    TreePrinter(plain, width=80).tree(trace_tree("a" * 32, dapp))

    assert re.search(r"\x1b\[[0-9;]*31m", colourful.getvalue())
    assert not re.search(r"\x1b\[[0-9;]*3[0-9]", plain.getvalue())
    assert "\x1b" not in printed(dapp)


def test_an_issue_without_a_trace_is_a_line(issue_row: Issues) -> None:
    """Title, place, and that nobody handled it."""
    stream = io.StringIO()
    TreePrinter(stream, width=80).issue(issue_row(handled=False))

    assert stream.getvalue().rstrip() == "✖ ValueError: boom  app.py:3 in f  unhandled"


def test_a_trace_that_takes_no_time_has_bars(span_row: Spans) -> None:
    """No division by zero; each bar is at least a cell."""
    assert "━" in printed([span_row(1, start=5, end=5)], 80)
