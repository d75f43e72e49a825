"""The processor against real spans of the real SDK and the embedded Sentry."""

from __future__ import annotations

import asyncio
import contextvars
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest
from opentelemetry import trace
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider

from otel_sentry.errors import InvalidSetting
from otel_sentry.identity.context import use_wallet
from otel_sentry.otel.segments import segment_of
from otel_sentry.otel.span_processor import SentrySpanProcessor
from otel_sentry.protocol.dsn import Dsn

if TYPE_CHECKING:
    from collections.abc import Callable

    from otel_sentry.local.receiver import Receiver

ALICE = "0x52908400098527886e0f7030069857d2e4169ee7"
BOB = "0xde709f2102306220921060314715629080e2fb77"

Tracing = tuple[TracerProvider, trace.Tracer]


@pytest.fixture
def tracing(receiver: Receiver) -> Callable[..., Tracing]:
    """Makes a provider with our processor, sending to the embedded Sentry."""

    def make(**settings: Any) -> Tracing:
        provider = TracerProvider(resource=Resource({"service.name": "shop", "service.version": "1.2"}))
        provider.add_span_processor(SentrySpanProcessor(dsn=receiver.dsn, **settings))
        return provider, provider.get_tracer("app")

    return make


def values(span: dict[str, Any]) -> dict[str, Any]:
    return {name: attribute["value"] for name, attribute in span["attributes"].items()}


def by_name(receiver: Receiver) -> dict[str, dict[str, Any]]:
    return {span["name"]: span for span in receiver.spans}


def test_a_nested_trace_arrives_whole_in_one_segment(receiver: Receiver, tracing: Callable[..., Tracing]) -> None:
    """Root, child and grandchild arrive with their parents, the segment's id and its final name."""
    provider, tracer = tracing()
    with tracer.start_as_current_span("POST") as root:
        with tracer.start_as_current_span("child"), tracer.start_as_current_span("grandchild"):
            pass
        root.update_name("POST /orders/{id}")

    assert provider.force_flush(60_000)
    spans = by_name(receiver)
    ids = {name: span["span_id"] for name, span in spans.items()}
    assert {name: span.get("parent_span_id") for name, span in spans.items()} == {
        "POST /orders/{id}": None,
        "child": ids["POST /orders/{id}"],
        "grandchild": ids["child"],
    }
    assert [span["name"] for span in spans.values() if span["is_segment"]] == ["POST /orders/{id}"]
    assert {values(span)["sentry.segment.name"] for span in spans.values()} == {"POST /orders/{id}"}
    assert {values(span)["sentry.segment.id"] for span in spans.values()} == {ids["POST /orders/{id}"]}


def test_a_child_that_starts_after_its_root_has_ended_stays_in_its_segment(
    receiver: Receiver, tracing: Callable[..., Tracing]
) -> None:
    """A background task that outlives the request belongs to the request."""
    provider, tracer = tracing()
    with tracer.start_as_current_span("request"):
        late = contextvars.copy_context()
    provider.force_flush(60_000)

    late.run(lambda: tracer.start_span("background").end())

    assert provider.force_flush(60_000)
    spans = by_name(receiver)
    assert values(spans["background"])["sentry.segment.id"] == spans["request"]["span_id"]
    assert not spans["background"]["is_segment"]


def test_a_burst_of_20000_spans_loses_none_at_defaults(receiver: Receiver, tracing: Callable[..., Tracing]) -> None:
    """Twenty thousand spans as fast as they come all arrive, at most 1,000 in an envelope."""
    provider, tracer = tracing()
    for number in range(1000):
        with tracer.start_as_current_span(f"request {number}"):
            for _ in range(19):
                tracer.start_span("step").end()

    assert provider.force_flush(60_000)
    receiver.wait_for(lambda: len(receiver.spans) >= 20_000, timeout=60)
    assert len({span["span_id"] for span in receiver.spans}) == 20_000


def test_a_long_trace_is_split_into_envelopes_of_a_thousand(
    receiver: Receiver, tracing: Callable[..., Tracing]
) -> None:
    """A trace of 2,500 spans arrives whole although an envelope holds 1,000."""
    provider, tracer = tracing()
    with tracer.start_as_current_span("root"):
        for _ in range(2_499):
            tracer.start_span("step").end()

    assert provider.force_flush(60_000)
    receiver.wait_for(lambda: len(receiver.spans) >= 2_500, timeout=60)
    assert len({values(span)["sentry.segment.id"] for span in receiver.spans}) == 1


def test_a_wallet_learnt_half_way_reaches_every_span_not_yet_sent(
    receiver: Receiver, tracing: Callable[..., Tracing]
) -> None:
    """A child that ended before the wallet was known, and the root, carry it all the same."""
    provider, tracer = tracing()
    with tracer.start_as_current_span("request"):
        tracer.start_span("before").end()
        with use_wallet(ALICE):
            tracer.start_span("inside").end()

    assert provider.force_flush(60_000)
    assert {name: values(span)["user.id"] for name, span in by_name(receiver).items()} == dict.fromkeys(
        ("request", "before", "inside"), ALICE
    )


def test_other_backends_see_the_user_on_the_root_and_on_the_span_that_carries_it(
    tracing: Callable[..., Tracing],
) -> None:
    """`user.id` is stamped on both, and only there: plain OpenTelemetry, no `sentry.*`."""
    from opentelemetry.sdk.trace.export import SimpleSpanProcessor  # noqa: PLC0415
    from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter  # noqa: PLC0415

    provider, tracer = tracing()
    other = InMemorySpanExporter()
    provider.add_span_processor(SimpleSpanProcessor(other))
    with tracer.start_as_current_span("request"):
        tracer.start_span("sign in", attributes={"wallet.address": ALICE.upper().replace("0X", "0x")}).end()
        tracer.start_span("other").end()

    seen = {span.name: dict(span.attributes or {}) for span in other.get_finished_spans()}
    assert {name: attributes.get("user.id") for name, attributes in seen.items()} == {
        "sign in": ALICE,
        "other": None,
        "request": ALICE,
    }
    assert not [name for attributes in seen.values() for name in attributes if name.startswith("sentry.")]


def test_threads_and_tasks_never_see_each_others_wallet(receiver: Receiver, tracing: Callable[..., Tracing]) -> None:
    """Two hundred concurrent requests of two hundred wallets, half on threads and half on tasks, stay apart."""
    provider, tracer = tracing()
    wallets = [f"0x{number:040x}" for number in range(1, 201)]

    def request(wallet: str) -> None:
        with tracer.start_as_current_span("request", attributes={"expected": wallet}), use_wallet(wallet):
            tracer.start_span("step", attributes={"expected": wallet}).end()

    async def task(wallet: str) -> None:
        with tracer.start_as_current_span("request", attributes={"expected": wallet}):
            await asyncio.sleep(0)
            with use_wallet(wallet):
                await asyncio.sleep(0)
                tracer.start_span("step", attributes={"expected": wallet}).end()

    async def tasks() -> None:
        await asyncio.gather(*map(task, wallets[100:]))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(request, wallets[:100]))
    asyncio.run(tasks())

    assert provider.force_flush(30_000)
    receiver.wait_for(lambda: len(receiver.spans) >= 400, timeout=30)
    assert [s["name"] for s in receiver.spans if values(s)["user.id"] != values(s)["expected"]] == []
    assert len(receiver.spans) == 400


def test_the_hash_mode_sends_no_byte_of_the_wallet(receiver: Receiver, tracing: Callable[..., Tracing]) -> None:
    """With privacy `hash` neither the user nor the raw attribute shows the address."""
    provider, tracer = tracing(wallet_privacy="hash", wallet_hash_key="secret")
    with tracer.start_as_current_span("request", attributes={"wallet.address": ALICE}):
        tracer.start_span("step").end()

    assert provider.force_flush(60_000)
    assert len({values(span)["user.id"] for span in receiver.spans}) == 1
    assert ALICE[2:] not in repr(receiver.spans)


def test_unsampled_traces_stay_here_and_are_counted(receiver: Receiver, tracing: Callable[..., Tracing]) -> None:
    """At rate 0 no span leaves; the ledger knows each as `sample_rate`."""
    provider, tracer = tracing(traces_sample_rate=0.0)
    with tracer.start_as_current_span("request"):
        tracer.start_span("step").end()

    assert provider.force_flush(60_000)
    assert receiver.spans == []


def test_the_trace_header_says_what_was_decided(receiver: Receiver, tracing: Callable[..., Tracing]) -> None:
    """The dynamic sampling context names key, release, environment, segment and rate."""
    provider, tracer = tracing(environment="test", traces_sample_rate=1.0)
    with tracer.start_as_current_span("work") as span:
        dsc = segment_of(span).dsc()  # type: ignore[union-attr]

    assert provider.force_flush(60_000)
    assert {k: v for k, v in dsc.items() if k not in ("trace_id", "sample_rand")} == {
        "public_key": Dsn.parse(receiver.dsn).public_key,
        "release": "1.2",
        "environment": "test",
        "transaction": "work",
        "sample_rate": "1.0",
        "sampled": "true",
    }


def test_a_bad_setting_is_refused_at_once() -> None:
    """Who builds the processor by hand sees the mistake where it was made."""
    with pytest.raises(InvalidSetting, match=r"(?i)traces_sample_rate"):
        SentrySpanProcessor(dsn="http://key@127.0.0.1:1/1", traces_sample_rate=2)


def test_a_sentry_that_is_down_is_no_matter_to_the_application() -> None:
    """Nothing is raised, flush ends within its time, the spans are counted as lost."""
    processor = SentrySpanProcessor(dsn="http://key@127.0.0.1:1/1")
    provider = TracerProvider()
    provider.add_span_processor(processor)
    with provider.get_tracer("app").start_as_current_span("work"):
        pass

    provider.force_flush(2_000)

    assert processor.pending() == 0


def test_building_one_starts_no_thread() -> None:
    """Before the first span there is no thread and no client."""
    before = set(threading.enumerate())

    SentrySpanProcessor(dsn="http://key@127.0.0.1:1/1")

    assert set(threading.enumerate()) == before


def test_open_spans_leave_as_unfinished_at_shutdown(receiver: Receiver, tracing: Callable[..., Tracing]) -> None:
    """What is open when the process leaves is told of once, as failed; ending it later adds nothing."""
    provider, tracer = tracing()
    root = tracer.start_span("request")
    child = tracer.start_span("query", trace.set_span_in_context(root))

    provider.shutdown()
    child.end()
    root.end()

    receiver.wait_for(lambda: len(receiver.spans) == 2)
    spans = {span["name"]: span for span in receiver.plain_spans}
    assert {name: span["status"] for name, span in spans.items()} == {"request": "error", "query": "error"}
    assert {span["attributes"]["otel_sentry.unfinished"] for span in spans.values()} == {True}
    assert spans["query"]["parent_span_id"] == spans["request"]["span_id"]


def test_shutdown_without_a_span_makes_no_client() -> None:
    """A process that recorded nothing leaves without joining sentry-sdk."""
    processor = SentrySpanProcessor(dsn="http://key@127.0.0.1:1/1")

    processor.shutdown()

    assert processor._pipeline._outbox is None


@pytest.mark.parametrize("wire_format", ["span", "transaction"])
def test_no_lone_surrogate_loses_a_trace(receiver: Receiver, tracing: Callable[..., Tracing], wire_format: str) -> None:
    """In a root's name, release and environment too: what UTF-8 cannot carry is replaced, the span still goes."""
    provider, tracer = tracing(wire_format=wire_format, release="r\udcff", environment="e\udcff")
    with tracer.start_as_current_span("n\udcff"):
        pass

    assert provider.force_flush(60_000)
    assert [span["name"] for span in receiver.spans] == ["n\N{REPLACEMENT CHARACTER}"]


def test_what_only_the_bridge_can_know_is_not_taken_from_the_application(
    receiver: Receiver, tracing: Callable[..., Tracing]
) -> None:
    """`sentry.segment.*` set on a span changes nothing; a root without a name has one, its segment too."""
    provider, tracer = tracing()
    with tracer.start_as_current_span("") as root:
        tracer.start_span("child", attributes={"sentry.segment.id": "xx", "sentry.is_segment": True}).end()

    assert provider.force_flush(60_000)
    assert {values(span)["sentry.segment.id"] for span in receiver.spans} == {f"{root.get_span_context().span_id:016x}"}
    assert {values(span)["sentry.segment.name"] for span in receiver.spans} == {"<unknown>"}
