"""Joining sentry-sdk in both orders, with stock, custom and closed transports."""

from __future__ import annotations

import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import pytest
import sentry_sdk
from sentry_sdk.client import NonRecordingClient
from sentry_sdk.envelope import Envelope
from sentry_sdk.transport import HttpTransport, Transport

from otel_sentry.delivery.client import SdkOutbox, connect
from otel_sentry.delivery.transport import SentryTransport
from otel_sentry.delivery.tuning import Tuning
from otel_sentry.local.receiver import Receiver, Reply
from otel_sentry.protocol.item_kinds import Category, LossReason
from tests.delivery.conftest import IMPATIENT
from tests.delivery.parcels import span_envelope
from tests.delivery.test_transport import reported, spans

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sentry_sdk.client import BaseClient


class Current:
    """Stands for sentry-sdk's global client, so that tests leave the real one alone."""

    def __init__(self) -> None:
        self.client: BaseClient = NonRecordingClient()

    def __call__(self) -> BaseClient:
        return self.client

    def init(self, **options: Any) -> BaseClient:
        """What `sentry_sdk.init` does."""
        self.client = sentry_sdk.Client(default_integrations=False, **options)
        return self.client


@pytest.fixture
def current() -> Iterator[Current]:
    """No client yet; what the test made is closed at the end."""
    one = Current()
    yield one
    one.client.close(timeout=1)


@pytest.fixture
def outboxes() -> Iterator[list[SdkOutbox]]:
    """Outboxes to close at the end."""
    made: list[SdkOutbox] = []
    yield made
    for one in made:
        one.close(1)


TUNING = Tuning(**IMPATIENT)


class Custom(Transport):
    """A transport of the application's own."""

    def __init__(self) -> None:
        super().__init__()
        self.envelopes: list[Envelope] = []
        self.lost: list[tuple[str, str | None, int]] = []

    def capture_envelope(self, envelope: Envelope) -> None:
        """Keep it."""
        self.envelopes.append(envelope)

    def record_lost_event(self, reason: str, data_category: Any = None, item: Any = None, *, quantity: int = 1) -> None:
        """Keep it."""
        self.lost.append((reason, data_category, quantity))


def test_builds_a_client_when_there_is_none(receiver: Receiver, current: Current, outboxes: list[SdkOutbox]) -> None:
    """Without a client one is made from the options; the caller makes it current."""
    connection = connect(
        {"dsn": receiver.dsn, "release": "r1", "default_integrations": False}, tuning=TUNING, current=current
    )
    outboxes.append(connection.outbox)
    current.client = connection.client
    connection.client.capture_event({"message": "hi"})
    connection.outbox.send(spans(receiver, 0))

    assert not connection.joined
    assert connection.outbox.flush(10)
    assert isinstance(connection.client.transport, SentryTransport)
    assert connection.client.options["traces_sample_rate"] is None
    assert ([event["release"] for event in receiver.events], len(receiver.spans)) == (["r1"], 1)


def test_joins_a_client_that_is_there(receiver: Receiver, current: Current, outboxes: list[SdkOutbox]) -> None:
    """An application's own init rules: its DSN, its options; only its transport becomes ours."""
    mine = current.init(dsn=receiver.dsn, release="theirs")
    connection = connect({"dsn": "http://other@127.0.0.1:1/9", "release": "ours"}, tuning=TUNING, current=current)
    outboxes.append(connection.outbox)
    mine.capture_event({"message": "hi"})
    connection.outbox.send(spans(receiver, 0))

    assert connection.joined
    assert connection.client is mine
    assert mine.monitor is None or mine.monitor.transport is mine.transport
    assert connection.outbox.flush(10)
    assert ([event["release"] for event in receiver.events], len(receiver.spans)) == (["theirs"], 1)


def test_adopts_a_client_that_comes_later(receiver: Receiver, current: Current, outboxes: list[SdkOutbox]) -> None:
    """`sentry_sdk.init` after ours: its client carries what comes then; what the first one has still arrives."""
    first = connect({"dsn": receiver.dsn_of(1), "default_integrations": False}, tuning=TUNING, current=current)
    outboxes.append(first.outbox)
    current.client = first.client
    receiver.behaviour = lambda posted: Reply(200, delay_seconds=0.3) if posted.project == "1" else None
    first.outbox.send(spans(receiver, 0))
    later = current.init(dsn=receiver.dsn_of(2))
    first.outbox.send(spans(receiver, 1))

    assert isinstance(later.transport, SentryTransport)
    assert first.outbox.flush(10)
    assert sorted(one.project for one in receiver.envelopes) == ["1", "2"]
    assert first.outbox.ledger.snapshot()[Category.SPAN].delivered == 2


def test_losses_of_the_replaced_transport_are_kept(
    receiver: Receiver, current: Current, outboxes: list[SdkOutbox]
) -> None:
    """What sentry-sdk's own transport had counted is reported by ours."""
    mine = current.init(dsn=receiver.dsn)
    assert isinstance(mine.transport, HttpTransport)
    mine.transport.record_lost_event("before_send", "error", quantity=3)
    connection = connect({}, tuning=TUNING, current=current)
    outboxes.append(connection.outbox)
    connection.outbox.flush(10)

    assert reported(receiver) == {("error", "before_send"): 3}


def test_a_custom_transport_stays(current: Current) -> None:
    """The application's own transport gets our envelopes and our losses; the ledger books them as handed over."""
    custom = Custom()
    current.init(dsn="http://k@127.0.0.1:1/1", transport=custom)
    outbox = connect({}, current=current).outbox
    outbox.send(span_envelope(0, spans=2))
    outbox.lost(LossReason.SAMPLE_RATE, Category.SPAN, 4)

    assert outbox.flush(1)
    assert outbox.close(1)
    (envelope,) = custom.envelopes
    assert envelope.items[0].headers["item_count"] == 2
    assert custom.lost == [("sample_rate", "span", 4)]
    books = outbox.ledger.snapshot()[Category.SPAN]
    assert (books.created, books.delivered, dict(books.dropped)) == (6, 2, {LossReason.SAMPLE_RATE: 4})


def test_a_custom_transport_that_raises_costs_one_loss(current: Current, caplog: pytest.LogCaptureFixture) -> None:
    """Nothing is raised into the pipeline, and the books balance."""

    class Broken(Custom):
        def capture_envelope(self, envelope: Envelope) -> None:
            raise RuntimeError("broken")

        def flush(self, timeout: float, callback: Any = None) -> None:
            raise RuntimeError("broken too")

    current.init(dsn="http://k@127.0.0.1:1/1", transport=Broken())
    outbox = connect({}, current=current).outbox
    outbox.send(span_envelope(0))

    assert not outbox.flush(1)
    assert outbox.ledger.snapshot()[Category.SPAN].dropped == {LossReason.INTERNAL_SDK_ERROR: 1}
    assert "could not be sent" in caplog.text
    current.client = NonRecordingClient()


def test_a_client_that_was_switched_off_stays_off(receiver: Receiver, current: Current) -> None:
    """`init(dsn="")` means no Sentry here; nothing is sent and nothing fails."""
    current.init(dsn="")
    connection = connect({"dsn": receiver.dsn}, current=current)
    connection.outbox.send(spans(receiver, 0))

    assert connection.joined
    assert connection.outbox.flush(5)
    assert connection.outbox.healthy
    assert receiver.requests == 0


def test_spans_that_end_after_the_client_was_closed_arrive(
    receiver: Receiver, current: Current, outboxes: list[SdkOutbox]
) -> None:
    """At exit sentry-sdk may close its client first; what comes after still goes through our transport."""
    connection = connect({"dsn": receiver.dsn, "default_integrations": False}, tuning=TUNING, current=current)
    outboxes.append(connection.outbox)
    current.client = connection.client
    connection.outbox.send(spans(receiver, 0))
    connection.client.close(timeout=5)
    connection.outbox.send(spans(receiver, 1))

    assert connection.outbox.close(10)
    assert len(receiver.spans) == 2


def test_close_keeps_its_time(current: Current, outboxes: list[SdkOutbox]) -> None:
    """Closing does not wait for a Sentry that takes half a minute to answer."""
    from tests.delivery.servers import Server  # noqa: PLC0415

    with Server(lambda talk: time.sleep(30)) as server:
        connection = connect({"dsn": server.dsn, "default_integrations": False}, tuning=TUNING, current=current)
        current.client = connection.client
        for number in range(50):
            connection.outbox.send(span_envelope(number))
        started = time.monotonic()
        closed = connection.outbox.close(1.0)
        took = time.monotonic() - started

    assert not closed
    assert took < 15


def test_spotlight_is_shown_what_is_sent(receiver: Receiver, current: Current, outboxes: list[SdkOutbox]) -> None:
    """With sentry-sdk's Spotlight option our envelopes are shown there too."""
    shown: list[Envelope] = []
    mine = current.init(dsn=receiver.dsn)

    class Spotlight:
        def capture_envelope(self, envelope: Envelope) -> None:
            shown.append(envelope)

    mine.spotlight = Spotlight()  # type: ignore[assignment]
    connection = connect({}, tuning=TUNING, current=current)
    outboxes.append(connection.outbox)
    connection.outbox.send(spans(receiver, 0))
    connection.outbox.flush(10)

    assert [envelope.items[0].type for envelope in shown] == ["span"]


def test_losses_of_ours_are_reported(receiver: Receiver, current: Current, outboxes: list[SdkOutbox]) -> None:
    """What sampling dropped reaches Sentry as a client report, even if nothing else was ever sent."""
    connection = connect({"dsn": receiver.dsn, "default_integrations": False}, tuning=TUNING, current=current)
    outboxes.append(connection.outbox)
    current.client = connection.client
    connection.outbox.lost(LossReason.SAMPLE_RATE, Category.SPAN, 21)
    connection.outbox.flush(10)

    assert reported(receiver) == {("span", "sample_rate"): 21}


def test_self_traffic_is_never_traced(receiver: Receiver, current: Current, outboxes: list[SdkOutbox]) -> None:
    """With HTTP instrumentation on and a span open, delivery makes no span and carries no trace header."""
    from opentelemetry.instrumentation.urllib import URLLibInstrumentor  # noqa: PLC0415
    from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
    from opentelemetry.sdk.trace.export import SimpleSpanProcessor  # noqa: PLC0415
    from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter  # noqa: PLC0415

    headers: list[dict[str, str]] = []

    def look(posted: Any) -> None:
        headers.append(dict(posted.headers))

    receiver.behaviour = look
    exporter, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    URLLibInstrumentor().instrument(tracer_provider=provider)
    try:
        connection = connect({"dsn": receiver.dsn, "traces_sample_rate": 1.0}, tuning=TUNING, current=current)
        outboxes.append(connection.outbox)
        current.client = connection.client
        with provider.get_tracer("app").start_as_current_span("work"):
            connection.outbox.send(spans(receiver, 0))
            connection.outbox.flush(10)
    finally:
        URLLibInstrumentor().uninstrument()
        provider.shutdown()

    assert [span.name for span in exporter.get_finished_spans()] == ["work"]
    assert headers
    assert not {"traceparent", "sentry-trace", "baggage"} & headers[0].keys()


def test_threads_that_make_the_first_clients_of_a_process() -> None:
    """Spans and logs that come at the same moment each get one: sentry-sdk's modules are loaded by one of them."""
    done = subprocess.run([sys.executable, "-c", _AT_ONCE], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "[]"


_AT_ONCE = """
import threading
from otel_sentry.delivery.client import connect

errors, barrier = [], threading.Barrier(3)

def make():
    barrier.wait()
    try:
        connect({"dsn": "http://k@127.0.0.1:9/1"})
    except Exception as error:
        errors.append(error)

threads = [threading.Thread(target=make) for _ in range(3)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(errors)
"""
