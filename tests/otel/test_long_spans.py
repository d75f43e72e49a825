"""Spans that are open for long: told of while they run, kept for the next process, never two of one id."""

from __future__ import annotations

import os
import re
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from otel_sentry.local.arrivals import attribute_values
from otel_sentry.otel.span_processor import SentrySpanProcessor
from tests.delivery.conftest import wait_until as wait_for

if TYPE_CHECKING:
    from otel_sentry.local.receiver import Receiver
    from tests.otel.conftest import Pipe

DIES = """
import os, sys, time
from opentelemetry.sdk.trace import TracerProvider
from otel_sentry import SentrySpanProcessor
provider = TracerProvider()
provider.add_span_processor(SentrySpanProcessor(dsn=sys.argv[1], spool_dir=sys.argv[2], long_span_seconds=0.2))
tracer = provider.get_tracer("app")
with tracer.start_as_current_span("guilty", attributes={"job": 7}):
    tracer.start_span("finished").end()
    with tracer.start_as_current_span("innermost"):
        time.sleep(60)
"""


SOON = {"long_span_seconds": 0.1}


def wait_until(true: Callable[[], object]) -> None:
    """Patiently: machines that run many tests at once are slow."""
    wait_for(true, 90)


def copies(spool: Path) -> int:
    """Bytes of the copies in a spool."""
    return sum(path.stat().st_size for path in spool.rglob("bequest.parcels"))


def test_a_long_span_is_told_of_once_while_it_runs(pipe: Callable[..., Pipe]) -> None:
    """A log in its trace says what runs and since when; the finished span arrives, and no second one."""
    one = pipe(wallet_privacy="hash", wallet_hash_key="k", **SOON)
    attributes = {"job": 7, "wallet.address": "0x" + "ab" * 20}
    with one.tracer.start_as_current_span("slow job", attributes=attributes) as span:
        wait_until(lambda: one.receiver.logs)
        time.sleep(0.5)
    arrived = one.arrived()

    assert sorted(arrived) == ["slow job"]
    (log,) = map(attribute_values, one.receiver.logs)
    assert re.fullmatch(r"still running after \d+ s: slow job", log["body"])
    assert log["level"] == "warn"
    assert (log["trace_id"], log["span_id"]) == (arrived["slow job"]["trace_id"], arrived["slow job"]["span_id"])
    assert log["attributes"]["job"] == 7
    assert "abab" not in str(log)
    assert log["attributes"]["user.id"] == attribute_values(arrived["slow job"])["attributes"]["user.id"]
    assert not span.is_recording()


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        pytest.param({}, 3, id="by default"),
        pytest.param({"traces_sample_rate": 0.0}, 0, id="unsampled"),
        pytest.param({"traces_sample_rate": 0.0, "keep": ("errors",)}, 3, id="unsampled, but may be kept"),
        pytest.param({"ignore_spans": ("GET /health",)}, 0, id="ignored"),
        pytest.param({"wire_format": "transaction"}, 0, id="for those who know no logs"),
    ],
)
def test_only_spans_that_sentry_gets_are_told_of(
    pipe: Callable[..., Pipe], settings: dict[str, Any], told: int
) -> None:
    """By the same rules as the spans themselves."""
    one = pipe(**settings, **SOON)
    spans = [one.tracer.start_span("GET /health") for _ in range(3)]
    time.sleep(0.3)
    wait_until(lambda: len(one.receiver.logs) == told)
    for span in spans:
        span.end()
    one.arrived()

    assert len(one.receiver.logs) == told


def test_it_can_be_switched_off() -> None:
    """0 seconds: nobody looks."""
    assert SentrySpanProcessor(dsn="http://k@127.0.0.1:1/1", long_span_seconds=0)._long_spans is None


def test_a_first_span_that_hangs_is_told_of(pipe: Callable[..., Pipe]) -> None:
    """Although no span has ended yet; the thread is there as soon as one has begun."""
    one = pipe(**SOON)
    span = one.tracer.start_span("hangs")
    wait_until(lambda: one.receiver.logs)
    span.end()

    assert sorted(one.arrived()) == ["hangs"]


@pytest.mark.parametrize("wire_format", ["span", "transaction"])
def test_a_finished_span_takes_its_copy_away(pipe: Callable[..., Pipe], tmp_path: Path, wire_format: str) -> None:
    """Copies are on disk as long as the spans are open; a process that lives sends none of them."""
    one = pipe(spool_dir=os.fspath(tmp_path), wire_format=wire_format, **SOON)
    first, second = (one.tracer.start_span(name) for name in ("first", "second"))
    wait_until(lambda: copies(tmp_path))
    first.end()
    second.end()
    wait_until(lambda: not copies(tmp_path))

    one.provider.shutdown()
    assert sorted(span["name"] for span in one.receiver.spans) == ["first", "second"]


def test_an_orderly_end_leaves_no_copy(pipe: Callable[..., Pipe], tmp_path: Path) -> None:
    """At shutdown open spans leave as unfinished, each once."""
    one = pipe(spool_dir=os.fspath(tmp_path), **SOON)
    span = one.tracer.start_span("open")
    wait_until(lambda: copies(tmp_path))
    one.provider.shutdown()
    one.processor.outbox.close(5)

    assert [span["name"] for span in one.receiver.spans] == ["open"]
    assert list(tmp_path.rglob("*.parcels")) == []
    assert span.is_recording()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="SIGKILL")
def test_what_was_open_when_a_process_was_killed_arrives(
    receiver: Receiver, pipe: Callable[..., Pipe], bare_python: str, tmp_path: Path
) -> None:
    """The next process delivers the unfinished copies of the killed one, in their trace and segment."""
    victim = subprocess.Popen([bare_python, "-c", DIES, receiver.dsn, os.fspath(tmp_path)])
    wait_until(lambda: len(receiver.logs) == 2 and list(tmp_path.rglob("bequest.parcels")))
    wait_until(lambda: receiver.spans)
    victim.kill()
    victim.wait()
    heir = pipe(spool_dir=os.fspath(tmp_path))
    heir.tracer.start_span("heir").end()
    wait_until(lambda: len(receiver.spans) == 4)

    spans = {span["name"]: span for span in receiver.plain_spans}
    assert sorted(spans) == ["finished", "guilty", "heir", "innermost"]
    assert [spans[name]["attributes"].get("otel_sentry.unfinished") for name in ("guilty", "innermost")] == [True, True]
    assert spans["innermost"]["parent_span_id"] == spans["guilty"]["span_id"]
    assert spans["guilty"]["is_segment"]
    assert len({spans[name]["trace_id"] for name in ("finished", "guilty", "innermost")}) == 1
