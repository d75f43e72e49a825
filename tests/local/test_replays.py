"""Which replay belongs to which trace and wallet."""

from __future__ import annotations

from typing import Any

import pytest

from otel_sentry.local.replays import is_of_user, replay_rows

WALLET = "0x52908400098527886e0f7030069857d2e4169ee7"


def segment(replay_id: str, number: int, **fields: Any) -> dict[str, Any]:
    return {"replay_id": replay_id, "segment_id": number, **fields}


def test_segments_of_a_replay_are_one_row() -> None:
    """With the traces and addresses of all of them, and the user that one of them knew."""
    (row,) = replay_rows(
        [
            segment("a", 0, trace_ids=[], urls=["/"]),
            segment("a", 1, trace_ids=["t1"], urls=["/", "/profile"], user={"id": WALLET}),
            segment("a", 2, trace_ids=["t2", "t1"], urls=None),
        ]
    )

    assert (row["segments"], row["segment_id"]) == (3, 2)
    assert row["trace_ids"] == ["t1", "t2"]
    assert row["urls"] == ["/", "/profile"]
    assert row["user"] == {"id": WALLET}


def test_the_latest_is_first() -> None:
    """By its newest segment."""
    rows = replay_rows([segment("a", 0), segment("b", 0), segment("a", 1)])

    assert [row["replay_id"] for row in rows] == ["a", "b"]


@pytest.mark.parametrize(
    ("told", "user", "expected"),
    [
        pytest.param({"id": WALLET}, WALLET, True, id="wallet"),
        pytest.param({"id": WALLET, "username": "alice.eth"}, f"alice.eth ({WALLET})", True, id="name and wallet"),
        pytest.param({"username": "alice.eth"}, "alice.eth", True, id="name"),
        pytest.param({"id": WALLET}, "0xother", False, id="somebody else"),
        pytest.param({}, "", False, id="nobody"),
        pytest.param(None, WALLET, False, id="unknown"),
        pytest.param("odd", WALLET, False, id="malformed"),
    ],
)
def test_whose_it_is(told: Any, user: str, expected: bool) -> None:
    """The text is that of traces: name, id, or both."""
    assert is_of_user({"user": told}, user) is expected
