"""Live printing: quiet traces at once, late spans again, refusals and loose issues in between."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from typing import Any

import pytest

from otel_sentry.local.fields import Consequence, Problem
from otel_sentry.local.live import PATIENCE_SECONDS, QUIET_SECONDS, LiveTraces
from otel_sentry.local.store import Refused, Store
from otel_sentry.local.terminal import TreePrinter
from otel_sentry.protocol.envelope import Envelope, EnvelopeItem


class Stage:
    """A store, a live view of it, a clock that is set by hand, and what was printed."""

    def __init__(self) -> None:
        self.now = 0.0
        self.store = Store()
        self.stream = io.StringIO()
        self.live = LiveTraces(self.store, TreePrinter(self.stream, width=100), lambda: self.now)

    def send(self, kind: str, *payloads: dict[str, Any], problems: tuple[Problem, ...] = ()) -> None:
        """An envelope arrives: a container if there are several payloads or none is an event."""
        body: Any = payloads[0] if kind == "event" else {"items": payloads}
        item = EnvelopeItem({"type": kind}, json.dumps(body).encode())
        self.store.add(Envelope({}, [item]), b"", at=0.0, problems=problems)

    def after(self, seconds: float) -> str:
        """What is printed when so much time has passed."""
        self.now += seconds
        self.stream.seek(0)
        self.stream.truncate()
        self.live.tick()
        return self.stream.getvalue()


@pytest.fixture
def stage() -> Stage:
    """An empty one."""
    return Stage()


Span = Callable[..., dict[str, Any]]


@pytest.fixture
def span() -> Span:
    """`span(number, trace="a")`: a span as on the wire."""
    return lambda number, trace="a": {"trace_id": trace * 32, "span_id": f"{number:016x}", "name": f"span {number}"}


def test_a_trace_is_printed_when_it_falls_quiet(stage: Stage, span: Span) -> None:
    """Not before, and only once."""
    stage.send("span", span(1))
    early = stage.after(QUIET_SECONDS * 0.6)
    stage.send("span", span(2))
    still = stage.after(QUIET_SECONDS * 0.6)
    due = stage.after(QUIET_SECONDS * 0.6)

    assert (early, still) == ("", "")
    assert "2 spans" in due
    assert stage.after(100) == ""


def test_a_trace_that_never_falls_quiet_is_printed_all_the_same(stage: Stage, span: Span) -> None:
    """Patience ends."""
    printed = ""
    steps = int(PATIENCE_SECONDS / QUIET_SECONDS * 2) + 2
    for number in range(steps):
        stage.send("span", span(number + 1))
        printed += stage.after(QUIET_SECONDS * 0.6)

    assert "trace" in printed


def test_late_spans_print_the_trace_again(stage: Stage, span: Span) -> None:
    """Whole, with a word on it."""
    stage.send("span", span(1))
    stage.after(QUIET_SECONDS)
    stage.send("span", span(2), span(3))
    again = stage.after(QUIET_SECONDS)

    assert "3 spans" in again
    assert "again, 2 more arrived" in again


def test_traces_do_not_wait_for_each_other(stage: Stage, span: Span) -> None:
    """Each has its own clock."""
    stage.send("span", span(1, "a"))
    stage.now += QUIET_SECONDS * 0.6
    stage.send("span", span(1, "b"))
    first = stage.after(QUIET_SECONDS * 0.6)
    second = stage.after(QUIET_SECONDS * 0.6)

    assert ("a" * 32 in first, "b" * 32 in first) == (True, False)
    assert ("a" * 32 in second, "b" * 32 in second) == (False, True)


def test_an_issue_without_a_trace_is_printed_at_once(stage: Stage) -> None:
    """As a line."""
    stage.send("event", {"message": "hello"})

    assert "hello" in stage.after(0)


def test_refusals_are_printed_with_their_causes(stage: Stage) -> None:
    """The sentence once, each cause once."""
    stage.store.refuse(Refused(0.0, 400, "no", (Problem(0, "span[0].name", "is missing"),)))
    stage.store.refuse(Refused(0.0, 400, "cut", (Problem(None, "request", "cut"),)))

    assert stage.after(0) == "refused with 400: no: span[0].name is missing\nrefused with 400: cut\n"


def test_what_sentry_would_not_keep_is_printed(stage: Stage, span: Span) -> None:
    """Envelopes that are taken with loss."""
    stage.send("span", span(1), problems=(Problem(0, "span[0].x", "is odd", Consequence.TRIMMED),))

    assert stage.after(0) == "Sentry would not keep: span[0].x is odd\n"


def test_closing_prints_what_is_pending(stage: Stage, span: Span) -> None:
    """And hears nothing more."""
    stage.send("span", span(1))
    stage.live.close()
    printed = stage.stream.getvalue()
    stage.send("span", span(2))

    assert "1 span" in printed
    assert stage.after(QUIET_SECONDS) == ""


def test_a_trace_that_was_pushed_out_prints_nothing(stage: Stage, span: Span) -> None:
    """The store forgot it before it fell quiet."""
    stage.send("span", span(1))
    stage.store.clear()

    assert stage.after(QUIET_SECONDS) == ""
