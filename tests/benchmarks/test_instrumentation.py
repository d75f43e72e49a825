"""The table of what instrumentation adds says what was measured."""

from __future__ import annotations

from tests.benchmarks.sections.instrumentation import table


def test_table_shows_differences() -> None:
    """Bare as it is; with the instrumentation what it adds; the last column in spans of the bare SDK."""
    records = [{"case": "a call", "bare": 10.0, "unwanted": 12.0, "recorded": 30.0, "floor": 10.0}]

    assert table(records).splitlines()[-1] == "| a call | 10.0 | 2.0 | 20.0 | 2.0 |"
