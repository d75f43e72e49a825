"""What is told of a span that runs for long."""

from __future__ import annotations

from otel_sentry.convert.container import CommonPart
from otel_sentry.convert.still_running import encode_still_running
from otel_sentry.protocol import json_text
from tests.spans import span


def test_a_warning_in_the_trace_of_the_span() -> None:
    """Ids, name, seconds, the attributes so far; identity is held back for the common part."""
    running = span("job", 1, start=1000, end=None, attributes={"job": 7, "wallet.address": "0xab"})
    now_ns = (running.start_time or 0) + int(61.4e9)
    item = encode_still_running(running, now_ns, common_names={"sentry.release"})
    log = json_text.loads(item.head + CommonPart({}, lambda found: {"user.id": "someone"}).tail(item))

    assert (log["level"], log["severity_number"], log["body"]) == ("warn", 13, "still running after 61 s: job")
    assert (log["trace_id"], log["span_id"]) == (f"{running.context.trace_id:032x}", f"{running.context.span_id:016x}")
    assert {name: one["value"] for name, one in log["attributes"].items()} == {
        "job": 7,
        "sentry.origin": "auto.log.otel_sentry",
        "sentry.message.template": "still running after {seconds} s: {span}",
        "sentry.message.parameter.seconds": 61,
        "sentry.message.parameter.span": "job",
        "user.id": "someone",
    }


def test_a_span_without_anything() -> None:
    """Neither attributes nor start: it is told of all the same."""
    running = span("", 1, end=None)
    running._start_time = None
    item = encode_still_running(running, 1_000_000_000)

    assert b"still running after 0 s: <unknown>" in item.head


def test_secrets_stay_here() -> None:
    """In the name, the body and the attributes."""
    secret = "https://mainnet.infura.io/v3/0123456789abcdef0123456789abcdef"
    item = encode_still_running(span(f"POST {secret}", 1, end=None, attributes={"url": secret}), 0)

    assert b"0123456789abcdef0123" not in item.head
    assert b"mainnet.infura.io" in item.head
