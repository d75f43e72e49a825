"""Which exception leaves a span, and how its traceback looks without the machinery around the span."""

from __future__ import annotations

import contextlib
import sys
import traceback
import weakref
from typing import TYPE_CHECKING

import pytest
from opentelemetry.sdk.trace import Event, Span, SpanProcessor, TracerProvider

from otel_sentry.issues import live_exception

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import TracebackType

    from opentelemetry.trace import Tracer


class Watcher(SpanProcessor):
    """Notes what can be seen while a span ends."""

    def __init__(self) -> None:
        self.seen: list[tuple[list[str] | None, bool]] = []

    def _on_ending(self, span: Span) -> None:
        exception = live_exception.leaving(list(span.events))
        functions = None if exception is None else names(live_exception.natural_traceback(exception))
        self.seen.append((functions, live_exception.ended_by_opentelemetry()))


def names(found: TracebackType | None) -> list[str]:
    return [frame.name for frame in traceback.extract_tb(found)]


@pytest.fixture
def watcher() -> Watcher:
    return Watcher()


@pytest.fixture
def tracer(watcher: Watcher) -> Tracer:
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(watcher)
    return provider.get_tracer("test")


def fail() -> None:
    raise ValueError("boom")


@contextlib.contextmanager
def own_block(tracer: Tracer) -> Iterator[None]:
    """A context manager of the application around a span."""
    with tracer.start_as_current_span("inside"):
        yield


def leave_current(tracer: Tracer) -> None:
    with tracer.start_as_current_span("span"):
        fail()


def leave_plain(tracer: Tracer) -> None:
    with tracer.start_span("span"):
        fail()


def leave_own(tracer: Tracer) -> None:
    with own_block(tracer):
        fail()


def decorated(tracer: Tracer) -> None:
    @tracer.start_as_current_span("span")
    def work() -> None:
        fail()

    work()


def end_in_finally(tracer: Tracer) -> None:
    span = tracer.start_span("span")
    try:
        fail()
    except ValueError as error:
        span.record_exception(error)
        raise
    finally:
        span.end()


@pytest.mark.parametrize(
    ("work", "functions", "by_opentelemetry"),
    [
        (leave_current, ["leave_current", "fail"], True),
        (leave_plain, ["leave_plain", "fail"], True),
        (leave_own, ["leave_own", "fail"], True),
        (end_in_finally, ["end_in_finally", "fail"], False),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_leaving(
    tracer: Tracer,
    watcher: Watcher,
    work: Callable[[Tracer], None],
    functions: list[str],
    by_opentelemetry: bool,
) -> None:
    """The live exception is found, with the frames that the application will see, and who ended the span is known."""
    with pytest.raises(ValueError, match="boom") as caught:
        work(tracer)

    assert watcher.seen == [(functions, by_opentelemetry)]
    assert names(caught.value.__traceback__)[1:] == functions


def test_decorated_function(tracer: Tracer, watcher: Watcher) -> None:
    """A decorator's own frame stays, as it does for the application."""
    with pytest.raises(ValueError, match="boom"):
        decorated(tracer)
    ((functions, by_opentelemetry),) = watcher.seen

    assert functions is not None
    assert (functions[-2:], by_opentelemetry) == (["work", "fail"], True)


def test_clean_span_in_an_except_block(tracer: Tracer, watcher: Watcher) -> None:
    """What is being handled around a span did not leave it."""
    try:
        fail()
    except ValueError:
        with tracer.start_as_current_span("clean up"):
            pass

    assert watcher.seen == [(None, True)]


def test_other_exception_was_recorded(tracer: Tracer, watcher: Watcher) -> None:
    """Nor did it if the span recorded another one."""
    try:
        fail()
    except ValueError:
        with tracer.start_as_current_span("clean up") as span:
            span.record_exception(KeyError("other"))

    assert watcher.seen == [(None, True)]


def test_recording_itself_fails(tracer: Tracer, watcher: Watcher) -> None:
    """An exception whose text fails keeps OpenTelemetry from recording it; the failure is what leaves the span."""

    class SilentError(Exception):
        def __str__(self) -> str:
            raise RuntimeError("no text")

    def work() -> None:
        with tracer.start_as_current_span("span"):
            raise SilentError

    with pytest.raises(RuntimeError, match="no text"):
        work()
    ((functions, _),) = watcher.seen

    assert functions is not None


def event(kind: str, message: str) -> Event:
    return Event("exception", {"exception.type": kind, "exception.message": message})


@pytest.mark.parametrize(
    ("kind", "message", "expected"),
    [
        ("ValueError", "a message of some length", True),
        ("ValueError", "a message of som", True),
        ("ValueError", "a mess", False),
        ("ValueError", "another message", False),
        ("KeyError", "a message of some length", False),
    ],
    ids=["same", "cut by a limit", "too short", "other message", "other type"],
)
def test_describes(kind: str, message: str, expected: bool) -> None:
    """Type and message have to agree; a limit on attributes may have cut the message."""
    assert live_exception.describes(event(kind, message), ValueError("a message of some length")) is expected


def recursion(depth: int) -> None:
    if depth == 0:
        fail()
    recursion(depth - 1)


def test_bounded() -> None:
    """A long traceback loses its middle."""
    with pytest.raises(ValueError, match="boom") as caught:
        recursion(300)
    whole = live_exception.entries(caught.value.__traceback__)
    short = live_exception.bounded(whole)

    assert len(whole) == 303
    assert len(short) == live_exception.MAX_FRAMES
    assert short[-1].tb_frame.f_code.co_name == "fail"
    assert short[0] is whole[0]
    assert live_exception.entries(None) == []


def test_raising_lines() -> None:
    """The five frames nearest to the raise, last first."""
    with pytest.raises(ValueError, match="boom") as caught:
        recursion(10)
    lines = live_exception.raising_lines(caught.value.__traceback__)

    assert len(lines) == 5
    assert lines[0] == (__file__, fail.__code__.co_firstlineno + 1)


@pytest.mark.skipif(sys.version_info >= (3, 13), reason="frames show their locals live from Python 3.13 on")
@pytest.mark.parametrize("keep", [False, True], ids=["nobody keeps them", "the application keeps them"])
def test_release_locals(keep: bool) -> None:
    """What looking at locals has pinned in a running frame goes; what the application has kept stays as it is."""

    class Large:
        pass

    large = Large()
    reference = weakref.ref(large)
    kept = locals() if keep else None
    try:
        fail()
    except ValueError as error:
        frame = error.__traceback__.tb_frame  # type: ignore[union-attr]
        shown = sorted(frame.f_locals)
        del large
        pinned = reference() is not None
        live_exception.release_locals(error)

    assert "large" in shown
    assert pinned
    assert reference() is None
    assert kept is None or kept["reference"] is reference


def test_as_attributes_of_an_evasive_exception() -> None:
    """An exception that cannot be shown still has a type and a text."""

    class EvasiveError(Exception):
        def __str__(self) -> str:
            raise RuntimeError("no text")

        def __getattr__(self, name: str) -> object:
            raise RuntimeError(name)

    attributes = live_exception.as_attributes(EvasiveError())

    assert attributes["exception.type"].endswith("EvasiveError")
    assert attributes["exception.message"] == "<EvasiveError that cannot be shown>"
