"""Parts of an event that sentry-sdk need not walk: what goes out is what would have gone out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from sentry_sdk.serializer import serialize

from otel_sentry.issues.finished_frame import FinishedModules, finish_modules

if TYPE_CHECKING:
    from tests.issues.lab import Lab


@pytest.mark.parametrize(
    "event",
    [
        pytest.param({"modules": {"orjson": "3.10", "sentry-sdk": "2.75"}}, id="plain"),
        pytest.param({"modules": {"orjson": None}}, id="no text"),
        pytest.param({"modules": ["orjson"]}, id="no mapping"),
        pytest.param({}, id="none"),
    ],
)
def test_modules_go_out_as_they_are(event: dict[str, Any]) -> None:
    """sentry-sdk shows them as without us."""
    expected = serialize(dict(event))

    finish_modules(event)

    assert serialize(event) == expected
    assert event.get("modules") == expected.get("modules")


def test_a_hook_may_change_the_modules_of_one_event(lab: Lab) -> None:
    """What goes out is a mapping of its own: the next event has all of them."""
    modules = {"orjson": "3.10"}
    lab.client.options["before_send"] = lambda event, _: event["modules"].clear() or event
    for _ in range(2):
        event: dict[str, Any] = {"modules": modules}
        finish_modules(event)
        lab.client.capture_event({"message": "said", **event})

    assert [event["modules"] for event in lab.sent] == [{}, {}]
    assert modules == {"orjson": "3.10"}


def test_events_pass_with_finished_modules(lab: Lab) -> None:
    """Whoever has added the modules before us."""
    event = lab.issues.event_processor({"modules": {"orjson": "3.10"}}, {})

    assert event is not None
    assert type(event["modules"]) is FinishedModules
