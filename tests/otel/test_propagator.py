"""The propagator with real spans of the real SDK and our processor."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest
from opentelemetry import baggage as otel_baggage
from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.instrumentation.utils import suppress_instrumentation
from opentelemetry.propagators.composite import CompositePropagator
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.trace import SpanKind, get_current_span, set_span_in_context
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from otel_sentry.otel.propagator import SentryPropagator
from otel_sentry.otel.segments import segment_of
from otel_sentry.otel.span_processor import SentrySpanProcessor
from otel_sentry.propagation.baggage import MAX_BYTES, parse_baggage
from otel_sentry.propagation.sentry_trace import parse_sentry_trace
from otel_sentry.propagation.trace import incoming_trace, unjoined_trace
from otel_sentry.settings.settings import Settings

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


class TestInject:
    def test_head_of_a_trace(self, tracer: trace.Tracer) -> None:
        """The head sends its own span, the verdict, and the context that its segment froze."""
        with tracer.start_as_current_span("root") as span:
            carrier = injected(propagator())
        segment = segment_of(span)
        assert segment is not None
        here = span.get_span_context()

        assert parse_sentry_trace(carrier["sentry-trace"]) == (here.trace_id, here.span_id, True)
        assert parse_baggage(carrier["baggage"]).sentry == segment.dsc()

    def test_a_child_sends_itself_and_the_traces_context(self, tracer: trace.Tracer) -> None:
        """Every hop of a trace sends the same context, with its own span as parent."""
        with tracer.start_as_current_span("root"):
            first = injected(propagator())
            with tracer.start_as_current_span("child") as child:
                second = injected(propagator())

        assert first["baggage"] == second["baggage"]
        assert f"{child.get_span_context().span_id:016x}" in second["sentry-trace"]

    @pytest.mark.parametrize("flag", ["-0", "-1"])
    def test_a_callers_decision_and_context_go_on(self, tracer: trace.Tracer, flag: str) -> None:
        """What a caller decided is told to the next hop, with its context as it came."""
        rand = "0.750000" if flag == "-0" else "0.250000"
        header = f"sentry-trace_id={TRACE},sentry-sample_rate=0.5,sentry-sample_rand={rand},sentry-release=front"
        context = propagator().extract({"sentry-trace": f"{TRACE}-{SPAN}{flag}", "baggage": header})
        with tracer.start_as_current_span("root", context) as span:
            carrier = injected(propagator())

        assert carrier["sentry-trace"] == f"{TRACE}-{span.get_span_context().span_id:016x}{flag}"
        assert parse_baggage(carrier["baggage"]).sentry == parse_baggage(header).sentry
        assert span.get_span_context().trace_flags & 1

    def test_an_empty_context_stays_empty(self, tracer: trace.Tracer) -> None:
        """A caller without baggage freezes the context empty: nothing of ours is added."""
        context = propagator().extract({"sentry-trace": f"{TRACE}-{SPAN}-1"})
        with tracer.start_as_current_span("root", context):
            carrier = injected(propagator())

        assert set(carrier) == {"sentry-trace"}

    def test_twice_is_once(self, tracer: trace.Tracer) -> None:
        """Injecting again changes nothing."""
        with tracer.start_as_current_span("root"):
            context = otel_baggage.set_baggage("tenant", "a b")
            carrier = injected(propagator(), context)
            again = injected(propagator(), context, dict(carrier))

        assert carrier == again

    def test_no_span_no_trace(self) -> None:
        """Outside any span only the application's baggage is sent."""
        assert injected(propagator(), otel_baggage.set_baggage("a", "1", Context())) == {"baggage": "a=1"}
        assert injected(propagator(), Context()) == {}

    def test_telemetrys_own_requests_carry_nothing(self, tracer: trace.Tracer) -> None:
        """Where instrumentation is suppressed nothing is written."""
        with tracer.start_as_current_span("root"), suppress_instrumentation():
            assert injected(propagator()) == {}

    def test_carriers_that_refuse_do_no_harm(self, tracer: trace.Tracer) -> None:
        """A setter that raises is the carrier's problem."""

        class Sealed(dict[str, str]):
            def __setitem__(self, *_: object) -> None:
                raise RuntimeError

        with tracer.start_as_current_span("root"):
            assert injected(propagator(), carrier=Sealed()) == {}

    def test_what_does_not_fit_is_counted(self, tracer: trace.Tracer) -> None:
        """Members beyond the limits are left out and counted; the trace still goes on."""
        one = propagator()
        with tracer.start_as_current_span("root"):
            carrier = injected(one, otel_baggage.set_baggage("big", "x" * MAX_BYTES))

        assert one.dropped_members == 1
        assert parse_baggage(carrier["baggage"]).sentry["sampled"] == "true"

    def test_fields(self) -> None:
        """The two headers are what it writes."""
        assert propagator().fields == {"sentry-trace", "baggage"}


class TestExtract:
    @pytest.mark.parametrize(
        "values",
        [
            pytest.param(lambda text: text, id="text"),
            pytest.param(lambda text: [text], id="list"),
            pytest.param(lambda text: text.encode(), id="bytes"),
            pytest.param(lambda text: [text.encode()], id="list of bytes"),
            pytest.param(lambda text: bytearray(text, "ascii"), id="bytearray"),
        ],
    )
    def test_carriers(self, values: Any) -> None:
        """Headers of HTTP, Celery and Kafka are read alike."""
        carrier = {"sentry-trace": values(f"{TRACE}-{SPAN}-1"), "baggage": values("sentry-release=1,a=b")}
        context = propagator().extract(carrier)
        incoming = incoming_trace(context)

        assert incoming is not None
        assert incoming.dsc == {"release": "1"}
        assert dict(otel_baggage.get_all(context)) == {"a": "b"}

    @pytest.mark.parametrize("order", [1, -1], ids=["tracecontext first", "ours first"])
    def test_both_worlds(self, order: int) -> None:
        """With both headers of one trace, W3C rules OpenTelemetry and Sentry's rules Sentry, in any order."""
        both = [TraceContextTextMapPropagator(), propagator()][::order]
        carrier = {"traceparent": f"00-{TRACE}-{'c' * 16}-00", "sentry-trace": f"{TRACE}-{SPAN}-1"}
        context = CompositePropagator(both).extract(carrier)
        here = get_current_span(context).get_span_context()
        incoming = incoming_trace(context)

        assert (f"{here.span_id:016x}", here.trace_flags & 1) == ("c" * 16, 0)
        assert incoming is not None
        assert incoming.sampled is True

    @pytest.mark.parametrize(
        ("exporters", "trace_id"),
        [pytest.param(None, TRACE, id="Sentry alone"), pytest.param(["sentry", "otlp"], "d" * 32, id="beside OTLP")],
    )
    def test_two_traces(self, exporters: list[str] | None, trace_id: str) -> None:
        """Of two different traces the one that more backends read goes on; the other is linked."""
        both = CompositePropagator([TraceContextTextMapPropagator(), propagator(traces_exporters=exporters)])
        context = both.extract({"traceparent": f"00-{'d' * 32}-{'c' * 16}-01", "sentry-trace": f"{TRACE}-{SPAN}-1"})
        unjoined = unjoined_trace(context)

        assert f"{get_current_span(context).get_span_context().trace_id:032x}" == trace_id
        assert unjoined is not None
        assert f"{unjoined.trace_id:032x}" != trace_id

    def test_strangers_are_linked_not_joined(self) -> None:
        """Another organisation's trace is refused and remembered."""
        context = propagator().extract({"sentry-trace": f"{TRACE}-{SPAN}-1", "baggage": "sentry-org_id=13"})

        assert not get_current_span(context).get_span_context().is_valid
        assert unjoined_trace(context) is not None

    def test_sentrys_members_leave_opentelemetrys_baggage(self) -> None:
        """Nobody else forwards Sentry's members: they are not in OpenTelemetry's baggage, even if another put them."""
        before = otel_baggage.set_baggage("sentry-trace_id", "1", Context())

        assert dict(otel_baggage.get_all(propagator().extract({"baggage": "sentry-a=1,b=2"}, before))) == {"b": "2"}

    def test_nothing_comes_of_nothing(self) -> None:
        """Without headers the context stays as it is."""
        context = Context({"some": "value"})

        assert propagator().extract({}, context) == context
        assert propagator().extract({}) == Context()

    @pytest.mark.parametrize(
        "carrier",
        [
            pytest.param({"sentry-trace": "x" * 1_000_000, "baggage": "y" * 1_000_000}, id="1 MB"),
            pytest.param({"sentry-trace": f"{TRACE}-{SPAN}-1\r\n\r\n", "baggage": "a=b\r\nc: d"}, id="CRLF"),
            pytest.param({"sentry-trace": "\x00", "baggage": "a=\x00"}, id="NUL"),
            pytest.param({"sentry-trace": f"{'0' * 32}-{'0' * 16}-1", "baggage": "a=%zz"}, id="zeros"),
            pytest.param({"sentry-trace": {"a": 1}, "baggage": object()}, id="no text"),
            pytest.param({"sentry-trace": [None, 1, "x"], "baggage": [256, -1]}, id="lists of anything"),
            pytest.param({"sentry-trace": b"\xff\xfe", "baggage": b"\xff"}, id="bytes that are no text"),
        ],
    )
    def test_hostile_headers(self, plain: trace.Tracer, carrier: dict[str, Any]) -> None:
        """Bad headers begin a new trace, and nothing of them goes out again."""
        one = propagator()
        context = one.extract(carrier)
        with plain.start_as_current_span("root", context) as span:
            sent = injected(one, set_span_in_context(span, context))

        assert incoming_trace(context) is None
        assert all(text.isprintable() and len(text) < MAX_BYTES for text in sent.values())
        assert parse_baggage(sent["baggage"]).foreign == {}

    def test_getters_that_raise(self) -> None:
        """A broken getter is a request without headers."""

        class Broken:
            def get(self, carrier: object, key: str) -> list[str]:
                raise LookupError

            def keys(self, carrier: object) -> list[str]:
                return []

        assert propagator().extract({}, None, Broken()) == Context()  # type: ignore[arg-type]  # broken on purpose


class TestSettings:
    def test_the_environment_is_read_at_first_use(self, monkeypatch: pytest.MonkeyPatch, plain: trace.Tracer) -> None:
        """The entry point is built before the application has set its variables."""
        one = SentryPropagator()
        monkeypatch.setenv("SENTRY_DSN", DSN)
        monkeypatch.setenv("SENTRY_RELEASE", "late@1")
        with plain.start_as_current_span("root"):
            carrier = injected(one)

        assert parse_baggage(carrier["baggage"]).sentry["release"] == "late@1"

    @pytest.mark.parametrize("keywords", [{"dsn": "nonsense"}, {"no_such_setting": 1}])
    def test_a_mistake_is_one_error_line(
        self, caplog: pytest.LogCaptureFixture, plain: trace.Tracer, keywords: dict[str, Any]
    ) -> None:
        """Settings that cannot be used are logged once; then no header is written, and callers are still continued."""
        one = SentryPropagator(**keywords)
        with caplog.at_level(logging.ERROR), plain.start_as_current_span("root"):
            assert injected(one, otel_baggage.set_baggage("a", "1")) == {}
            assert injected(one) == {}
        context = one.extract({"sentry-trace": f"{TRACE}-{SPAN}-1"})

        assert len(caplog.records) == 1
        assert get_current_span(context).get_span_context().is_valid

    def test_other_settings_can_be_adopted(self, plain: trace.Tracer) -> None:
        """`configure()` hands its settings to the propagator that the environment named."""
        one = propagator()
        one.adopt(Settings.from_env({}, dsn=DSN, release="adopted@1"))
        with plain.start_as_current_span("root"):
            assert parse_baggage(injected(one)["baggage"]).sentry["release"] == "adopted@1"
