"""Traces that are kept for what happens in them (OTEL_SENTRY_KEEP), with real spans and the embedded Sentry."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import StatusCode

from otel_sentry.identity.context import use_wallet
from otel_sentry.identity.user import identity_of
from otel_sentry.otel.keeping import Keeping
from otel_sentry.otel.propagator import SentryPropagator
from otel_sentry.otel.sampler import SentrySampler
from otel_sentry.otel.segment_hold import SegmentHold
from otel_sentry.otel.segments import segment_of
from otel_sentry.otel.span_exporter import SentrySpanExporter

if TYPE_CHECKING:
    from collections.abc import Callable

    from otel_sentry.local.receiver import Receiver

WALLET = "0x52908400098527886e0f7030069857d2e4169ee7"
TRACE, CALLER = "771a43a4192642f0b136d5159a501700", "1234567890abcdef"


def request(tracer: trace.Tracer, name: str, *, fails: bool = False, seconds: float = 0.0) -> None:
    """A request with a child that may fail; it has taken so many seconds when it ends now."""
    now = time.time_ns()
    root = tracer.start_span(name, start_time=now - int(seconds * 1e9))
    with trace.use_span(root):
        child = tracer.start_span(f"{name}: child")
        if fails:
            child.set_status(StatusCode.ERROR)
        child.end()
    root.end(now)


def contexts(receiver: Receiver) -> list[dict[str, Any]]:
    """The trace headers of the envelopes with spans."""
    return [one.headers["trace"] for one in receiver.envelopes if "trace" in one.headers]


@pytest.mark.parametrize("head", [False, True], ids=["at export", "at the head"])
@pytest.mark.parametrize("wire_format", ["span", "transaction"])
def test_failed_traces_are_kept_whole(pipe: Callable[..., Any], wire_format: str, head: bool) -> None:
    """At rate 0 only the trace with the error arrives, root and child, and all other spans are counted."""
    settings = {"traces_sample_rate": 0.0, "keep": ["errors"]}
    sampler = SentrySampler(dsn="https://public@o12.ingest.sentry.io/1", **settings) if head else None
    one = pipe(sampler=sampler, wire_format=wire_format, **settings)
    request(one.tracer, "fine")
    request(one.tracer, "broken", fails=True)
    request(one.tracer, "fine too")
    arrived = one.arrived()

    transactions = one.receiver.transactions
    names = {t["transaction"] for t in transactions} | {s["description"] for t in transactions for s in t["spans"]}
    assert (names or set(arrived)) == {"broken", "broken: child"}
    assert one.lost() == {"sample_rate": 4}


def test_the_envelope_says_the_honest_rate(pipe: Callable[..., Any]) -> None:
    """Such a trace is always kept, so its rate is 1; headers keep what they said; others keep their own context."""
    one = pipe(traces_sample_rate=0.0, keep=["errors"])
    headers: dict[str, str] = {}
    with one.tracer.start_as_current_span("root") as root:
        SentryPropagator(dsn=one.receiver.dsn, traces_sample_rate=0.0).inject(headers)
        root.set_status(StatusCode.ERROR)
    one.arrived()
    (context,) = contexts(one.receiver)

    assert headers["sentry-trace"].endswith("-0")
    assert "sentry-sample_rate=0.0" in headers["baggage"]
    assert (context["sampled"], context["sample_rate"]) == ("true", "1.0")
    assert float(context["sample_rand"]) < 1.0


def test_counts_extrapolate(pipe: Callable[..., Any]) -> None:
    """Each arrived root, weighed by the inverse of its rate, gives the true numbers of failed and other requests."""
    one = pipe(traces_sample_rate=0.25, keep=["errors"])
    for number in range(800):
        request(one.tracer, "request", fails=number % 4 == 0)
    one.arrived()
    failed = {span["trace_id"] for span in one.receiver.spans if span["status"] == "error"}
    weights = {True: 0.0, False: 0.0}
    for context in contexts(one.receiver):
        weights[context["trace_id"] in failed] += 1 / float(context["sample_rate"])

    assert weights[True] == 200.0
    assert 420 <= weights[False] <= 780  # 600 expected; four standard deviations
    assert len(one.receiver.spans) + one.lost()["sample_rate"] == 1600


@pytest.mark.parametrize(
    ("rule", "kept"),
    [
        pytest.param("slow:2s", {"slow"}, id="slow"),
        pytest.param(f"wallet:{WALLET}", {"paid"}, id="wallet"),
        pytest.param("errors,slow:1m", {"broken"}, id="several"),
    ],
)
def test_rules(pipe: Callable[..., Any], rule: str, kept: set[str]) -> None:
    """Slow roots, named wallets and failures are kept, each by its rule."""
    one = pipe(traces_sample_rate=0.0, keep=rule)
    request(one.tracer, "slow", seconds=2.0)
    request(one.tracer, "fast", seconds=1.9)
    request(one.tracer, "broken", fails=True)
    with use_wallet(WALLET.upper().replace("X", "x")):
        request(one.tracer, "paid")
    with one.tracer.start_as_current_span("unpaid", attributes={"wallet.address": "0x" + "12" * 20}):
        pass

    assert {name for name in one.arrived() if ":" not in name} == kept


def test_a_recorded_exception_is_an_error(pipe: Callable[..., Any]) -> None:
    """Also where it was handled and the span did not fail."""
    one = pipe(traces_sample_rate=0.0, keep=["errors"])
    with one.tracer.start_as_current_span("root") as root:
        root.record_exception(ValueError("boom"))

    assert set(one.arrived()) == {"root"}


def test_a_trace_that_its_caller_drops_is_kept_here(pipe: Callable[..., Any]) -> None:
    """This process keeps its own part; its envelopes say so."""
    one = pipe(keep=["errors"])
    caller = SentryPropagator(dsn=one.receiver.dsn).extract({"sentry-trace": f"{TRACE}-{CALLER}-0"})
    with one.tracer.start_as_current_span("root", caller) as root:
        root.set_status(StatusCode.ERROR)
    arrived = one.arrived()

    assert arrived["root"]["trace_id"] == TRACE
    assert [one["sampled"] for one in contexts(one.receiver)] == ["true"]


def test_a_flush_does_not_decide_on_open_traces(pipe: Callable[..., Any]) -> None:
    """What may yet be kept goes on waiting; its root's end decides."""
    one = pipe(traces_sample_rate=0.0, keep=["errors"])
    with one.tracer.start_as_current_span("root") as root:
        one.tracer.start_span("child").end()
        assert one.provider.force_flush(20_000)
        assert one.receiver.spans == []
        root.set_status(StatusCode.ERROR)

    assert set(one.arrived()) == {"root", "child"}


def test_spans_that_end_after_their_root_follow_it(pipe: Callable[..., Any]) -> None:
    """A background task of a kept trace arrives, one of a dropped trace is counted."""
    one = pipe(traces_sample_rate=0.0, keep=["errors"])
    late = []
    for name in ("broken", "fine"):
        with one.tracer.start_as_current_span(name) as root:
            late.append(one.tracer.start_span(f"after {name}"))
            if name == "broken":
                root.set_status(StatusCode.ERROR)
    for span in late:
        span.end()

    assert set(one.arrived()) == {"broken", "after broken"}
    assert one.lost() == {"sample_rate": 2}


def test_open_traces_are_decided_on_at_the_end(pipe: Callable[..., Any]) -> None:
    """At shutdown unfinished roots count as failed (they are cancelled), and nothing is forgotten."""
    one = pipe(traces_sample_rate=0.0, keep=["errors"])
    root = one.tracer.start_span("root")
    with trace.use_span(root):
        one.tracer.start_span("child").end()

    assert set(one.arrived()) == {"root", "child"}


def test_without_room_what_is_known_decides(pipe: Callable[..., Any]) -> None:
    """The oldest gives way: kept if it has failed already, else by its rate, and counted as such."""
    one = pipe(traces_sample_rate=0.0)
    keeping = Keeping(["errors"], identity_of)
    consumer = one.processor._pipeline.consumer()
    hold = SegmentHold(one.processor._pipeline, consumer, keeping=keeping, delay_seconds=1, max_spans=1)
    roots = [one.tracer.start_span(f"root {number}") for number in range(3)]
    for number, root in enumerate(roots):
        with trace.use_span(root):
            child = one.tracer.start_span("child")
            if number == 1:
                child.set_status(StatusCode.ERROR)
            child.end()
            hold.add(child._readable_span(), segment_of(root))
    segments = [segment_of(root) for root in roots]

    assert [one.final.sampled if one and one.final else None for one in segments] == [False, True, None]
    assert consumer.pending() == 1
    assert one.lost() == {"sample_rate": 3, "buffer_overflow": 1}  # the processor counted all three for itself
    assert keeping.room == pytest.approx(2 / 3)


def test_the_share_of_traces_with_room_is_the_recent_one(pipe: Callable[..., Any]) -> None:
    """Old shortage counts ever less."""
    keeping = Keeping(["errors"], identity_of)
    one = pipe()
    with one.tracer.start_as_current_span("root") as root:
        pass
    segment = segment_of(root)
    assert segment is not None
    ended = [root._readable_span()]
    for _ in range(100):
        keeping.final(segment, None, ended, no_room=True)
    poor = keeping.room
    for _ in range(30_000):
        keeping.final(segment, ended[0], ended, no_room=False)

    assert poor < 0.02
    assert keeping.room > 0.99


def test_the_exporter_alone_keeps_the_same(pipe: Callable[..., Any], receiver: Receiver) -> None:
    """Under a stock processor the segment is put together first, then decided on."""
    other = InMemorySpanExporter()
    one = pipe(traces_sample_rate=0.0)
    one.provider.add_span_processor(SimpleSpanProcessor(other))
    request(one.tracer, "fine")
    request(one.tracer, "broken", fails=True)
    exporter = SentrySpanExporter(dsn=receiver.dsn, traces_sample_rate=0.0, keep=["errors"])
    exporter.export(other.get_finished_spans())
    exporter.shutdown()
    receiver.wait_for(lambda: len(receiver.spans) >= 2)

    assert {span["name"] for span in receiver.spans} == {"broken", "broken: child"}
