"""Span events as breadcrumbs: which, in what order, how many, how large."""

from __future__ import annotations

import gc
from datetime import datetime, timedelta, timezone
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from otel_sentry.issues.breadcrumbs import MAX_BREADCRUMBS, SpanBreadcrumbs, merge, moment, without_later
from otel_sentry.otel.segments import segment_of

if TYPE_CHECKING:
    from tests.issues.lab import Lab

NOW = datetime(2026, 11, 22, 10, tzinfo=timezone.utc)
LATER = datetime(2100, 1, 1, tzinfo=timezone.utc)


def crumbs(lab: Lab, events: int = 1, **attributes: Any) -> list[dict[str, Any]]:
    """Breadcrumbs of a root with some events."""
    kept = SpanBreadcrumbs()
    with lab.tracer.start_as_current_span("root") as root:
        for number in range(events):
            root.add_event(f"event {number}", attributes)
        segment = segment_of(root)
        assert segment is not None
        kept.add(root, segment)  # type: ignore[arg-type]
        return kept.of(segment, LATER)


def test_an_event(lab: Lab) -> None:
    """Name, span, attributes and time."""
    (crumb,) = crumbs(lab, attempt=1, wanted=["a", "b"])

    assert (crumb["message"], crumb["category"], crumb["data"]) == (
        "event 0",
        "root",
        {"attempt": 1, "wanted": ["a", "b"]},
    )
    assert crumb["timestamp"].tzinfo is timezone.utc


def test_newest_are_kept(lab: Lab) -> None:
    """No more than a hundred, the newest."""
    found = crumbs(lab, events=128)

    assert len(found) == MAX_BREADCRUMBS
    assert (found[0]["message"], found[-1]["message"]) == ("event 28", "event 127")


def test_large_values_are_cut(lab: Lab) -> None:
    """An event with a megabyte of attributes becomes a small breadcrumb."""
    (crumb,) = crumbs(lab, big="x" * 1_000_000, **{f"name{number}": number for number in range(60)})

    assert len(crumb["data"]["big"]) == 1024
    assert len(crumb["data"]) == 20


def test_go_with_their_root(lab: Lab) -> None:
    """Nothing of a root is kept once nobody holds it."""
    kept = SpanBreadcrumbs()
    with lab.tracer.start_as_current_span("root") as root:
        root.add_event("event")
        kept.add(root, segment_of(root))  # type: ignore[arg-type]
    del root
    lab.spans.force_flush()
    gc.collect()

    assert len(kept._events) == 0


def at(seconds: float, message: str = "") -> dict[str, Any]:
    return {"timestamp": NOW + timedelta(seconds=seconds), "message": message}


@pytest.mark.parametrize(
    "theirs",
    [
        {"values": [at(1, "theirs")]},
        [at(1, "theirs")],
        {"values": [{"timestamp": (NOW + timedelta(seconds=1)).isoformat(), "message": "theirs"}]},
    ],
    ids=["mapping", "list", "text as time"],
)
def test_merge(theirs: Any) -> None:
    """Ours and those of sentry-sdk come in order of time, however theirs are written."""
    event: dict[str, Any] = {"breadcrumbs": theirs}
    merge(event, [at(0, "ours"), at(2, "ours too")])

    assert [crumb["message"] for crumb in event["breadcrumbs"]["values"]] == ["ours", "theirs", "ours too"]


def test_merge_into_something_else() -> None:
    """What cannot be read stays as it is."""
    odd = SimpleNamespace(value={"values": []})
    event: dict[str, Any] = {"breadcrumbs": {"values": odd}}
    merge(event, [at(0)])

    assert event["breadcrumbs"]["values"] is odd


def test_without_later() -> None:
    """What was noted after the exception goes; what has no readable time stays."""
    event: dict[str, Any] = {"breadcrumbs": {"values": [at(-1, "before"), {"message": "timeless"}, at(1, "after")]}}
    without_later(event, NOW)

    assert [crumb["message"] for crumb in event["breadcrumbs"]["values"]] == ["before", "timeless"]


def test_moment() -> None:
    """Nanoseconds of OpenTelemetry, in UTC."""
    assert moment(1_795_341_600_000_000_000) == datetime(2026, 11, 22, 10, tzinfo=timezone.utc)
