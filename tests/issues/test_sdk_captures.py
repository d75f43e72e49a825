"""Events of sentry-sdk: held, linked, joined with what spans saw; repetitions dropped."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import pytest
import sentry_sdk
from opentelemetry import trace
from sentry_sdk.integrations.logging import LoggingIntegration

if TYPE_CHECKING:
    from tests.issues.lab import Lab

WALLET = "0x" + "ab" * 20


def fail() -> None:
    raise ValueError("boom")


def capture(handled: bool | None = None) -> str | None:
    """Have sentry-sdk capture an exception, as an integration that knows whether it was handled, or as it is."""
    try:
        fail()
    except ValueError as error:
        if handled is None:
            return sentry_sdk.capture_exception(error)
        mechanism = {"type": "framework", "handled": handled}
        event, hint = sentry_sdk.utils.event_from_exception(error, mechanism=mechanism)
        return sentry_sdk.capture_event(event, hint=hint)


def handled(event: dict[str, Any]) -> bool:
    return event["exception"]["values"][-1]["mechanism"]["handled"]


def test_held_until_the_root_ends(lab: Lab) -> None:
    """The application gets the event's id at once; the event leaves when it is known whether it was handled."""
    with lab.tracer.start_as_current_span("root"):
        event_id = capture()
        before = len(lab.sent)

    assert before == 0
    assert [event["event_id"] for event in lab.sent] == [event_id]


def test_outside_of_spans_it_leaves_at_once(lab: Lab) -> None:
    """Nothing more will be known."""
    capture()

    assert len(lab.sent) == 1


def test_flush_of_the_client_releases(lab: Lab) -> None:
    """`sentry_sdk.flush()` in the middle of a request sends what waits."""
    with lab.tracer.start_as_current_span("root"):
        capture()
        sentry_sdk.flush()

        assert len(lab.sent) == 1


def test_raised_on(lab: Lab) -> None:
    """What escapes the root after it was captured is unhandled, whatever the capture said."""
    with pytest.raises(ValueError, match="boom"), lab.tracer.start_as_current_span("root"):
        try:
            fail()
        except ValueError as error:
            sentry_sdk.capture_exception(error)
            raise

    assert not handled(lab.event())


@pytest.mark.parametrize("status", [trace.StatusCode.UNSET, trace.StatusCode.ERROR], ids=["ends well", "fails"])
def test_a_framework_says_unhandled(lab: Lab, status: trace.StatusCode) -> None:
    """It is believed if the root fails; a root that ends well has survived."""
    with lab.tracer.start_as_current_span("root") as root:
        capture(handled=False)
        root.set_status(status)

    assert handled(lab.event()) is (status is trace.StatusCode.UNSET)


def test_root_that_is_renamed(lab: Lab) -> None:
    """The transaction is the root's name when the event leaves."""
    with lab.tracer.start_as_current_span("GET") as root:
        capture()
        root.update_name("GET /orders/{id}")

    event = lab.event()
    (envelope,) = lab.transport.envelopes

    assert event["transaction"] == "GET /orders/{id}"
    assert envelope.headers["trace"]["transaction"] == "GET /orders/{id}"
    assert "dynamic_sampling_context" not in event["contexts"]["trace"]


def test_hook_that_renames(new_lab: Any) -> None:
    """What a hook has made of the name stays."""

    def before_send(event: dict[str, Any], hint: dict[str, Any]) -> dict[str, Any]:
        return {**event, "transaction": "mine"}

    lab = new_lab(before_send=before_send)
    with lab.tracer.start_as_current_span("GET") as root:
        capture()
        root.update_name("GET /orders/{id}")

    assert lab.event()["transaction"] == "mine"


def test_hook_that_drops(new_lab: Any) -> None:
    """What a hook drops is gone: the spans around it make no second issue."""
    lab = new_lab(before_send=lambda event, hint: None)
    with pytest.raises(ValueError, match="boom"), lab.tracer.start_as_current_span("root"):
        try:
            fail()
        except ValueError as error:
            sentry_sdk.capture_exception(error)
            raise

    assert lab.events() == []
    assert lab.transport.lost == [("before_send", "error", 1)]


def test_takes_the_place_of_what_a_span_saw(lab: Lab) -> None:
    """sentry-sdk's event knows more; it keeps the innermost span's link, and hooks are asked once."""
    with lab.tracer.start_as_current_span("root"):
        try:
            with lab.tracer.start_as_current_span("inner") as inner:
                fail()
        except ValueError as error:
            sentry_sdk.capture_exception(error)

    event = lab.event()

    assert event["exception"]["values"][-1]["mechanism"]["type"] == "generic"
    assert event["contexts"]["trace"]["span_id"] == f"{inner.get_span_context().span_id:016x}"


def test_hook_after_the_root_has_ended(lab: Lab) -> None:
    """A hook further out (a framework, excepthook) joins within a moment, and knows all frames."""

    def request() -> None:
        with lab.tracer.start_as_current_span("root"):
            fail()

    try:
        request()
    except ValueError as error:
        sentry_sdk.capture_exception(error)
    (event,) = lab.sent
    frames = event["exception"]["values"][-1]["stacktrace"]["frames"]

    assert [frame["function"] for frame in frames] == ["test_hook_after_the_root_has_ended", "request", "fail"]
    assert not handled(event)
    assert event["transaction"] == "root"


def test_logs_and_other_integrations_agree(new_lab: Any) -> None:
    """A log, a capture by hand and a framework's hook are one event, the first; none of it counts as lost."""
    lab = new_lab(integrations=[LoggingIntegration(event_level=logging.ERROR)])
    with lab.tracer.start_as_current_span("root"):
        try:
            fail()
        except ValueError as error:
            logging.getLogger("shop").exception("first")
            sentry_sdk.capture_exception(error)
            logging.getLogger("shop").error("again", exc_info=error)  # noqa: TRY400  with exc_info

    assert lab.event()["logentry"]["message"] == "first"
    assert lab.transport.lost == []


def test_lost_task(new_lab: Any) -> None:
    """What an event loop logs because nobody will ever see it was not handled."""
    lab = new_lab(integrations=[LoggingIntegration(event_level=logging.ERROR)])
    try:
        fail()
    except ValueError as error:
        logging.getLogger("asyncio").error("Task never retrieved", exc_info=error)  # noqa: TRY400  as asyncio

    assert not handled(lab.event())


def test_transactions_and_check_ins_pass(lab: Lab) -> None:
    """Only events are looked at."""
    item = {"type": "check_in", "check_in_id": "1"}

    assert lab.issues.event_processor(item, {}) is item


def test_user_and_breadcrumbs(lab: Lab) -> None:
    """The wallet of the span and the events of its trace are on it."""
    with lab.tracer.start_as_current_span("root") as root:
        root.add_event("asked")
        root.set_attribute("wallet.address", WALLET)
        capture()
    event = lab.event()

    assert event["user"]["id"] == WALLET
    assert [crumb["message"] for crumb in event["breadcrumbs"]["values"]] == ["asked"]


def test_large_events_of_sentry_sdk_are_bounded(lab: Lab) -> None:
    """They would be refused as a whole."""
    try:
        raise ValueError("m" * 5_000_000)
    except ValueError as error:
        sentry_sdk.capture_exception(error)

    assert len(lab.event()["exception"]["values"][-1]["value"]) == 8192


def test_fault_of_ours(lab: Lab, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    """If our own code fails the event passes as it is; it is said once, counted each time, and nobody notices."""

    def broken(*arguments: Any) -> None:
        raise RuntimeError("our fault")

    monkeypatch.setattr(lab.issues.prepare().captures, "process", broken)
    monkeypatch.setattr(lab.issues.prepare().spans, "look", broken)
    for _ in range(2):
        capture()
        with pytest.raises(ValueError, match="boom"), lab.tracer.start_as_current_span("root"):
            fail()

    assert len(lab.sent) == 2
    assert lab.issues.failures == 4
    assert lab.transport.lost == [("internal_sdk_error", "error", 1)] * 4
    assert len(caplog.records) == 1
