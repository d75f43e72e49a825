"""The page of promises names tests that exist."""

from __future__ import annotations

import re
from pathlib import Path

TESTS = Path(__file__).parents[1]
PAGE = TESTS.parent / "docs" / "explanation" / "delivery.md"


def named_tests() -> list[tuple[str, str]]:
    """(file, function or nothing) of every test that the page names; `::test_x` continues the file before it."""
    found, file = [], ""
    for name in re.findall(r"`((?:test_\w+\.py)?(?:::test_\w+)?)`", PAGE.read_text()):
        file, _, test = name.partition("::") if not name.startswith("::") else (file, "", name[2:])
        if file:
            found.append((file, test))
    return found


def test_every_promise_is_kept_by_a_test_that_exists() -> None:
    """No row of the table leads nowhere."""
    known = {path.name: path.read_text() for path in TESTS.rglob("test_*.py")}

    assert len(named_tests()) > 30
    assert [(file, test) for file, test in named_tests() if f"def {test}" not in known.get(file, "")] == []


def test_no_promise_is_without_a_test() -> None:
    """Every row of the table names one."""
    _, _, rest = PAGE.read_text().partition("| Promise |")
    rows = [line for line in rest.partition("\n\n")[0].splitlines() if line.startswith("| ")]

    assert len(rows) > 20
    assert [row for row in rows if "test_" not in row] == []
