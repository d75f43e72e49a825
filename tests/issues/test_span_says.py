"""Attributes by which a span speaks of the exception that leaves it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import sentry_sdk

from otel_sentry.issues.span_says import fingerprint_of

if TYPE_CHECKING:
    from tests.issues.lab import Lab

GROUP = ("jsonrpc", "eth_call", "3")


def leave(lab: Lab, attributes: dict[str, Any], *, capture: bool = False) -> None:
    """An exception leaves a span that says something of it, then its parent, where it may be captured."""
    with lab.tracer.start_as_current_span("root"):
        try:
            with lab.tracer.start_as_current_span("parent"), lab.tracer.start_as_current_span("call") as span:
                span.set_attributes(attributes)
                raise ValueError(attributes)
        except ValueError as error:
            if capture:
                sentry_sdk.capture_exception(error)


@pytest.mark.parametrize("capture", [False, True])
def test_expected_exception_is_no_issue(lab: Lab, capture: bool) -> None:
    """Neither where it was said, nor in the spans further out, nor when sentry-sdk is handed it."""
    leave(lab, {"exception.expected": True}, capture=capture)

    assert lab.events() == []


def test_expected_spares_what_is_handled_around_the_span(lab: Lab) -> None:
    """A span inside an `except` block speaks of its own exception, not of the one that is being handled."""
    with lab.tracer.start_as_current_span("root"):
        try:
            raise KeyError("real")
        except KeyError as error:
            with lab.tracer.start_as_current_span("call") as span:
                span.set_attribute("exception.expected", value=True)
            sentry_sdk.capture_exception(error)

    assert [event["exception"]["values"][-1]["type"] for event in lab.events()] == ["KeyError"]


@pytest.mark.parametrize("capture", [False, True])
def test_fingerprint_groups_the_issue(lab: Lab, capture: bool) -> None:
    """The innermost span that says it counts, also where sentry-sdk's own event takes the place of ours."""
    leave(lab, {"exception.fingerprint": GROUP}, capture=capture)

    assert lab.event()["fingerprint"] == list(GROUP)


def test_no_fingerprint_unless_asked(lab: Lab) -> None:
    """Sentry groups by itself."""
    leave(lab, {})

    assert "fingerprint" not in lab.event()


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        pytest.param(("a", 1), ["a", "1"], id="parts"),
        pytest.param("a", ["a"], id="one text"),
        pytest.param(("x" * 999,), ["x" * 256], id="a long part"),
        pytest.param(tuple("abcdefghijklmnopqrstuvwxyz"), list("abcdefghijklmnop"), id="many parts"),
        pytest.param(7, [], id="no texts"),
        pytest.param(None, [], id="nothing"),
    ],
)
def test_fingerprint_is_bounded(said: object, expected: list[str]) -> None:
    """Whatever the attribute holds."""
    assert fingerprint_of({"exception.fingerprint": said}) == expected
