"""An issue costs no more than sentry-sdk's own capture: counted in calls, which do not depend on the machine."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import pytest

from tests.issues.issue_cost import Candidates, captured

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.issues.lab import Lab


def calls(work: Callable[[], None]) -> int:
    """How many functions, Python's and C's, a call of `work` calls on this thread."""
    count = 0

    def note(frame: Any, event: str, argument: Any) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    sys.setprofile(note)
    try:
        work()
    finally:
        sys.setprofile(None)
    return count


@pytest.mark.parametrize("spans", [1, 3])
def test_no_dearer_than_capture_exception(lab: Lab, spans: int) -> None:
    """Nine frames with locals, the spans themselves taken off."""
    ways = Candidates(lab)
    issue, bare, own = ways.issue(spans), ways.spans(spans), ways.alone(captured)
    for work in (issue, bare, own):
        work()

    assert calls(issue) - calls(bare) <= calls(own)


def test_no_dearer_when_sentry_sdk_captures_it_too(lab: Lab) -> None:
    """What a framework's failing request costs: the exception leaves a span, then sentry-sdk's integration has it."""
    ways = Candidates(lab)
    joined, bare, own = ways.joined(), ways.request(), ways.alone(captured)
    for work in (joined, bare, own):
        work()

    assert calls(joined) - calls(bare) <= calls(own)
