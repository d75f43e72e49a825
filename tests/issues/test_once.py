"""One exception, one issue: what leaves spans, seen from the application's side."""

from __future__ import annotations

import inspect
import logging
import pickle
import sys
import threading
from typing import TYPE_CHECKING, Any

import pytest
import sentry_sdk
from opentelemetry import trace
from sentry_sdk.integrations.logging import LoggingIntegration

from tests.issues.failing import caught, fail, handled, types, values

if TYPE_CHECKING:
    from tests.issues.lab import Lab


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

    def test_recursion_through_spans(self, lab: Lab) -> None:
        """Where the stack is at its end there is no room to look; a span further out has some, and nothing is lost."""
        limit, depth = sys.getrecursionlimit(), len(inspect.stack())

        def descend() -> None:
            with lab.tracer.start_as_current_span("level"):
                descend()

        sys.setrecursionlimit(depth + 150)
        try:
            with pytest.raises(RecursionError):
                descend()
        finally:
            sys.setrecursionlimit(limit)

        assert types(lab.event())[-1] == "RecursionError"
        assert lab.transport.lost == []

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
