"""The embedded Sentry as tests and tools use it: real sentry-sdk clients, misbehaviour on demand, start and stop."""

from __future__ import annotations

import concurrent.futures
import gzip
import json
import time
import urllib.error
import zlib
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import sentry_sdk
from sentry_sdk import crons, metrics
from sentry_sdk import logger as sentry_logger
from sentry_sdk.envelope import Envelope as SdkEnvelope
from sentry_sdk.envelope import Item as SdkItem

from otel_sentry.local.receiver import Posted, Receiver, Reply

Post = Callable[..., tuple[int, dict[str, Any], dict[str, str]]]
BODY = b'{}\n{"type":"client_report"}\n{"discarded_events":[]}\n'


@pytest.fixture
def sdk(receiver: Receiver) -> Iterator[sentry_sdk.Client]:
    """A real sentry-sdk client that sends to the receiver."""
    client = sentry_sdk.Client(
        receiver.dsn,
        release="app@1.2",
        environment="test",
        default_integrations=False,
        auto_enabling_integrations=False,
        traces_sample_rate=1.0,
        trace_lifecycle="stream",
    )
    with sentry_sdk.isolation_scope() as isolation, sentry_sdk.new_scope() as scope:
        isolation.clear()
        scope.set_client(client)
        yield client
    client.close()


def test_a_real_client_sends_every_kind(receiver: Receiver, sdk: sentry_sdk.Client) -> None:
    """Events, streamed spans, logs, metrics, check-ins, sessions and client reports of sentry-sdk are taken."""
    with sentry_sdk.traces.start_span("request"), sentry_sdk.traces.start_span("query"):
        try:
            raise ValueError("boom")  # noqa: TRY301 - it is the case
        except ValueError:
            sentry_sdk.capture_exception()
    sentry_logger.info("hello {name}", name="world")
    metrics.count("mints", 2)
    crons.capture_checkin(monitor_slug="sweep", status="ok")
    isolation = sentry_sdk.get_isolation_scope()
    isolation.start_session()
    isolation.end_session()
    sdk.transport.record_lost_event("sample_rate", data_category="span", quantity=3)
    sdk.flush(5)
    receiver.wait_for(lambda: receiver.client_reports)

    assert [span["name"] for span in receiver.spans] == ["query", "request"]
    assert receiver.plain_spans[1]["attributes"]["sentry.release"] == "app@1.2"
    assert receiver.events[0]["exception"]["values"][0]["type"] == "ValueError"
    assert receiver.events[0]["contexts"]["trace"]["trace_id"] == receiver.spans[0]["trace_id"]
    assert receiver.logs[0]["body"] == "hello world"
    assert receiver.metrics[0]["name"] == "mints"
    assert receiver.check_ins[0]["monitor_slug"] == "sweep"
    assert receiver.sessions[-1]["status"] == "exited"
    assert receiver.client_reports[0]["discarded_events"] == [
        {"reason": "sample_rate", "category": "span", "quantity": 3}
    ]


def test_a_real_client_sends_transactions(receiver: Receiver) -> None:
    """A transaction of sentry-sdk is taken, and shown as spans too."""
    client = sentry_sdk.Client(
        receiver.dsn, default_integrations=False, auto_enabling_integrations=False, traces_sample_rate=1.0
    )
    with sentry_sdk.isolation_scope(), sentry_sdk.new_scope() as scope:
        scope.set_client(client)
        sentry_sdk.set_user({"id": "0xabc", "username": "alice.eth"})
        with (
            sentry_sdk.start_transaction(name="GET /", op="http.server"),
            sentry_sdk.start_span(op="db", name="SELECT 1"),
        ):
            pass
    client.close(5)
    receiver.wait_for(lambda: receiver.transactions)

    root, child = receiver.plain_spans

    assert (root["name"], root["is_segment"], root["attributes"]["sentry.op"]) == ("GET /", True, "http.server")
    assert (child["name"], child["parent_span_id"]) == ("SELECT 1", root["span_id"])
    assert child["attributes"]["user.name"] == "alice.eth"


def test_attachments_and_replays_are_binary_safe(receiver: Receiver, sdk: sentry_sdk.Client) -> None:
    """Bytes that are no text arrive; an unknown kind is listed with its size."""
    envelope = SdkEnvelope(headers={"event_id": "a" * 32})
    envelope.add_item(SdkItem(b"\0\xff\n\n", type="attachment", filename="x.bin"))
    replay = {"replay_id": "a" * 32, "segment_id": 0, "timestamp": time.time(), "trace_ids": ["b" * 32]}
    envelope.add_item(SdkItem(json.dumps(replay).encode(), type="replay_event"))
    envelope.add_item(SdkItem(b'{"segment_id":0}\n' + zlib.compress(b"[]"), type="replay_recording"))
    sdk.transport.capture_envelope(envelope)
    sdk.flush(5)
    receiver.wait_for(lambda: receiver.replays)

    assert receiver.replays == [replay]
    assert [other["bytes"] for other in receiver.others] == [4, 17 + len(zlib.compress(b"[]"))]


def test_told_to_refuse_it_refuses(receiver: Receiver, post: Post) -> None:
    """Status and headers are those of the reply, nothing is stored; None means normal work again."""
    limits = {"Retry-After": "3", "X-Sentry-Rate-Limits": "3:span:key"}
    receiver.behaviour = lambda posted: Reply(429, limits) if posted.number == 1 else None
    first, second = post(receiver, BODY), post(receiver, BODY)

    assert (first[0], first[2]["retry-after"], first[2]["x-sentry-rate-limits"]) == (429, "3", "3:span:key")
    assert second[0] == 200
    assert len(receiver.client_reports) == 1


def test_rate_limits_can_come_with_a_yes(receiver: Receiver, post: Post) -> None:
    """A reply below 300 stores the envelope and adds its headers."""
    receiver.behaviour = lambda _: Reply(headers={"X-Sentry-Rate-Limits": "60:transaction:org"})
    status, _, headers = post(receiver, BODY)

    assert (status, headers["x-sentry-rate-limits"], len(receiver.client_reports)) == (200, "60:transaction:org", 1)


def test_told_to_hang_up_it_resets_the_connection(receiver: Receiver, post: Post) -> None:
    """The client sees a reset, not an answer; the next request is served."""
    receiver.behaviour = lambda posted: Reply(reset=True) if posted.number == 1 else None
    with pytest.raises(ConnectionResetError):
        post(receiver, BODY)

    assert post(receiver, BODY)[0] == 200


def test_told_to_be_slow_it_is_slow_for_that_request_only(receiver: Receiver, post: Post) -> None:
    """A delayed request does not hold up another."""
    receiver.behaviour = lambda posted: Reply(delay_seconds=0.3 if posted.number == 1 else 0.0)
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        slow = pool.submit(post, receiver, BODY)
        receiver.wait_for(lambda: receiver.requests == 1)
        post(receiver, BODY)
        overtaken = not slow.done()

        assert slow.result()[0] == 200

    assert overtaken
    assert len(receiver.client_reports) == 2


def test_behaviour_sees_the_request(receiver: Receiver, post: Post) -> None:
    """Number, project, headers and the body as sent."""
    seen: list[Posted] = []
    receiver.behaviour = seen.append  # type: ignore[assignment] # append returns None, which means normal work
    post(receiver, gzip.compress(BODY, mtime=0), Content_Encoding="gzip")

    assert [(posted.number, posted.project, posted.headers["content-encoding"]) for posted in seen] == [
        (1, "1", "gzip")
    ]
    assert gzip.decompress(seen[0].body) == BODY


def test_many_clients_at_once_lose_nothing(receiver: Receiver, post: Post) -> None:
    """Two hundred requests of eight threads are two hundred envelopes."""
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        statuses = [answer[0] for answer in pool.map(lambda _: post(receiver, BODY), range(200))]

    assert statuses == [200] * 200
    assert len(receiver.client_reports) == receiver.requests == 200


def test_without_checks_it_only_counts(post: Post) -> None:
    """The counting mode for benchmarks stores nothing and refuses nothing."""
    with Receiver(port=0, checks=False) as receiver:
        status, _, _ = post(receiver, b"rubbish")

    assert (status, receiver.requests, receiver.received_bytes, receiver.envelopes) == (200, 1, 7, [])


def test_a_stopped_receiver_can_come_back_at_its_port(post: Post) -> None:
    """As a Sentry that was down: the port refuses connections in between, and what had arrived is still there."""
    receiver = Receiver(port=0)
    receiver.start()
    port = receiver.port
    post(receiver, BODY)
    receiver.stop()
    with pytest.raises(urllib.error.URLError):
        post(receiver, BODY)
    with receiver:
        post(receiver, BODY)

    assert receiver.port == port
    assert len(receiver.client_reports) == 2


def test_a_taken_port_is_an_error_at_start(receiver: Receiver) -> None:
    """The second one on a port does not start."""
    with pytest.raises(OSError, match="in use"):
        Receiver(port=receiver.port).start()


def test_waiting_in_vain_says_what_did_arrive(receiver: Receiver, post: Post) -> None:
    """A test that fails for want of a span shows what came instead."""
    post(receiver, BODY)

    with pytest.raises(TimeoutError, match="requests: 1; arrived: 1 client_report; problems: none"):
        receiver.wait_for(lambda: receiver.spans, timeout=0.05)


def test_each_test_has_a_key_of_its_own(receiver: Receiver, post_to: Post) -> None:
    """After a reset the old key is turned away without leaving a problem behind."""
    old = receiver.dsn.split("//")[1].split("@")[0]
    receiver.reset(public_key="new")
    status, _, _ = post_to(f"{receiver.url}/api/1/envelope/?sentry_key={old}", BODY)

    assert (status, receiver.problems) == (403, [])


def test_the_dsn_of_another_project_is_told_apart(receiver: Receiver, post_to: Post) -> None:
    """Web and worker DSNs of one receiver."""
    key = receiver.dsn.split("//")[1].split("@")[0]
    post_to(f"{receiver.url}/api/2/envelope/?sentry_key={key}", BODY)

    assert receiver.dsn_of(2).endswith(f"@127.0.0.1:{receiver.port}/2")
    assert [(received.project, received.public_key) for received in receiver.envelopes] == [("2", key)]
