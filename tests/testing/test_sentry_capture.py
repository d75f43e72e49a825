"""The fixture `sentry`: what was captured, and what can be claimed of it."""

from __future__ import annotations

import asyncio
import os
import re
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
import sentry_sdk
from opentelemetry import _logs, metrics, trace

import otel_sentry

if TYPE_CHECKING:
    from otel_sentry.testing import SentryCapture

WALLET = "0x52908400098527886E0F7030069857D2E4169EE7"
USER = WALLET.lower()
tracer = trace.get_tracer("dapp")
"""Made before anything is set up, as applications do it."""


class SoldOut(Exception):
    """An error of the application."""


def mint(wallet: str = WALLET) -> None:
    """A request that fails."""
    with tracer.start_as_current_span("POST /mint", attributes={"wallet.address": wallet, "sentry.op": "http.server"}):
        with tracer.start_as_current_span("db.get_user"):
            pass
        with tracer.start_as_current_span("mint"):
            raise SoldOut("none left")


def test_spans_and_the_issue_of_a_request(sentry: SentryCapture) -> None:
    """Spans in the order of their start, one issue at the span it happened in, one user everywhere."""
    with pytest.raises(SoldOut):
        mint()

    assert [(span.name, span.status) for span in sentry.spans] == [
        ("POST /mint", "error"),
        ("db.get_user", "ok"),
        ("mint", "error"),
    ]
    issue = sentry.assert_issue_once(SoldOut, user=USER)
    span = sentry.assert_span("POST /mint", op="http.server", user=USER, attributes={"wallet.address": USER})
    assert (issue.trace_id, issue.span_id) == (span.trace_id, sentry.spans[2].span_id)
    assert issue.frames[-1].endswith(":mint")
    assert sentry.user is not None
    assert (sentry.user.id, str(sentry.user)) == (USER, USER)
    assert sentry.problems == []


def test_the_tree_is_the_same_in_every_run(sentry: SentryCapture) -> None:
    """Text without ids and times; several traces have a blank line between them."""
    with pytest.raises(SoldOut):
        mint()
    with tracer.start_as_current_span("GET /"):
        pass

    assert (
        sentry.trace_tree()
        == f"""\
✖ POST /mint  http.server  user {USER}
├─ db.get_user
╰─ ✖ mint
   ✖ SoldOut: none left

GET /"""
    )
    assert sentry.trace_tree(sentry.spans[-1].trace_id) == "GET /"


def test_nothing_of_an_earlier_test_is_left(sentry: SentryCapture) -> None:
    """Each test begins with nothing, and can begin again."""
    assert (sentry.spans, sentry.issues, sentry.user) == ([], [], None)
    with tracer.start_as_current_span("work"):
        pass
    assert len(sentry.spans) == 1
    sentry.clear()
    assert sentry.spans == []


def test_logs_and_metrics(sentry: SentryCapture) -> None:
    """Log records and measurements of OpenTelemetry, linked to their span."""
    with tracer.start_as_current_span("work"):
        _logs.get_logger("dapp").emit(body="3 left", severity_text="WARN", severity_number=_logs.SeverityNumber.WARN)
    metrics.get_meter("dapp").create_counter("minted", unit="token").add(2, {"kind": "rare"})

    (log,) = sentry.logs
    (metric,) = (one for one in sentry.metrics if one.name == "minted")
    assert (log.level, log.body, log.span_id) == ("warn", "3 left", sentry.spans[0].span_id)
    assert (metric.name, metric.type, metric.value, metric.attributes["kind"]) == ("minted", "counter", 2, "rare")


def test_asynchronous_code(sentry: SentryCapture) -> None:
    """Tasks side by side are each under their own parent."""

    async def request(number: int) -> None:
        with tracer.start_as_current_span(f"request {number}"):
            await asyncio.sleep(0)
            with tracer.start_as_current_span("query"):
                await asyncio.sleep(0)

    async def serve() -> None:
        await asyncio.gather(*map(request, range(3)))

    asyncio.run(serve())

    assert sorted(sentry.trace_tree().split("\n\n")) == [f"request {number}\n╰─ query" for number in range(3)]


def test_what_sentry_sdk_captures_is_captured_too(sentry: SentryCapture) -> None:
    """`sentry_sdk.capture_message` goes the same way, into the trace."""
    with tracer.start_as_current_span("work"):
        sentry_sdk.capture_message("look here")

    (issue,) = sentry.issues
    assert (issue.title, issue.trace_id) == ("look here", sentry.spans[0].trace_id)


def test_the_application_may_call_configure(sentry: SentryCapture, caplog: pytest.LogCaptureFixture) -> None:
    """Its own call gets the pipeline that is there."""
    telemetry = otel_sentry.configure()
    with telemetry.start_span("work"):
        pass

    assert str(telemetry.settings.dsn) != sentry.dsn  # that one is for subprocesses
    assert [span.name for span in sentry.spans] == ["work"]


def test_a_subprocess_sends_by_dsn(sentry: SentryCapture, bare_python: str) -> None:
    """What it sent is there when it has ended."""
    code = "import otel_sentry\nwith otel_sentry.configure().start_span('in the child'): pass"
    subprocess.run([bare_python, "-c", code], env={**os.environ, **sentry.variables}, check=True)

    sentry.assert_span("in the child")


def test_snapshots_have_stable_ids_and_times(sentry: SentryCapture) -> None:
    """Two runs of the same code give equal values."""
    with pytest.raises(SoldOut):
        mint()
    first = sentry.snapshot()
    sentry.clear()
    with pytest.raises(SoldOut):
        mint()

    assert sentry.snapshot() == first
    assert [(span["span"], span["parent"], span["start"], span["end"]) for span in first["spans"]] == [
        ("span 1", None, 0, 5),
        ("span 2", "span 1", 1, 2),
        ("span 3", "span 1", 3, 4),
    ]


def test_claims_that_do_not_hold_show_what_was_captured(sentry: SentryCapture) -> None:
    """A failing test is read without running it again."""
    for wallet in (WALLET, "0x" + "ab" * 20):
        with pytest.raises(SoldOut):
            mint(wallet)

    with pytest.raises(AssertionError, match=re.escape("no span with name='mint', status='ok'; captured:\n✖ POST")):
        sentry.assert_span("mint", status="ok")
    with pytest.raises(AssertionError, match=r"2 issues of SoldOut instead of one; all issues:\n- SoldOut: none left"):
        sentry.assert_issue_once("SoldOut")
    with pytest.raises(AssertionError, match="0 issues of KeyError"):
        sentry.assert_issue_once(KeyError)
    with pytest.raises(AssertionError, match="not one user but 2"):
        _ = sentry.user
    with pytest.raises(AssertionError, match=r"not within 0 s:\n✖ POST"):
        sentry.wait_for(lambda: False, timeout=0)


def test_the_issue_of_another_user_is_told(sentry: SentryCapture) -> None:
    """Right exception, wrong person."""
    with pytest.raises(SoldOut):
        mint()

    with pytest.raises(AssertionError, match=f"is of the user {USER}, not of alice"):
        sentry.assert_issue_once(SoldOut, user="alice")


def test_secrets_are_found_wherever_they_went(sentry: SentryCapture, monkeypatch: pytest.MonkeyPatch) -> None:
    """Named ones, and those of the environment."""
    monkeypatch.setenv("NODE_API_KEY", "s3cr3t-of-the-node")
    with tracer.start_as_current_span("work", attributes={"note": "s3cr3t-of-the-node"}):
        pass

    sentry.assert_no_secret("something else")
    with pytest.raises(AssertionError, match=r"secret 1: .*\*\*\*") as told:
        sentry.assert_no_secret("s3cr3t-of-the-node")
    assert "s3cr3t" not in str(told.value)
    with pytest.raises(AssertionError, match="NODE_API_KEY: "):
        sentry.assert_no_secret()


def test_a_pipeline_that_does_not_deliver_is_told() -> None:
    """A flush that takes too long fails the test instead of hiding what is missing."""
    from otel_sentry.testing import SentryCapture  # noqa: PLC0415 - named in this test only

    captured = SentryCapture(dsn="", received=list, flush=lambda _: False, clear=lambda: None)

    with pytest.raises(AssertionError, match=r"did not deliver within 10.0 s"):
        _ = captured.spans


def test_the_interpreter_of_subprocesses_is_another(bare_python: str) -> None:
    """The subprocess above has no frameworks to be slow with."""
    assert bare_python != sys.executable
