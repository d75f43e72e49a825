"""Views of payloads, also of those that sentry-sdk makes."""

from __future__ import annotations

import pytest

from otel_sentry.testing import CapturedUser
from otel_sentry.testing.captured import captured_issue


@pytest.mark.parametrize(
    ("event", "title", "user"),
    [
        pytest.param({"logentry": {"message": "hi %s", "formatted": "hi you"}}, "hi you", None, id="log entry"),
        pytest.param({"message": "hi", "user": {"email": "a@b.c"}}, "hi", CapturedUser(email="a@b.c"), id="message"),
        pytest.param(
            {"exception": {"values": [{"type": "A"}, {"type": "B", "value": "b"}]}}, "B: b", None, id="the last"
        ),
        pytest.param({}, "", None, id="nothing"),
    ],
)
def test_events_of_other_shapes(event: dict[str, object], title: str, user: CapturedUser | None) -> None:
    """sentry-sdk's own captures have them."""
    issue = captured_issue(dict(event))

    assert (issue.title, issue.user, issue.frames) == (title, user, ())


def test_how_a_user_is_shown() -> None:
    """Name and id where they differ."""
    assert str(CapturedUser("7", "alice")) == "alice (7)"
    assert str(CapturedUser("7")) == "7"
    assert str(CapturedUser(email="a@b.c")) == "nobody"
