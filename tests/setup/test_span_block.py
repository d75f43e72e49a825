"""`start_span()`: one span per use, around blocks and functions of every kind, with what happens inside as children."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Generator
from typing import Any

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from otel_sentry.settings.settings import Settings
from otel_sentry.setup.telemetry import Telemetry


@pytest.fixture
def exporter() -> InMemorySpanExporter:
    """Holds the ended spans."""
    return InMemorySpanExporter()


@pytest.fixture
def telemetry(exporter: InMemorySpanExporter) -> Telemetry:
    """A handle over a provider of its own."""
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    return Telemetry(Settings(), provider=provider)


def tree(exporter: InMemorySpanExporter) -> list[tuple[str, str | None]]:
    """Name and parent's name of the ended spans, in the order of their end."""
    spans = exporter.get_finished_spans()
    names = {span.context.span_id: span.name for span in spans if span.context}
    return [(span.name, names.get(span.parent.span_id) if span.parent else None) for span in spans]


def test_a_block_gives_its_span(telemetry: Telemetry, exporter: InMemorySpanExporter) -> None:
    """Inside the block its span is current; attributes that are None are left out."""
    with telemetry.start_span("db.get_user", user=7, nothing=None, **{"db.system": "sqlite"}) as span:
        assert trace.get_current_span() is span

    (ended,) = exporter.get_finished_spans()

    assert not trace.get_current_span().get_span_context().is_valid
    assert (ended.name, dict(ended.attributes or {})) == ("db.get_user", {"user": 7, "db.system": "sqlite"})


def test_an_attribute_may_be_called_name(telemetry: Telemetry, exporter: InMemorySpanExporter) -> None:
    """The span's name is positional, so that no attribute is taken away."""
    with telemetry.start_span("span", name="attribute"):
        pass

    assert dict(exporter.get_finished_spans()[0].attributes or {}) == {"name": "attribute"}


def test_an_exception_marks_the_span_and_goes_on(telemetry: Telemetry, exporter: InMemorySpanExporter) -> None:
    """What leaves the block is recorded and still leaves it."""
    with pytest.raises(ValueError, match="boom"), telemetry.start_span("risky"):
        raise ValueError("boom")

    (ended,) = exporter.get_finished_spans()

    assert ended.status.status_code is trace.StatusCode.ERROR
    assert [event.name for event in ended.events] == ["exception"]


def test_each_call_of_a_function_is_a_span(telemetry: Telemetry, exporter: InMemorySpanExporter) -> None:
    """A decorated function keeps its name and answer; recursion nests."""

    @telemetry.start_span("countdown")
    def countdown(number: int) -> int:
        """Count."""
        return countdown(number - 1) if number else 42

    assert (countdown(1), countdown.__name__, countdown.__doc__) == (42, "countdown", "Count.")
    assert tree(exporter) == [("countdown", "countdown"), ("countdown", None)]


def test_each_call_of_a_coroutine_function_is_a_span(telemetry: Telemetry, exporter: InMemorySpanExporter) -> None:
    """Tasks side by side have spans of their own, each with its own child."""

    @telemetry.start_span("work")
    async def work(number: int) -> int:
        with telemetry.start_span(f"step {number}"):
            await asyncio.sleep(0)
        return number

    async def both() -> list[int]:
        return list(await asyncio.gather(work(1), work(2)))

    assert asyncio.run(both()) == [1, 2]
    assert sorted(tree(exporter), key=str) == [("step 1", "work"), ("step 2", "work"), ("work", None), ("work", None)]


def test_a_generator_is_one_span(telemetry: Telemetry, exporter: InMemorySpanExporter) -> None:
    """From first step to last; current inside only, so that the consumer's spans are not its children."""

    @telemetry.start_span("rows")
    def rows() -> Generator[int, str, str]:
        for number in (1, 2):
            with telemetry.start_span("row"):
                received = yield number
                assert received == "next"
        return "done"

    running = rows()
    answers = [next(running)]
    with telemetry.start_span("consumer"):
        answers.append(running.send("next"))
    with pytest.raises(StopIteration, match="done"):
        running.send("next")

    assert answers == [1, 2]
    assert tree(exporter) == [("row", "rows"), ("consumer", None), ("row", "rows"), ("rows", None)]


def test_a_generator_that_is_left_early_has_not_failed(telemetry: Telemetry, exporter: InMemorySpanExporter) -> None:
    """The consumer closes it: its span ends without an error, its own cleaning up runs."""
    cleaned = []

    @telemetry.start_span("rows")
    def rows() -> Generator[int, None, None]:
        try:
            yield 1
            yield 2
        finally:
            cleaned.append(trace.get_current_span().is_recording())

    running = rows()
    next(running)
    running.close()
    (ended,) = exporter.get_finished_spans()

    assert cleaned == [True]
    assert (ended.status.status_code, ended.events) == (trace.StatusCode.UNSET, ())


def test_a_generator_that_fails_is_marked(telemetry: Telemetry, exporter: InMemorySpanExporter) -> None:
    """What the generator raises, or lets through, is recorded once and reaches the consumer."""

    @telemetry.start_span("rows")
    def rows() -> Generator[int, None, None]:
        yield 1

    running = rows()
    next(running)
    with pytest.raises(KeyError):
        running.throw(KeyError("gone"))

    (ended,) = exporter.get_finished_spans()

    assert ended.status.status_code is trace.StatusCode.ERROR
    assert len(ended.events) == 1


def test_an_asynchronous_generator_is_one_span(telemetry: Telemetry, exporter: InMemorySpanExporter) -> None:
    """As a generator; values sent in arrive, spans of the consumer stay outside."""

    @telemetry.start_span("stream")
    async def stream() -> AsyncGenerator[Any, Any]:
        with telemetry.start_span("chunk"):
            await asyncio.sleep(0)
            received = yield 1
        yield received

    async def consume() -> list[Any]:
        running = stream()
        items = [await anext(running)]
        with telemetry.start_span("consumer"):
            items.append(await running.asend("sent"))
        items.extend([item async for item in running])
        return items

    assert asyncio.run(consume()) == [1, "sent"]
    assert tree(exporter) == [("chunk", "stream"), ("consumer", None), ("stream", None)]


def test_an_asynchronous_generator_sees_what_is_thrown(telemetry: Telemetry, exporter: InMemorySpanExporter) -> None:
    """It may catch it and go on, or be closed early without an error."""

    @telemetry.start_span("stream")
    async def stream() -> AsyncGenerator[str, None]:
        try:
            yield "first"
        except LookupError:
            yield "caught"

    async def consume() -> list[str]:
        running = stream()
        items = [await anext(running), await running.athrow(LookupError())]
        await running.aclose()
        return items

    assert asyncio.run(consume()) == ["first", "caught"]
    assert [span.status.status_code for span in exporter.get_finished_spans()] == [trace.StatusCode.UNSET]
