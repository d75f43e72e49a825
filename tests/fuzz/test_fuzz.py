"""What comes from outside breaks nothing: `make fuzz` tries each of these with 100,000 inputs, `make test` with 100."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.context import Context
from opentelemetry.trace import get_current_span

from otel_sentry.convert.container import CommonPart
from otel_sentry.convert.encode import SpanEncoder
from otel_sentry.convert.limits import MAX_ATTRIBUTES_BYTES
from otel_sentry.convert.span import span_payload
from otel_sentry.delivery.spooling.record import read_records, record_bytes
from otel_sentry.delivery.wire.message import AnswerReader, BadAnswer
from otel_sentry.errors import MalformedEnvelope
from otel_sentry.otel.propagator import SentryPropagator
from otel_sentry.propagation.targets import address_of
from otel_sentry.protocol.dsn import Dsn
from otel_sentry.protocol.envelope import EnvelopeItem, parse_envelope, serialize_envelope
from otel_sentry.protocol.rate_limits import limits_told, retry_after
from tests.convert.strategies import spans
from tests.delivery.parcels import DATE, parcel
from tests.fuzz.near_misses import near_misses, texts

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import ReadableSpan

ENVELOPES = [
    serialize_envelope({"sent_at": "2026-11-22T00:00:00Z"}, []),
    serialize_envelope({"trace": {"trace_id": "a" * 32}}, [EnvelopeItem({"type": "span", "item_count": 2}, b"{}\n{}")]),
    b'{"event_id":"9ec79c33ec9942ab8353589fcb2e04dc"}\n{"type":"event"}\n{"message":"hi"}\n{"type":"a","length":0}\n\n',
]
HEADERS = {
    "sentry-trace": ["771a43a4192642f0b136d5159a501700-1000000000000001-1", "771a43a4192642f0b136d5159a501700-1-"],
    "baggage": [
        "sentry-trace_id=771a43a4192642f0b136d5159a501700,sentry-sample_rate=0.25,sentry-sampled=true,other=a%20b;p=1",
        "sentry-sample_rand=0.1, sentry-org_id=1 ,k=%E4%F6",
    ],
    "traceparent": ["00-771a43a4192642f0b136d5159a501700-1000000000000001-01"],
    "x-sentry-rate-limits": ["60:transaction;error:organization:reason, 2.5::key", "1e400:span:org"],
    "retry-after": ["120", "Wed, 21 Oct 2026 07:28:00 GMT", "-1"],
}
LIMITS = texts(HEADERS["retry-after"] + HEADERS["x-sentry-rate-limits"])
ANSWERS = [
    b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 11\r\n\r\n{"id":"ab"}',
    b'HTTP/1.1 429 Slow\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{"id"\r\n6;x=y\r\n:"ab"}\r\n0\r\nT: t\r\n\r\n',
    b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.0 204 No Content\r\nConnection: keep-alive\r\n\r\n",
]
DSNS = ["https://key@o1.ingest.sentry.io/4501", "http://a:b@[::1]:9000/path/7?x=1#y"]
SPOOLED = [b"".join(record_bytes(parcel(number), DATE + number) for number in range(3))]


@given(near_misses(ENVELOPES))
def test_envelopes(data: bytes) -> None:
    """Bytes are an envelope, which is read again as it is written, or malformed."""
    try:
        found = parse_envelope(data)
    except MalformedEnvelope:
        return

    assert parse_envelope(serialize_envelope(found.headers, found.items)) == found


@given(texts(HEADERS["sentry-trace"]), texts(HEADERS["baggage"]), texts(HEADERS["traceparent"]))
def test_headers_of_callers(sentry_trace: str, baggage: str, traceparent: str) -> None:
    """No header raises; what goes on from it is a valid trace or none."""
    headers = {"sentry-trace": sentry_trace, "baggage": baggage, "traceparent": traceparent}
    propagator = SentryPropagator()
    context = propagator.extract(headers, Context())
    carrier: dict[str, str] = {}
    propagator.inject(carrier, context)

    assert all("\r" not in value and "\n" not in value for value in carrier.values())
    assert propagator.extract(carrier, Context()) is not None


@given(st.sampled_from([200, 429, 503]), LIMITS, LIMITS)
def test_headers_of_sentry(status: int, limits: str, pause_told: str) -> None:
    """Limits end at some moment that is not before now; a pause has a length."""
    headers = {"x-sentry-rate-limits": limits, "retry-after": pause_told}
    told = limits_told(status, headers, now=1000.0, date=DATE)
    pause = retry_after(headers, DATE)

    assert all(math.isfinite(end) and end >= 1000.0 for end in told.values())
    assert pause is None or (math.isfinite(pause) and pause >= 0)


@given(texts(DSNS))
def test_dsns_and_urls(text: str) -> None:
    """A DSN is refused with a `ValueError` or can be written and read again; an address is one or none."""
    address_of(text)
    try:
        dsn = Dsn.parse(text)
    except ValueError:
        return

    assert Dsn.parse(str(dsn)) == dsn


@given(near_misses(ANSWERS), st.integers(1, 400))
def test_answers(data: bytes, cut: int) -> None:
    """Whatever a server says, in whatever pieces, is one answer or `BadAnswer` once it has closed."""
    reader, answer = AnswerReader(), None
    try:
        for piece in (data[:cut], data[cut:]):
            answer = answer or (reader.feed(piece) if piece else None)
        answer = answer or reader.feed(b"")
    except BadAnswer:
        return

    assert answer is not None
    assert 100 <= answer.status <= 999


@given(near_misses(SPOOLED))
def test_spool_files(data: bytes) -> None:
    """Damage costs the records it hits; those that are read are as they were written."""
    written = {parcel(number).body for number in range(3)}

    assert all(record.parcel.body in written for record in read_records(data).records)


@given(spans())
def test_attributes(span: ReadableSpan) -> None:
    """Whatever an application puts on a span becomes JSON with values of the types that are said."""
    item = SpanEncoder().encode(span, is_segment=True)
    encoded = json.loads(item.head + CommonPart({}, lambda _: {}).tail(item))
    span_payload(span)

    assert all(is_typed(value) for value in encoded["attributes"].values())
    assert len(item.head) < 2 * MAX_ATTRIBUTES_BYTES


PYTHON_TYPES = {"string": str, "boolean": bool, "integer": int, "double": (int, float), "array": list}


def is_typed(value: dict[str, Any]) -> bool:
    """Whether a typed attribute is what it says."""
    return isinstance(value["value"], PYTHON_TYPES[value["type"]])  # type: ignore[arg-type]


@pytest.mark.parametrize("text", ["sentry-trace", "-", "0"])
def test_what_was_found_before(text: str) -> None:
    """Inputs that once broke something stay here: they continue no trace."""
    found = SentryPropagator().extract({"sentry-trace": text, "baggage": text}, Context())

    assert not get_current_span(found).get_span_context().is_valid
