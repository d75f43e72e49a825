"""Issues in groups."""

from __future__ import annotations

from typing import Any

from otel_sentry.local.arrivals import Arrival, Kind
from otel_sentry.local.issue_groups import issue_groups


def event(kind: str, line: int = 3, at: float = 1.0, user: str | None = None, **more: Any) -> Arrival:
    """An exception of this type at this line."""
    frames = [{"filename": "app.py", "lineno": line, "function": "f", "in_app": True}]
    payload = {
        "timestamp": at,
        "exception": {"values": [{"type": kind, "value": f"at {at}", "stacktrace": {"frames": frames}}]},
        **({"user": {"id": user}} if user else {}),
        **more,
    }
    return Arrival(Kind.ISSUE, payload)


def test_the_same_fault_is_one_group() -> None:
    """Type and place count, the message does not; the newest stands for it."""
    (group,) = issue_groups([event("E", at=1.0, user="a"), event("E", at=2.0, user="b"), event("E", at=3.0, user="a")])

    assert (group["count"], group["title"], group["first"], group["last"]) == (3, "E: at 3.0", 1.0, 3.0)
    assert group["users"] == ["a", "b"]
    assert [one["at"] for one in group["events"]] == [3.0, 2.0, 1.0]
    assert group["latest"]["timestamp"] == 3.0


def test_different_faults_are_not() -> None:
    """Another type, another line; the group that was seen last comes first."""
    groups = issue_groups([event("E"), event("F"), event("E", line=4), event("E")])

    assert [(group["key"], group["count"]) for group in groups] == [
        ("E at app.py:3 in f", 2),
        ("E at app.py:4 in f", 1),
        ("F at app.py:3 in f", 1),
    ]


def test_a_fingerprint_rules() -> None:
    """Unless it names the default."""
    groups = issue_groups(
        [event("E", fingerprint=["x"]), event("F", fingerprint=["x"]), event("G", fingerprint=["{{ default }}", "y"])]
    )

    assert [(group["key"], group["count"]) for group in groups] == [("G at app.py:3 in f", 1), ("fingerprint x", 2)]


def test_messages_are_grouped_by_their_text() -> None:
    """They have no place."""
    groups = issue_groups([Arrival(Kind.ISSUE, {"message": text}) for text in ("a: 1", "a: 1", "a: 2")])

    assert [(group["key"], group["count"]) for group in groups] == [("a: 2", 1), ("a: 1", 2)]


def test_a_group_keeps_its_newest_fifty() -> None:
    """The rest is counted."""
    (group,) = issue_groups([event("E", at=float(at)) for at in range(1, 61)])

    assert (group["count"], len(group["events"]), group["events"][0]["at"]) == (60, 50, 60.0)
