"""What propagator and head sampler leave for the segment of a local root, with real spans."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from opentelemetry.context import Context
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.id_generator import RandomIdGenerator

from otel_sentry.delivery.outbox import OutgoingEnvelope
from otel_sentry.otel.pipeline import Pipeline
from otel_sentry.otel.propagator import SentryPropagator
from otel_sentry.otel.sampler import SentrySampler
from otel_sentry.otel.segments import segment_of
from otel_sentry.otel.span_processor import SentrySpanProcessor
from otel_sentry.settings.settings import Settings

DSN = "https://public@o12.ingest.sentry.io/1"
TRACE = "771a43a4192642f0b136d5159a501700"
SPAN = "1234567890abcdef"


class Nowhere:
    """An outbox without a door."""

    def send(self, envelope: object) -> None:
        """Forget it."""

    def send_all(self, envelopes: Any) -> None:
        for envelope in envelopes:
            self.send(envelope)

    def lost(self, reason: object, category: object, quantity: int) -> None:
        """Forget it too."""

    def flush(self, timeout: float) -> bool:
        return True

    def close(self, timeout: float) -> bool:
        return True


class Books(Nowhere):
    """Keeps what is sent and counts what is lost."""

    def __init__(self) -> None:
        self.sent: list[OutgoingEnvelope] = []
        self.losses = 0

    def send(self, envelope: OutgoingEnvelope) -> None:  # type: ignore[override] # what it really is
        self.sent.append(envelope)

    def lost(self, reason: object, category: object, quantity: int) -> None:
        self.losses += quantity


class Foreign:
    """A span behind front doors only: none of the SDK's own fields."""

    def __init__(self, span: Any) -> None:
        self.inner = span

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        return getattr(self.inner, name)


@pytest.fixture
def providers() -> Iterator[list[TracerProvider]]:
    """Providers that are shut down at the end."""
    made: list[TracerProvider] = []
    yield made
    for one in made:
        one.shutdown()


def provider(made: list[TracerProvider], sampler: Any = None, **settings: Any) -> TracerProvider:
    """A provider with our processor."""
    one = TracerProvider(sampler=sampler)
    one.add_span_processor(SentrySpanProcessor(dsn=DSN, outbox=Nowhere(), **settings))
    made.append(one)
    return one


def test_a_function_is_asked_once(providers: list[TracerProvider]) -> None:
    """The head sampler's verdict is the segment's; the function is not asked again."""
    answers = iter([1.0, 0.0])
    settings: dict[str, Any] = {"traces_sampler": lambda _: next(answers)}
    sampler = SentrySampler(dsn=DSN, **settings)
    with provider(providers, sampler, **settings).get_tracer("test").start_as_current_span("root") as span:
        segment = segment_of(span)

    assert segment is not None
    assert segment.verdict.sampled is True
    assert next(answers) == 0.0


def test_a_function_is_asked_at_export_too(providers: list[TracerProvider]) -> None:
    """Without head sampler the segment's own question has the same context."""
    seen: list[Any] = []

    def rate_of(context: dict[str, Any]) -> float:
        seen.append(context["transaction_context"])
        return 0.0

    caller = SentryPropagator(dsn=DSN).extract({"sentry-trace": f"{TRACE}-{SPAN}-1"})
    tracer = provider(providers, traces_sampler=rate_of).get_tracer("test")
    with tracer.start_as_current_span("GET /", caller, attributes={"http.route": "/"}) as span:
        segment = segment_of(span)

    assert segment is not None
    assert segment.verdict.sampled is False
    assert [(one["name"], one["data"], one["parent_span_id"]) for one in seen] == [("GET /", {"http.route": "/"}, SPAN)]


@pytest.mark.parametrize("roots_before", [0, 1])
def test_a_refused_trace_is_linked(providers: list[TracerProvider], roots_before: int) -> None:
    """A new root links to the trace of another organisation; its children do not."""
    caller = SentryPropagator(dsn=DSN).extract({"sentry-trace": f"{TRACE}-{SPAN}-1", "baggage": "sentry-org_id=13"})
    tracer = provider(providers).get_tracer("test")
    for _ in range(roots_before):
        tracer.start_span("another root").end()
    with (
        tracer.start_as_current_span("root", caller) as root,
        tracer.start_as_current_span("child") as child,
    ):
        pass
    (link,) = root.links  # type: ignore[attr-defined]  # a span of the SDK

    assert root.get_span_context().trace_id != int(TRACE, 16)
    assert (link.context.trace_id, link.context.span_id) == (int(TRACE, 16), int(SPAN, 16))
    assert not child.links  # type: ignore[attr-defined]  # the same


def test_a_function_is_not_asked_about_spans_whose_start_was_not_seen(providers: list[TracerProvider]) -> None:
    """The head sampler's verdict reaches a child that was open before our processor came."""
    asked: list[str] = []

    def rate_of(context: dict[str, Any]) -> float:
        asked.append(context["transaction_context"]["name"])
        return 1.0 if asked[-1] == "root" else 0.0

    books = Books()
    one = TracerProvider(sampler=SentrySampler(dsn=DSN, traces_sampler=rate_of))
    providers.append(one)
    tracer = one.get_tracer("test")
    with tracer.start_as_current_span("root"), tracer.start_as_current_span("child"):
        one.add_span_processor(SentrySpanProcessor(dsn=DSN, outbox=books, traces_sampler=rate_of))
    one.force_flush()

    assert asked == ["root"]
    assert [(sent.headers["trace"]["sampled"], sent.quantity) for sent in books.sent] == [("true", 2)]


def test_roots_of_somebody_elses_making(providers: list[TracerProvider]) -> None:
    """Each begins a segment, also those that are begun in few calls."""
    books = Books()
    processor = SentrySpanProcessor(dsn=DSN, outbox=books)
    tracer = provider(providers).get_tracer("test")
    roots: list[Any] = [Foreign(tracer.start_span(f"root {number}")) for number in range(3)]
    for root in roots:
        processor.on_start(root)
        root.end()
        processor.on_end(root)
    processor.force_flush()
    processor.shutdown()

    assert all(segment_of(root) is not None for root in roots)
    assert sum(sent.quantity for sent in books.sent) == 3
    assert books.losses == 0


def test_a_root_that_begins_while_settings_change(
    providers: list[TracerProvider], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A function that has been set is asked, whenever."""
    pipeline = Pipeline(Settings.from_env(dsn=DSN), Books)
    tracer = provider(providers).get_tracer("test")
    context = Context()

    def new_verdict() -> bool:
        root: Any = tracer.start_span("root", context)
        return pipeline.new_segment(root, context).verdict.sampled

    before = [new_verdict(), new_verdict()]
    meanwhile: list[bool] = []
    describe = pipeline._describe
    monkeypatch.setattr(pipeline, "_describe", lambda resource: (meanwhile.append(new_verdict()), describe(resource)))
    pipeline.adopt(Settings.from_env(dsn=DSN, traces_sampler=lambda _: 0.0))

    assert before == [True, True]
    assert meanwhile == [False]
    assert new_verdict() is False


def test_local_roots_of_one_trace_share_their_verdict(providers: list[TracerProvider]) -> None:
    """Also where ids are not drawn, so that a root without a caller may belong to a trace that is known."""

    class OneTrace(RandomIdGenerator):
        def generate_trace_id(self) -> int:
            return 0xA

    one = TracerProvider(id_generator=OneTrace())
    processor = SentrySpanProcessor(dsn=DSN, outbox=Nowhere())
    one.add_span_processor(processor)
    providers.append(one)
    tracer = one.get_tracer("test")
    for _ in range(2):
        with tracer.start_as_current_span("root") as span:
            segment = segment_of(span)
            assert segment is not None
            segment.dsc()  # it has been told
    processor.adopt(Settings.from_env(dsn=DSN, traces_sample_rate=0.0))
    with tracer.start_as_current_span("late root") as span:
        late = segment_of(span)

    assert late is not None
    assert late.verdict.sampled is True


def test_a_continued_trace_has_no_link(providers: list[TracerProvider]) -> None:
    """Joining is enough."""
    caller = SentryPropagator(dsn=DSN).extract({"sentry-trace": f"{TRACE}-{SPAN}-1"})
    with provider(providers).get_tracer("test").start_as_current_span("root", caller) as root:
        pass

    assert not root.links  # type: ignore[attr-defined]  # a span of the SDK
    assert root.get_span_context().trace_id == int(TRACE, 16)
