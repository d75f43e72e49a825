"""One exception, one issue: what leaves spans, seen from the application's side."""

from __future__ import annotations

import gc
import logging
import pickle
import sys
import threading
import weakref
from typing import TYPE_CHECKING, Any

import pytest
import sentry_sdk
from opentelemetry import trace
from sentry_sdk.integrations.logging import LoggingIntegration

from otel_sentry.identity.context import use_wallet
from otel_sentry.identity.privacy import Privacy
from tests.relay import normalised

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.issues.lab import Lab

WALLET = "0x" + "Ab" * 20
needs_groups = pytest.mark.skipif(sys.version_info < (3, 11), reason="exception groups came with Python 3.11")


def fail(message: str = "boom") -> None:
    """The raise that all tests look for."""
    number = 3
    raise ValueError(message, number) if message == "args" else ValueError(message)


def values(event: dict[str, Any]) -> list[dict[str, Any]]:
    """The exceptions of an event, oldest first."""
    return event["exception"]["values"]


def types(event: dict[str, Any]) -> list[str]:
    """Their types."""
    return [value["type"] for value in values(event)]


def functions(value: dict[str, Any]) -> list[str]:
    """Functions of an exception's frames, caller first."""
    return [frame["function"] for frame in value["stacktrace"]["frames"]]


def handled(event: dict[str, Any]) -> bool:
    """What the event says of its last exception."""
    return values(event)[-1]["mechanism"]["handled"]


def caught(tracer: trace.Tracer, names: list[str], work: Callable[[], None], catch: bool = True) -> None:
    """Run `work` in nested spans; the exception leaves them all, or is caught in the first."""
    if not names:
        work()
        return
    with tracer.start_as_current_span(names[0]):
        if catch and len(names) > 1:
            with pytest.raises(ValueError, match="boom"):
                caught(tracer, names[1:], work, catch=False)
        else:
            caught(tracer, names[1:], work, catch=False)


class TestOneIssue:
    """However many spans an exception leaves and whoever sees it, it is one issue."""

    def test_nested_spans(self, lab: Lab) -> None:
        """Three nested spans record the exception, one event leaves."""
        with pytest.raises(ValueError, match="boom"):
            caught(lab.tracer, ["root", "middle", "inner"], fail, catch=False)

        assert types(lab.event()) == ["ValueError"]

    def test_equal_exceptions_are_two(self, lab: Lab) -> None:
        """Two exceptions of the same type, message and line are two events."""
        with lab.tracer.start_as_current_span("root"):
            for _ in range(2):
                with pytest.raises(ValueError, match="boom"):
                    caught(lab.tracer, ["inner"], fail, catch=False)

        assert len(lab.events()) == 2

    def test_equal_exceptions_recorded_by_hand_are_two(self, lab: Lab) -> None:
        """The same when only their text is known."""
        with lab.tracer.start_as_current_span("root") as span:
            for _ in range(2):
                try:
                    fail()
                except ValueError as error:
                    span.record_exception(error)

        assert len(lab.events()) == 2

    def test_recorded_by_hand_and_raised_on(self, lab: Lab) -> None:
        """`record_exception(error); raise` in a span is one event, with the live frames."""
        with pytest.raises(ValueError, match="boom"), lab.tracer.start_as_current_span("root") as span:
            try:
                fail()
            except ValueError as error:
                span.record_exception(error)
                raise

        assert values(lab.event())[0]["stacktrace"]["frames"][-1]["vars"] == {"message": "'boom'", "number": "3"}

    def test_caught_by_the_parent_and_recorded_there(self, lab: Lab) -> None:
        """An exception that left a child and is recorded on the parent by hand is one event, for each attempt."""
        with lab.tracer.start_as_current_span("root") as root:
            for _ in range(3):
                try:
                    caught(lab.tracer, ["attempt"], fail, catch=False)
                except ValueError as error:
                    root.record_exception(error)

        assert len(lab.events()) == 3

    def test_captured_by_the_application_too(self, lab: Lab) -> None:
        """`capture_exception` in the except block joins what the span saw; nothing counts as lost."""
        with lab.tracer.start_as_current_span("root"):
            try:
                caught(lab.tracer, ["inner"], fail, catch=False)
            except ValueError as error:
                first = sentry_sdk.capture_exception(error)
                sentry_sdk.capture_exception(error)

        assert lab.event()["event_id"] == first
        assert lab.transport.lost == []

    def test_raised_again_after_it_was_sent(self, lab: Lab) -> None:
        """An exception that is kept and raised again in another trace stays one issue."""
        kept = ValueError("boom")
        for _ in range(2):
            with pytest.raises(ValueError, match="boom"), lab.tracer.start_as_current_span("root"):
                raise kept
            lab.issues.force_flush()

        assert len(lab.events()) == 1

    def test_logged_and_raised_on(self, new_lab: Any) -> None:
        """`logging.exception` and the spans around it: one event, and it is unhandled."""
        lab = new_lab(integrations=[LoggingIntegration(event_level=logging.ERROR)])
        with pytest.raises(ValueError, match="boom"), lab.tracer.start_as_current_span("root"):
            try:
                caught(lab.tracer, ["inner"], fail, catch=False)
            except ValueError:
                logging.getLogger("shop").exception("payment failed")
                raise

        event = lab.event()

        assert event["logger"] == "shop"
        assert event["logentry"]["message"] == "payment failed"
        assert not handled(event)

    def test_in_another_thread(self, lab: Lab) -> None:
        """An exception that leaves a thread's root and is raised again in the caller's is one issue."""
        caught_ones: list[BaseException] = []

        def work() -> None:
            try:
                caught(lab.tracer, ["thread"], fail, catch=False)
            except ValueError as error:
                caught_ones.append(error)

        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
        with pytest.raises(ValueError, match="boom"), lab.tracer.start_as_current_span("caller"):
            raise caught_ones[0]

        assert len(lab.events()) == 1

    def test_from_another_process(self, lab: Lab) -> None:
        """A marked exception that was pickled carries its mark: the process it came from has reported it."""
        with pytest.raises(ValueError, match="boom"), lab.tracer.start_as_current_span("root"):
            try:
                caught(lab.tracer, ["inner"], fail, catch=False)
            except ValueError as error:
                travelled = pickle.loads(pickle.dumps(error))  # noqa: S301  what a process pool does
                raise travelled from None

        assert len(lab.events()) == 1

    def test_an_unrelated_exception_is_being_handled(self, lab: Lab) -> None:
        """A clean span that ends inside an except block tells nothing."""
        try:
            fail()
        except ValueError:
            with lab.tracer.start_as_current_span("clean up") as span:
                span.add_event("not an exception")

        assert lab.events() == []


class TestChains:
    """An exception and what became of it are one issue; what happened beside it is another."""

    def test_cause(self, lab: Lab) -> None:
        """The exception that was raised from another takes its place, and shows it as its cause."""
        with pytest.raises(KeyError), lab.tracer.start_as_current_span("root"):
            try:
                caught(lab.tracer, ["inner"], fail, catch=False)
            except ValueError as error:
                raise KeyError("k") from error

        event = lab.event()

        assert types(event) == ["ValueError", "KeyError"]
        assert not handled(event)

    def test_each_level_wraps(self, lab: Lab) -> None:
        """Three levels, each wrapping the last: one event of three exceptions, linked to the innermost span."""
        inner_id = 0

        def level(number: int) -> None:
            nonlocal inner_id
            with lab.tracer.start_as_current_span(f"level {number}") as span:
                inner_id = span.get_span_context().span_id
                if number == 3:
                    fail()
                try:
                    level(number + 1)
                except ValueError as error:
                    raise ValueError(f"level {number}") from error

        with pytest.raises(ValueError, match="level 1"):
            level(1)

        event = lab.event()

        assert [value["value"] for value in values(event)] == ["boom", "level 2", "level 1"]
        assert event["contexts"]["trace"]["span_id"] == f"{inner_id:016x}"

    def test_raised_from_none(self, lab: Lab) -> None:
        """A translated exception is one issue even when it hides where it came from."""
        with pytest.raises(KeyError), lab.tracer.start_as_current_span("root"):
            try:
                caught(lab.tracer, ["inner"], fail, catch=False)
            except ValueError:
                raise KeyError("k") from None

        assert types(lab.event()) == ["KeyError"]

    def test_mishap_while_cleaning_up(self, lab: Lab) -> None:
        """An exception that is caught while another one is handled is an issue beside it, not in its place."""
        with pytest.raises(ValueError, match="boom"), lab.tracer.start_as_current_span("root"):
            try:
                caught(lab.tracer, ["inner"], fail, catch=False)
            except ValueError:
                with pytest.raises(OSError, match="full"), lab.tracer.start_as_current_span("clean up"):
                    raise OSError("full") from None
                raise

        found = {types(event)[-1]: handled(event) for event in lab.events()}

        assert found == {"OSError": True, "ValueError": False}

    def test_context_of_a_handled_mishap_comes_up_alone(self, lab: Lab) -> None:
        """An exception known only as the context of another one is its own issue when it escapes."""
        with pytest.raises(ValueError, match="boom"), lab.tracer.start_as_current_span("root"):
            try:
                fail()
            except ValueError:
                with pytest.raises(OSError, match="full"), lab.tracer.start_as_current_span("clean up"):
                    raise OSError("full")  # noqa: B904  the context is the point
                raise

        assert sorted(types(event)[-1] for event in lab.events()) == ["OSError", "ValueError"]

    def test_wrapper_that_is_unwrapped_again(self, lab: Lab) -> None:
        """An exception that was wrapped and comes out of its wrapper is one issue: itself."""
        with pytest.raises(ValueError, match="boom"), lab.tracer.start_as_current_span("root"):
            try:
                with lab.tracer.start_as_current_span("retry"):
                    try:
                        caught(lab.tracer, ["attempt"], fail, catch=False)
                    except ValueError as error:
                        raise KeyError("gave up") from error
            except KeyError as error:
                assert error.__cause__ is not None
                raise error.__cause__ from None

        event = lab.event()

        assert types(event)[-1] == "ValueError"
        assert not handled(event)

    def test_wrapped_after_it_was_sent(self, lab: Lab) -> None:
        """What wraps an exception that has gone out already is a new issue."""
        kept = ValueError("boom")
        with pytest.raises(ValueError, match="boom"), lab.tracer.start_as_current_span("job"):
            raise kept
        lab.issues.force_flush()
        with pytest.raises(KeyError), lab.tracer.start_as_current_span("request"):
            raise KeyError("job failed") from kept

        assert [types(event)[-1] for event in lab.events()] == ["ValueError", "KeyError"]

    @needs_groups
    def test_group_takes_its_members_in(self, lab: Lab) -> None:
        """Members that left spans of their own, and the group they are raised in, are one issue."""
        with pytest.raises(ExceptionGroup), lab.tracer.start_as_current_span("root"):  # noqa: F821
            members = []
            for name in ("a", "b"):
                try:
                    caught(lab.tracer, [name], fail, catch=False)
                except ValueError as error:
                    members.append(error)
            raise ExceptionGroup("both", members)  # noqa: F821

        event = lab.event()

        assert types(event) == ["ValueError", "ValueError", "ExceptionGroup"]
        assert values(event)[-1]["mechanism"]["is_exception_group"]

    @needs_groups
    def test_group_that_is_collapsed(self, lab: Lab) -> None:
        """A group that a framework replaces by its only member is one issue: the member."""
        with pytest.raises(ValueError, match="boom"), lab.tracer.start_as_current_span("root"):
            try:
                with lab.tracer.start_as_current_span("task group"):
                    raise ExceptionGroup("one", [ValueError("boom")])  # noqa: F821
            except ExceptionGroup as group:  # noqa: F821
                raise group.exceptions[0] from None

        assert types(lab.event())[-1] == "ValueError"


class TestHandled:
    """`handled` is false only when the exception escapes the local root."""

    def test_escapes(self, lab: Lab) -> None:
        """It leaves the root."""
        with pytest.raises(ValueError, match="boom"):
            caught(lab.tracer, ["root", "inner"], fail, catch=False)

        assert not handled(lab.event())

    def test_is_caught(self, lab: Lab) -> None:
        """It leaves a child and is caught there; the event goes out with the root's end."""
        caught(lab.tracer, ["root", "inner"], fail)

        assert handled(lab.sent[0])

    def test_is_recorded_by_hand(self, lab: Lab) -> None:
        """The root records it and ends well."""
        with lab.tracer.start_as_current_span("root") as root:
            try:
                fail()
            except ValueError as error:
                root.record_exception(error)

        assert handled(lab.event())

    def test_root_that_is_ended_by_hand_in_an_except_block(self, lab: Lab) -> None:
        """Code that ends its root itself while it handles the exception has caught it."""
        root = lab.tracer.start_span("root")
        try:
            fail()
        except ValueError as error:
            root.record_exception(error)
            root.end()

        event = lab.event()

        assert handled(event)
        assert "vars" in values(event)[-1]["stacktrace"]["frames"][-1]

    def test_told_as_text_that_it_escaped(self, lab: Lab) -> None:
        """A root whose status says that an exception left it is believed."""
        root = lab.tracer.start_span("root")
        try:
            fail()
        except ValueError as error:
            root.record_exception(error)
            root.set_status(trace.StatusCode.ERROR, "ValueError: boom")
        root.end()

        assert not handled(lab.event())

    def test_sdk_thinks_it_unhandled_but_the_root_ends_well(self, lab: Lab) -> None:
        """An integration inside of a request that survives does not make it crash."""
        with lab.tracer.start_as_current_span("request"):
            try:
                fail()
            except ValueError as error:
                event, hint = sentry_sdk.utils.event_from_exception(
                    error, mechanism={"type": "celery", "handled": False}
                )
                sentry_sdk.capture_event(event, hint=hint)

        assert handled(lab.event())


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


class TestSampling:
    """Errors do not depend on whether Sentry keeps the trace."""

    def test_unsampled_trace(self, new_lab: Any) -> None:
        """The exception of a trace that Sentry does not keep is an issue."""
        lab = new_lab(rate=0.0)
        with pytest.raises(ValueError, match="boom"):
            caught(lab.tracer, ["root", "inner"], fail, catch=False)
        lab.event()
        (envelope,) = lab.transport.envelopes

        assert envelope.headers["trace"]["sampled"] == "false"

    def test_switched_off(self, new_lab: Any) -> None:
        """It is none if that is switched off, and costs nothing."""
        lab = new_lab(rate=0.0, processor={"unsampled_errors": False})
        with pytest.raises(ValueError, match="boom"):
            caught(lab.tracer, ["root", "inner"], fail, catch=False)

        assert lab.events() == []

    def test_without_sampled_spans_only_hooks_see_it(self, lab: Lab) -> None:
        """Outside of recording spans, what sentry-sdk captures carries the ids of the context."""
        context = trace.SpanContext(1, 2, is_remote=True)
        with trace.use_span(trace.NonRecordingSpan(context)):
            sentry_sdk.capture_exception(ValueError("boom"))

        assert lab.event()["contexts"]["trace"] == {"trace_id": f"{1:032x}", "span_id": f"{2:016x}"}


class TestHooks:
    """What the application set up in sentry-sdk keeps working."""

    def test_before_send_is_asked_once(self, new_lab: Any) -> None:
        """It sees the finished event, once."""
        seen: list[dict[str, Any]] = []

        def before_send(event: dict[str, Any], hint: dict[str, Any]) -> dict[str, Any]:
            seen.append({"handled": handled(event), "transaction": event["transaction"], "hint": hint})
            return event

        lab = new_lab(before_send=before_send)
        with pytest.raises(ValueError, match="args"):
            caught(lab.tracer, ["root", "inner"], lambda: fail("args"), catch=False)
        lab.event()
        (once,) = seen
        kind, error, traceback = once["hint"]["exc_info"]

        assert (once["handled"], once["transaction"]) == (False, "root")
        assert (kind, error.args, traceback) == (ValueError, ("args", 3), None)

    def test_before_send_drops(self, new_lab: Any) -> None:
        """What it drops is gone, and counted once."""
        lab = new_lab(before_send=lambda event, hint: None)
        with pytest.raises(ValueError, match="boom"):
            caught(lab.tracer, ["root", "inner"], fail, catch=False)

        assert lab.events() == []
        assert lab.transport.lost == [("before_send", "error", 1)]

    @pytest.mark.parametrize("ignored", [ValueError, "ValueError"], ids=["class", "name"])
    def test_ignore_errors(self, new_lab: Any, ignored: Any) -> None:
        """Ignored types stay ignored."""
        lab = new_lab(ignore_errors=[ignored])
        with pytest.raises(ValueError, match="boom"):
            caught(lab.tracer, ["root", "inner"], fail, catch=False)

        assert lab.events() == []

    def test_error_sampler(self, new_lab: Any) -> None:
        """Its answer counts."""
        lab = new_lab(error_sampler=lambda event, hint: 0.0)
        with pytest.raises(ValueError, match="boom"):
            caught(lab.tracer, ["root", "inner"], fail, catch=False)

        assert lab.events() == []
        assert ("sample_rate", "error", 1) in lab.transport.lost

    def test_scope_of_the_moment(self, lab: Lab) -> None:
        """Tags of the scope that was active when the exception was seen are on the event."""
        with lab.tracer.start_as_current_span("root"), sentry_sdk.isolation_scope() as scope:
            scope.set_tag("order", "7")
            with pytest.raises(ValueError, match="boom"):
                caught(lab.tracer, ["inner"], fail, catch=False)

        assert lab.event()["tags"] == {"order": "7"}

    def test_no_client(self, lab: Lab) -> None:
        """Without a client that sends, nothing is built or kept."""
        sentry_sdk.get_global_scope().set_client(None)
        with pytest.raises(ValueError, match="boom"):
            caught(lab.tracer, ["root"], fail, catch=False)

        assert lab.issues.pending == 0

    def test_message_events_are_linked(self, lab: Lab) -> None:
        """What is no exception is linked as well, and leaves at once."""
        with lab.tracer.start_as_current_span("root") as root:
            sentry_sdk.capture_message("hello")
            (event,) = lab.sent

        assert event["contexts"]["trace"]["span_id"] == f"{root.get_span_context().span_id:016x}"
        assert event["transaction"] == "root"


class TestLongRoots:
    """A root that lives for hours."""

    def test_pins_nothing(self, lab: Lab) -> None:
        """Neither the exception nor its frames' objects survive the except block, although the root goes on."""

        class Large:
            pass

        class OwnError(Exception):
            pass

        def work(kind: type[Exception]) -> None:
            large = Large()
            references.append(weakref.ref(large))
            error = kind("boom")
            error.held = Large()  # type: ignore[attr-defined]
            references.append(weakref.ref(error.held))  # type: ignore[attr-defined]
            raise error

        references: list[weakref.ref[Any]] = []
        with lab.tracer.start_as_current_span("hours"):
            for kind in (ValueError, OwnError):
                for capture in (False, True):
                    try:
                        with lab.tracer.start_as_current_span("minute"):
                            work(kind)
                    except kind as error:
                        if capture:
                            sentry_sdk.capture_exception(error)
            gc.collect()

            assert [reference() for reference in references] == [None] * 8
            assert lab.issues.pending == 4

    def test_leaves_what_the_application_kept(self, lab: Lab) -> None:
        """`locals()` that the application has kept stays as it is, although the frame it belongs to was looked at."""

        def work() -> dict[str, Any]:
            amount = 5
            kept = locals()
            with lab.tracer.start_as_current_span("root"), pytest.raises(ValueError, match="boom"):
                caught(lab.tracer, ["inner"], fail, catch=False)
            return kept if amount else {}

        assert work()["amount"] == 5

    def test_does_not_hold_its_issues_back(self, new_lab: Any) -> None:
        """After half a minute an issue leaves, root or no root."""
        now = [0.0]
        lab = new_lab(processor={"clock": lambda: now[0]})
        with lab.tracer.start_as_current_span("hours"):
            with pytest.raises(ValueError, match="boom"):
                caught(lab.tracer, ["minute"], fail, catch=False)
            held = lab.issues.pending
            now[0] = 31.0
            lab.issues._bench._release_due()

            assert (held, lab.issues.pending, len(lab.sent)) == (1, 0, 1)

    def test_bounds_what_waits(self, lab: Lab) -> None:
        """A storm of exceptions under one root leaves at once from the hundredth on; none is lost."""
        with lab.tracer.start_as_current_span("hours"):
            for _ in range(120):
                with pytest.raises(ValueError, match="boom"):
                    caught(lab.tracer, ["minute"], fail, catch=False)

            assert (lab.issues.pending, len(lab.sent)) == (100, 20)
        assert len(lab.events()) == 120
