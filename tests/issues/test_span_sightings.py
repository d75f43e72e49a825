"""What ending spans tell of exceptions when identity is out of reach, and when nobody knows their local root."""

from __future__ import annotations

import threading
import traceback
from typing import TYPE_CHECKING, Any

import pytest
import sentry_sdk
from opentelemetry import trace
from sentry_sdk.scope import global_event_processors
from starlette.exceptions import HTTPException

from otel_sentry.issues.processor import IssueProcessor

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.issues.lab import Lab


def fail(kind: type[Exception] = ValueError) -> None:
    raise kind("boom")


def handled(event: dict[str, Any]) -> bool:
    return event["exception"]["values"][-1]["mechanism"]["handled"]


def in_a_library(work: Callable[[], None]) -> BaseException:
    """An exception that went through the application into a library that called it."""
    caught: list[BaseException] = []
    thread = threading.Thread(target=work)
    run = thread.run

    def record() -> None:
        try:
            run()
        except ValueError as error:
            # The traceback begins in threading.py, as a worker's begins in its framework.
            caught.append(error.with_traceback(error.__traceback__.tb_next))  # type: ignore[union-attr]

    thread.run = record  # type: ignore[method-assign]
    thread.start()
    thread.join()
    return caught[0]


def test_span_attributes(lab: Lab) -> None:
    """Exceptions written as attributes of the span, as the conventions are moving to, are issues."""
    with lab.tracer.start_as_current_span("root") as root:
        try:
            fail()
        except ValueError as error:
            root.set_attributes(
                {
                    "exception.type": "ValueError",
                    "exception.message": "boom",
                    "exception.stacktrace": "".join(traceback.format_exception(error)),
                }
            )
        root.set_status(trace.StatusCode.ERROR)
    (value,) = lab.event()["exception"]["values"]

    assert (value["type"], value["value"]) == ("ValueError", "boom")
    assert [frame["function"] for frame in value["stacktrace"]["frames"]] == ["test_span_attributes", "fail"]


def test_text_of_an_instrumentation(lab: Lab) -> None:
    """An instrumentation that records what failed, when it is gone, tells of something unhandled."""
    error = in_a_library(fail)
    for scope in ("opentelemetry.instrumentation.celery", "shop"):
        root = lab.provider.get_tracer(scope).start_span(scope)
        root.record_exception(error)
        root.set_status(trace.StatusCode.ERROR, "boom")
        root.end()

    assert {event["transaction"]: handled(event) for event in lab.events()} == {
        "opentelemetry.instrumentation.celery": False,
        "shop": True,
    }


def test_text_that_says_escaped(lab: Lab) -> None:
    """`exception.escaped` is believed of a local root."""
    with lab.tracer.start_as_current_span("root") as root:
        root.record_exception(ValueError("boom"), escaped=True)

    assert not handled(lab.event())


def test_text_takes_in_what_it_is_made_of(lab: Lab) -> None:
    """A wrapper recorded by hand, whose cause left a span of its own, is one issue."""
    with lab.tracer.start_as_current_span("root") as root:
        try:
            try:
                with lab.tracer.start_as_current_span("inner"):
                    fail()
            except ValueError as error:
                raise KeyError("k") from error
        except KeyError as error:
            root.record_exception(error)

    assert [value["type"] for value in lab.event()["exception"]["values"]] == ["ValueError", "KeyError"]


def test_expected_exceptions(lab: Lab) -> None:
    """Control flow is no issue: alive, as text, or as the wrapper of something that is one."""
    with pytest.raises(HTTPException), lab.tracer.start_as_current_span("alive"):
        raise HTTPException(404)
    with lab.tracer.start_as_current_span("text") as root:
        root.record_exception(HTTPException(404))
    with pytest.raises(HTTPException), lab.tracer.start_as_current_span("wrapper"):
        try:
            with lab.tracer.start_as_current_span("inner"):
                fail(KeyError)
        except KeyError as error:
            raise HTTPException(404) from error
    event = lab.event()

    assert event["exception"]["values"][-1]["type"] == "KeyError"
    assert handled(event)


def test_further_expected_exceptions(new_lab: Any) -> None:
    """The list can be extended."""
    lab = new_lab(processor={"expected": [ValueError]})
    with pytest.raises(ValueError, match="boom"), lab.tracer.start_as_current_span("root"):
        fail()

    assert lab.events() == []


def test_ended_on_another_thread(lab: Lab) -> None:
    """A span that is ended by a thread that handles something else tells its own exception, from text."""
    root = lab.tracer.start_span("root")
    try:
        fail()
    except ValueError as error:
        root.record_exception(error)

    def end() -> None:
        try:
            fail(KeyError)
        except KeyError:
            root.end()

    thread = threading.Thread(target=end)
    thread.start()
    thread.join()

    assert [value["type"] for value in lab.event()["exception"]["values"]] == ["ValueError"]


def test_late_child(lab: Lab) -> None:
    """An exception in a child that outlives its root leaves within a moment; nobody will say more of it."""
    with lab.tracer.start_as_current_span("root") as root:
        context = trace.set_span_in_context(root)
    with pytest.raises(ValueError, match="boom"), lab.tracer.start_as_current_span("late", context=context):
        fail()
    waits = lab.issues.pending

    assert waits == 1
    assert lab.event()["transaction"] == "root"


def test_without_segments(lab: Lab) -> None:
    """Beside a provider whose spans nobody else watches, issues have their link, and their own root decides."""
    processor = IssueProcessor(segment_of=lambda span: None)
    provider = type(lab.provider)(shutdown_on_exit=False)
    provider.add_span_processor(processor)
    global_event_processors.append(processor.event_processor)
    tracer = provider.get_tracer("alone")
    try:
        with pytest.raises(ValueError, match="boom"), tracer.start_as_current_span("root"):
            with tracer.start_as_current_span("inner") as inner:
                fail()
        with tracer.start_as_current_span("root"):
            sentry_sdk.capture_message("hello")
        processor.force_flush()
    finally:
        global_event_processors.remove(processor.event_processor)
    message, issue = lab.sent

    assert issue["contexts"]["trace"]["span_id"] == f"{inner.get_span_context().span_id:016x}"
    assert not handled(issue)
    assert "transaction" not in issue
    assert message["contexts"]["trace"]["trace_id"] != issue["contexts"]["trace"]["trace_id"]
