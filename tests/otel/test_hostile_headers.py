"""A storm of headers put together by somebody who means harm: nothing raises, nothing goes out as it came in."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

import pytest
from opentelemetry import baggage
from opentelemetry.propagators.composite import CompositePropagator
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.trace import SpanKind, set_span_in_context
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from otel_sentry.otel.propagator import SentryPropagator
from otel_sentry.otel.response_propagator import SentryResponsePropagator
from otel_sentry.otel.span_processor import SentrySpanProcessor
from otel_sentry.settings.settings import Settings

if TYPE_CHECKING:
    from otel_sentry.local.receiver import Receiver

TRACE, SPAN = "771a43a4192642f0b136d5159a501700", "1234567890abcdef"
PIECES = (
    *("\x00", "\r\n", "\x7f", "\x85", "\u2028", "\ud800", "é", "\t", " ", "%", "%zz", "%0d%0a", "%00"),
    *(",", ";", "=", '"', "\\", "-", "-0", "-1", "00-", "0" * 16, "0" * 32, TRACE, SPAN, "x" * 9000),
    *("sentry-", f"sentry-trace_id={TRACE}", "sentry-sampled=true", "sentry-sample_rand=", "sentry-sample_rate="),
    *("0.5", "1e999", "nan", "sentry-org_id=", "sentry-replay_id=", "sentry-release=", "sentry-public_key=", "a=b;p=1"),
)
ADDRESSES: tuple[dict[str, Any], ...] = (
    {"url.full": "https://example.com/a"},
    {"url.full": "http://[::1"},
    {"http.url": "http://example.com:99999/"},
    {"server.address": "\r\n", "url.scheme": "https", "server.port": True},
    {"url.full": 5},
)
KEYWORDS: tuple[dict[str, Any], ...] = (
    {},
    {"trace_propagation_targets": ["example.com"]},
    {"wallet_baggage": ["example.com"]},
    {"traces_exporters": ["otlp"]},
    {"strict_trace_continuation": True},
)
ROUNDS = 150


class Storm:
    """Headers from a seed."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)  # noqa: S311  # the same storm each time

    def one_of(self, choices: Any) -> Any:
        return self._random.choice(choices)

    def text(self) -> str:
        return "".join(self._random.choices(PIECES, k=self._random.randrange(12)))

    def value(self) -> Any:
        text = self.text()
        raw = text.encode("utf-8", "replace")
        return self.one_of((text, [text, self.text()], raw, [raw], (text,), bytearray(raw), None, 7))

    def headers(self) -> dict[str, Any]:
        header = self.one_of((f"{TRACE}-{SPAN}-1", f"{TRACE}-{SPAN}", self.value()))
        traceparent = self.one_of((f"00-{TRACE}-{SPAN}-01", f"00-{'d' * 32}-{SPAN}-00", self.text()))
        return {"sentry-trace": header, "baggage": self.value(), "traceparent": traceparent}


@pytest.mark.parametrize("keywords", KEYWORDS, ids=["all", "targets", "wallet", "without Sentry", "strict"])
def test_nothing_raises_and_nothing_bad_goes_out(keywords: dict[str, Any], receiver: Receiver) -> None:
    """What is written is one line of plain ASCII within the limit, whatever came in or stands in the Context."""
    settings = Settings.from_env({}, dsn=receiver.dsn, **keywords)
    both = CompositePropagator([TraceContextTextMapPropagator(), SentryPropagator(settings=settings)])
    provider = TracerProvider()
    provider.add_span_processor(SentrySpanProcessor(dsn=receiver.dsn, traces_sample_rate=0.0))
    tracer, storm = provider.get_tracer("storm"), Storm(len(keywords))
    written: list[str] = []
    for _ in range(ROUNDS):
        caller = both.extract(storm.headers())
        attributes, kind = storm.one_of(ADDRESSES), storm.one_of(list(SpanKind))
        with tracer.start_as_current_span("request", caller, kind=kind, attributes=attributes) as span:
            context = baggage.set_baggage(storm.text(), storm.text(), set_span_in_context(span, caller))
            answer: dict[str, str] = {}
            both.inject(answer, context)
            SentryResponsePropagator(settings=settings).inject(answer, context)
        written += [text for name, text in answer.items() if name not in ("traceparent", "tracestate")]
    provider.shutdown()

    assert written
    assert [text for text in written if not (text.isascii() and text.isprintable() and len(text) < 8500)] == []
