"""To whom the propagator speaks, of what, and what it says where Sentry sees no spans."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest
from opentelemetry import baggage as otel_baggage
from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF
from opentelemetry.trace import SpanKind, set_span_in_context
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from otel_sentry.identity.context import use_wallet
from otel_sentry.otel.propagator import SentryPropagator
from otel_sentry.otel.span_processor import SentrySpanProcessor
from otel_sentry.propagation.baggage import parse_baggage
from otel_sentry.propagation.sentry_trace import parse_sentry_trace

if TYPE_CHECKING:
    from otel_sentry.local.receiver import Receiver

TRACE = "771a43a4192642f0b136d5159a501700"
SPAN = "1234567890abcdef"
WALLET = "0x52908400098527886e0f7030069857d2e4169ee7"
DSN = "https://public@o12.ingest.sentry.io/1"


@pytest.fixture
def tracer(receiver: Receiver) -> Iterator[trace.Tracer]:
    """A tracer whose spans our processor sees."""
    provider = TracerProvider()
    provider.add_span_processor(SentrySpanProcessor(dsn=receiver.dsn, release="app@1", environment="test"))
    yield provider.get_tracer("test")
    provider.shutdown()


@pytest.fixture
def plain() -> trace.Tracer:
    """A tracer without any processor."""
    return TracerProvider().get_tracer("test")


def propagator(**keywords: Any) -> SentryPropagator:
    """Ours, by keywords alone."""
    return SentryPropagator(**{"dsn": DSN, "release": "app@1", "environment": "test", **keywords})


def injected(one: Any, context: Context | None = None, carrier: dict[str, Any] | None = None) -> dict[str, Any]:
    """What a propagator writes."""
    carrier = {} if carrier is None else carrier
    one.inject(carrier, context)
    return carrier


def client(tracer: trace.Tracer, url: str) -> Any:
    """A client span that calls `url`, as the current one."""
    return tracer.start_as_current_span("GET", kind=SpanKind.CLIENT, attributes={"url.full": url})


class TestTargets:
    def test_only_targets_get_headers(self, tracer: trace.Tracer) -> None:
        """Headers go to named addresses; neither trace nor baggage to others."""
        one = propagator(trace_propagation_targets=["https://api.example.com"])
        with client(tracer, "https://api.example.com/x"):
            named = injected(one, otel_baggage.set_baggage("a", "1"))
        with client(tracer, "https://other.example.com/?u=https://api.example.com"):
            other = injected(one, otel_baggage.set_baggage("a", "1"))

        assert set(named) == {"sentry-trace", "baggage"}
        assert other == {}

    def test_unknown_addresses_get_nothing_when_targets_are_set(self, tracer: trace.Tracer) -> None:
        """Where the request goes must be known."""
        with tracer.start_as_current_span("no client span"):
            assert injected(propagator(trace_propagation_targets=["/.*/"])) == {}
            assert injected(propagator()) != {}

    def test_an_empty_list_is_nobody(self, tracer: trace.Tracer) -> None:
        """Targets may be set to nothing."""
        with client(tracer, "https://api.example.com/x"):
            assert injected(propagator(trace_propagation_targets=[])) == {}

    @pytest.mark.parametrize(
        ("url", "sent"),
        [
            pytest.param("https://o12.ingest.sentry.io/api/1/envelope/", False, id="Sentry"),
            pytest.param("http://o12.ingest.sentry.io/", False, id="Sentry by http"),
            pytest.param("https://o12.ingest.sentry.io:8443/", True, id="another port"),
            pytest.param("https://api.example.com/?to=o12.ingest.sentry.io", True, id="Sentry in the query"),
        ],
    )
    def test_sentry_gets_no_headers(self, tracer: trace.Tracer, url: str, sent: bool) -> None:
        """The DSN's host and port are nobody's target."""
        with client(tracer, url):
            assert bool(injected(propagator(trace_propagation_targets=["/.*/"]))) is sent


class TestWallet:
    def test_the_wallet_stays_at_home(self, tracer: trace.Tracer) -> None:
        """Baggage that is named like a wallet or holds the user's is not sent; the rest is."""
        context = otel_baggage.set_baggage("wallet.address", WALLET)
        context = otel_baggage.set_baggage("who", WALLET.upper(), context)
        context = otel_baggage.set_baggage("tenant", "a", context)
        with use_wallet(WALLET), client(tracer, "https://api.example.com/") as span:
            carrier = injected(propagator(), set_span_in_context(span, context))

        assert set(parse_baggage(carrier["baggage"]).foreign) == {"tenant"}

    def test_named_hosts_get_it(self, tracer: trace.Tracer) -> None:
        """A named host gets the wallet of the user at hand, others do not."""
        one = propagator(wallet_baggage=["*.example.com"])
        with use_wallet(WALLET, name="alice.eth", chain=1):
            with client(tracer, "https://api.example.com/"):
                named = parse_baggage(injected(one)["baggage"]).foreign
            with client(tracer, "https://api.example.org/"):
                other = parse_baggage(injected(one)["baggage"]).foreign

        assert {key: member.value for key, member in named.items()} == {
            "wallet.address": WALLET,
            "wallet.chain": "eip155:1",
            "wallet.name": "alice.eth",
        }
        assert other == {}

    def test_privacy_holds_for_baggage_too(self, tracer: trace.Tracer) -> None:
        """A named host sees what the privacy mode leaves of the wallet that the application put into baggage."""
        one = propagator(wallet_baggage=["api.example.com"], wallet_privacy="short")
        with client(tracer, "https://api.example.com/") as span:
            context = otel_baggage.set_baggage("wallet.address", WALLET, set_span_in_context(span, Context()))
            sent = parse_baggage(injected(one, context)["baggage"]).foreign

        assert sent["wallet.address"].value == "0x5290…9ee7"

    def test_nobody_is_nobody(self, tracer: trace.Tracer) -> None:
        """Without a wallet a named host gets none."""
        with client(tracer, "https://api.example.com/"):
            carrier = injected(propagator(wallet_baggage=["api.example.com"]))

        assert parse_baggage(carrier["baggage"]).foreign == {}


class TestWithoutSegment:
    def test_head_of_a_trace(self, plain: trace.Tracer) -> None:
        """Without our processor the head's context comes from the settings."""
        with plain.start_as_current_span("root") as span:
            carrier = injected(propagator(traces_sample_rate=1.0))
        here = span.get_span_context()

        assert parse_sentry_trace(carrier["sentry-trace"]) == (here.trace_id, here.span_id, True)
        dsc = dict(parse_baggage(carrier["baggage"]).sentry)
        assert dsc.pop("sample_rand")
        assert dsc == {
            "trace_id": f"{here.trace_id:032x}",
            "public_key": "public",
            "org_id": "12",
            "release": "app@1",
            "environment": "test",
            "sampled": "true",
            "sample_rate": "1.0",
        }

    def test_a_callers_context_goes_on(self, plain: trace.Tracer) -> None:
        """A continued trace keeps the caller's context."""
        one = propagator()
        header = f"sentry-trace_id={TRACE},sentry-sample_rate=0.5,sentry-sample_rand=0.750000"
        context = one.extract({"sentry-trace": f"{TRACE}-{SPAN}-0", "baggage": header})
        with plain.start_as_current_span("root", context) as span:
            carrier = injected(one, set_span_in_context(span, context))

        assert carrier["sentry-trace"].endswith("-0")
        assert parse_baggage(carrier["baggage"]).sentry == parse_baggage(header).sentry

    def test_spans_that_a_sampler_dropped_say_so(self) -> None:
        """A foreign sampler's no is told to the next hop; its rate is not known."""
        tracer = TracerProvider(sampler=ALWAYS_OFF).get_tracer("test")
        with tracer.start_as_current_span("root"):
            carrier = injected(propagator(traces_sample_rate=1.0))
        dsc = parse_baggage(carrier["baggage"]).sentry

        assert carrier["sentry-trace"].endswith("-0")
        assert dsc["sampled"] == "false"
        assert "sample_rate" not in dsc

    def test_a_no_of_our_own_rate_has_its_rate(self) -> None:
        """Where our rate says no as well, it is told."""
        tracer = TracerProvider(sampler=ALWAYS_OFF).get_tracer("test")
        with tracer.start_as_current_span("root"):
            carrier = injected(propagator(traces_sample_rate=0.0))

        assert parse_baggage(carrier["baggage"]).sentry["sample_rate"] == "0.0"

    def test_a_function_decides_elsewhere(self, plain: trace.Tracer) -> None:
        """What `traces_sampler` will say of a span that nobody saw is not guessed."""
        with plain.start_as_current_span("root"):
            carrier = injected(propagator(traces_sampler=lambda _: 1.0))

        assert carrier["sentry-trace"].count("-") == 1
        assert "sampled" not in parse_baggage(carrier["baggage"]).sentry

    def test_a_caller_without_span_of_ours_is_handed_on(self) -> None:
        """Where the current span is the caller's, its headers go on as they came."""
        one = propagator()
        carrier = {"sentry-trace": f"{TRACE}-{SPAN}-1", "baggage": "sentry-release=front,tenant=a;p=1"}

        assert injected(one, one.extract(carrier)) == carrier

    def test_a_w3c_caller_gets_nothing_from_us(self) -> None:
        """A trace that began outside Sentry and has no span here is left alone."""
        context = TraceContextTextMapPropagator().extract({"traceparent": f"00-{TRACE}-{SPAN}-01"})

        assert injected(propagator(), context) == {}


def test_a_forwarded_message_is_not_doubled(tracer: trace.Tracer) -> None:
    """A list of pairs, as Kafka's clients have it, holds each header once, whatever it held before."""

    class Pairs:
        def set(self, carrier: list[tuple[str, bytes]], key: str, value: str) -> None:
            carrier.append((key, value.encode()))

    message = [
        ("sentry-trace", f"{TRACE}-{SPAN}-0".encode()),
        ("baggage", b"a=1,sentry-release=old"),
        ("key", b"v"),
    ]
    with tracer.start_as_current_span("root") as span:
        propagator().inject(message, setter=Pairs())
    headers = dict(message)

    assert [name for name, _ in message] == ["key", "sentry-trace", "baggage"]
    assert f"{span.get_span_context().trace_id:032x}" in headers["sentry-trace"].decode()
    assert parse_baggage(headers["baggage"].decode()).foreign.keys() == {"a"}
    assert parse_baggage(headers["baggage"].decode()).sentry["release"] == "app@1"


class TestWithoutSentry:
    def test_nothing_of_ours_is_sent(self, plain: trace.Tracer) -> None:
        """Where Sentry is not chosen, a trace that begins here has no header of Sentry."""
        with plain.start_as_current_span("root"):
            assert injected(propagator(traces_exporters=["otlp"])) == {}
            assert injected(SentryPropagator(dsn=None)) == {}

    def test_a_caller_is_handed_on(self, plain: trace.Tracer) -> None:
        """A caller's other callees stay joined: its headers go on with its own span as parent."""
        one = propagator(traces_exporters=["otlp"])
        carrier = {"sentry-trace": f"{TRACE}-{SPAN}", "baggage": f"sentry-trace_id={TRACE}"}
        context = one.extract(carrier)
        with plain.start_as_current_span("root", context) as span:
            assert injected(one, set_span_in_context(span, context)) == carrier

    @pytest.mark.parametrize(
        "keywords",
        [
            pytest.param({"errors_only": True}, id="errors only"),
            pytest.param({"traces_exporters": ["otlp"], "logs_exporters": ["sentry"]}, id="logs only"),
            pytest.param({"traces_exporters": ["otlp"], "metrics_exporters": ["sentry"]}, id="metrics only"),
        ],
    )
    def test_issues_and_logs_link_traces(self, plain: trace.Tracer, keywords: dict[str, Any]) -> None:
        """Where only issues, logs or metrics go to Sentry, the trace is told and the decision stays open."""
        with plain.start_as_current_span("root") as span:
            carrier = injected(propagator(**keywords))
        here = span.get_span_context()

        assert carrier["sentry-trace"] == f"{here.trace_id:032x}-{here.span_id:016x}"
        assert "sampled" not in parse_baggage(carrier["baggage"]).sentry
