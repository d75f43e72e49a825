"""What an issue says, seen from the application's side."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import sentry_sdk

from otel_sentry.identity.context import use_wallet
from otel_sentry.identity.privacy import Privacy
from otel_sentry.issues.processor import IssueProcessor
from tests.issues.failing import WALLET, caught, fail, values
from tests.relay import normalised

if TYPE_CHECKING:
    from tests.issues.lab import Lab


class TestWhatItSays:
    """Frames, link, name, user and the rest."""

    def test_frames_of_every_function_the_exception_left(self, lab: Lab) -> None:
        """Outer frames are added with their locals; the machinery of the spans is not among them."""

        def outer(order: int) -> None:
            with lab.tracer.start_as_current_span("root"):
                inner(order + 1)

        def inner(amount: int) -> None:
            with lab.tracer.start_as_current_span("inner"):
                fail()

        with pytest.raises(ValueError, match="boom"):
            outer(7)
        frames = values(lab.event())[0]["stacktrace"]["frames"]

        assert [frame["function"] for frame in frames] == ["outer", "inner", "fail"]
        assert frames[0]["vars"]["order"] == "7"
        assert frames[1]["vars"]["amount"] == "8"
        assert frames[2]["context_line"].strip().startswith("raise ValueError")
        assert frames[2]["in_app"]

    def test_link(self, lab: Lab) -> None:
        """Trace, innermost span, its parent, and the dynamic sampling context in the envelope's header."""
        with pytest.raises(ValueError, match="boom"), lab.tracer.start_as_current_span("root") as root:
            with lab.tracer.start_as_current_span("inner") as inner:
                fail()
        event = lab.event()
        (envelope,) = lab.transport.envelopes

        assert event["contexts"]["trace"] == {
            "trace_id": f"{root.get_span_context().trace_id:032x}",
            "span_id": f"{inner.get_span_context().span_id:016x}",
            "parent_span_id": f"{root.get_span_context().span_id:016x}",
        }
        assert envelope.headers["trace"]["trace_id"] == event["contexts"]["trace"]["trace_id"]
        assert envelope.headers["trace"]["public_key"] == "key"
        assert envelope.headers["trace"]["sampled"] == "true"

    def test_transaction_is_the_roots_last_name(self, lab: Lab) -> None:
        """A root that its framework renames when the route is known names the issue."""
        with lab.tracer.start_as_current_span("GET") as root:
            with pytest.raises(ValueError, match="boom"):
                caught(lab.tracer, ["inner"], fail, catch=False)
            root.update_name("GET /orders/{id}")

        assert lab.event()["transaction"] == "GET /orders/{id}"

    def test_transaction_is_never_another_requests(self, lab: Lab) -> None:
        """The name comes from the span's own root, not from a scope that others share."""
        sentry_sdk.get_isolation_scope().set_transaction_name("other request")
        with pytest.raises(ValueError, match="boom"), lab.tracer.start_as_current_span("mine"):
            fail()
        sentry_sdk.get_isolation_scope().clear()

        assert lab.event()["transaction"] == "mine"

    def test_user_from_the_span(self, lab: Lab) -> None:
        """A wallet on the span is the user."""
        with pytest.raises(ValueError, match="boom"), lab.tracer.start_as_current_span("root") as root:
            root.set_attribute("wallet.address", WALLET)
            fail()

        assert lab.event()["user"]["id"] == WALLET.lower()

    def test_user_from_the_block(self, lab: Lab) -> None:
        """So is the wallet of the block around it."""
        with use_wallet(WALLET, name="alice.eth"), pytest.raises(ValueError, match="boom"):
            with lab.tracer.start_as_current_span("root"):
                fail()

        user = lab.event()["user"]

        assert (user["id"], user["username"]) == (WALLET.lower(), "alice.eth")

    def test_user_that_is_learnt_later(self, lab: Lab) -> None:
        """A wallet that the request learns after the exception is its user too."""
        with lab.tracer.start_as_current_span("root"):
            with pytest.raises(ValueError, match="boom"):
                caught(lab.tracer, ["inner"], fail, catch=False)
            with lab.tracer.start_as_current_span("login") as span:
                span.set_attribute("wallet.address", WALLET)

        assert lab.event()["user"]["id"] == WALLET.lower()

    def test_user_of_the_application_wins(self, lab: Lab) -> None:
        """What the application told sentry-sdk stays; the wallet fills what is missing."""
        with sentry_sdk.isolation_scope() as scope:
            scope.set_user({"id": "7", "email": "a@example.org"})
            with pytest.raises(ValueError, match="boom"), lab.tracer.start_as_current_span("root") as root:
                root.set_attribute("wallet.address", WALLET)
                try:
                    fail()
                except ValueError as error:
                    sentry_sdk.capture_exception(error)
                    raise

        user = lab.event()["user"]

        assert (user["id"], user["email"], user["username"]) == ("7", "a@example.org", WALLET.lower())

    def test_privacy(self, new_lab: Any) -> None:
        """The wallet leaves only as the privacy mode allows."""
        lab = new_lab(processor={"privacy": Privacy("short")})
        with pytest.raises(ValueError, match="boom"), lab.tracer.start_as_current_span("root") as root:
            root.set_attribute("wallet.address", WALLET)
            fail()

        assert lab.event()["user"]["id"] == "0xabab…abab"

    def test_names_are_private_too(self, new_lab: Any) -> None:
        """So do transaction names, also in the header and of events that were held."""
        lab = new_lab(processor={"private": lambda text: text.replace("0xabc", "[wallet]")})
        for capture in (False, True):
            with pytest.raises(ValueError, match="boom"), lab.tracer.start_as_current_span("GET /0xabc"):
                try:
                    fail()
                except ValueError as error:
                    if capture:
                        sentry_sdk.capture_exception(error)
                    raise
        lab.events()
        told = [envelope.headers["trace"]["transaction"] for envelope in lab.transport.envelopes]

        assert [event["transaction"] for event in lab.sent] == ["GET /[wallet]"] * 2
        assert told == ["GET /[wallet]"] * 2

    def test_span_events_become_breadcrumbs(self, lab: Lab) -> None:
        """Events of the trace up to the exception, in order, none of them the exception itself."""
        with lab.tracer.start_as_current_span("root") as root:
            root.add_event("asked", {"attempt": 1})
            with lab.tracer.start_as_current_span("lookup") as lookup:
                lookup.add_event("found")
            with pytest.raises(ValueError, match="boom"):
                caught(lab.tracer, ["inner"], fail, catch=False)
            root.add_event("too late")

        crumbs = lab.event()["breadcrumbs"]["values"]

        assert [(crumb["category"], crumb["message"]) for crumb in crumbs] == [("root", "asked"), ("lookup", "found")]
        assert crumbs[0]["data"] == {"attempt": 1}

    def test_span_events_elsewhere(self, new_lab: Any) -> None:
        """They can be switched off."""
        lab = new_lab(processor={"span_events": False})
        with pytest.raises(ValueError, match="boom"), lab.tracer.start_as_current_span("root") as root:
            root.add_event("asked")
            fail()

        assert lab.event()["breadcrumbs"]["values"] == []

    def test_later_breadcrumbs_of_sentry_sdk_stay_out(self, lab: Lab) -> None:
        """What sentry-sdk noted after the exception does not belong to it."""
        with sentry_sdk.isolation_scope(), lab.tracer.start_as_current_span("root"):
            sentry_sdk.add_breadcrumb(message="before")
            with pytest.raises(ValueError, match="boom"):
                caught(lab.tracer, ["inner"], fail, catch=False)
            sentry_sdk.add_breadcrumb(message="after")

        assert [crumb["message"] for crumb in lab.event()["breadcrumbs"]["values"]] == ["before"]

    def test_release_and_resource(self, lab: Lab) -> None:
        """The resource names what the client leaves open, and is shown."""
        lab.client.options["release"] = None
        with pytest.raises(ValueError, match="boom"), lab.tracer.start_as_current_span("root"):
            fail()
        event = lab.event()

        assert event["release"] == "1.2"
        assert event["contexts"]["otel"]["resource"]["service.name"] == "lab"

    def test_trace_page_of_another_backend(self, new_lab: Any) -> None:
        """The template is filled in with the trace id."""
        lab = new_lab(processor={"trace_url": "https://jaeger.example/trace/{trace_id}?span={span_id}"})
        with pytest.raises(ValueError, match="boom"), lab.tracer.start_as_current_span("root") as root:
            fail()
        ids = root.get_span_context()

        assert lab.event()["extra"]["trace_url"] == (
            f"https://jaeger.example/trace/{ids.trace_id:032x}?span={ids.span_id:016x}"
        )

    def test_relay_takes_it(self, new_lab: Any) -> None:
        """Sentry's own normaliser has nothing to remark."""
        lab = new_lab(processor={"trace_url": "https://jaeger.example/{trace_id}"})
        with use_wallet(WALLET), pytest.raises(KeyError), lab.tracer.start_as_current_span("root") as root:
            root.add_event("asked", {"big": 2**80, "list": [1, 2]})
            try:
                caught(lab.tracer, ["inner"], fail, catch=False)
            except ValueError as error:
                raise KeyError("k") from error

        stored = normalised(lab.event())

        assert stored["exception"]["values"][-1]["type"] == "KeyError"
        assert stored["user"]["sentry_user"] == f"id:{WALLET.lower()}"


def test_nobody_can_look(caplog: pytest.LogCaptureFixture) -> None:
    """Where what looks at exceptions cannot be made, it is said once, and the application runs on."""
    issues = IssueProcessor(segment_of=lambda span: None, no_such_keyword=True)
    for _ in range(2):
        assert issues.event_processor({"message": "said"}, None) == {"message": "said"}

    assert (issues.failures, issues.pending) == (2, 0)
    assert [record.levelname for record in caplog.records] == ["ERROR"]
