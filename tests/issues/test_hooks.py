"""Sampling, and what the application has set up in sentry-sdk."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import sentry_sdk
from opentelemetry import trace

from tests.issues.failing import caught, fail, handled

if TYPE_CHECKING:
    from tests.issues.lab import Lab


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
