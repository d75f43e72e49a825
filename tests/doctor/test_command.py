"""`otel-sentry doctor` as typed: explanations, dumps of running processes, exit statuses."""

from __future__ import annotations

import json
import os
import subprocess
import time
from typing import TYPE_CHECKING, Any

import pytest

from otel_sentry.cli import main as cli

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from otel_sentry.local.receiver import Receiver
    from tests.doctor.conftest import Stage

RUNNING = """
import os, time
import otel_sentry
telemetry = otel_sentry.configure(service_name="web", ignore_spans="noise")
for name in ("work", "noise"):
    with telemetry.start_span(name):
        pass
telemetry.flush(10)
if os.fork() == 0:
    time.sleep(60)
time.sleep(60)
"""


def typed(*arguments: str) -> int:
    """Run the command in this process; only what changes nothing here."""
    return cli.main(["doctor", *arguments])


@pytest.fixture
def dumps(bare_python: str, receiver: Receiver, tmp_path: Path) -> Iterator[Path]:
    """A folder in which a running process and its forked child keep their dumps."""
    folder = tmp_path / "dumps"
    variables = {"SENTRY_DSN": receiver.dsn, "OTEL_SENTRY_DUMP_DIR": str(folder), "OTEL_SENTRY_SHUTDOWN_TIMEOUT": "1"}
    running = subprocess.Popen([bare_python, "-c", RUNNING], env={**os.environ, **variables}, start_new_session=True)
    try:
        receiver.wait_for(lambda: receiver.spans, timeout=30)
        receiver.wait_for(lambda: len(list(folder.glob("*.json"))) == 2, timeout=30)
        yield folder
    finally:
        os.killpg(running.pid, 9)
        running.wait(10)


def test_running_processes_are_judged_by_their_dumps(dumps: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The process and its forked child, each with its own facts; nobody else can read the files."""
    assert typed("--dump", str(dumps), "--json") == 0
    reports: list[dict[str, Any]] = [json.loads(line) for line in capsys.readouterr().out.splitlines()]

    assert [report["facts"]["process"]["set_up"] for report in reports] == [True, True]
    assert {report["facts"]["process"]["pid"] for report in reports} == {int(file.stem) for file in dumps.iterdir()}
    assert {oct(file.stat().st_mode & 0o777) for file in dumps.iterdir()} == {"0o600"}
    assert "otel_sentry.otel.span_processor.SentrySpanProcessor" in reports[0]["facts"]["provider"]["processors"]


def test_the_books_of_a_process(sentry_dump: str, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """What became of every category, and why something was lost."""
    (tmp_path / "one.json").write_text(sentry_dump)

    assert typed("--dump", str(tmp_path / "one.json")) == 0
    shown = capsys.readouterr().out
    assert "category              created  delivered    waiting  dropped\n" in shown
    assert "  span                        2          1          0  1 ignored\n" in shown
    assert "· 1 of 2 span: OTEL_SENTRY_IGNORE_SPANS names it (ignored).  [lost-ignored]" in shown


@pytest.fixture
def sentry_dump(bare_python: str, receiver: Receiver) -> str:
    """What `telemetry.dump()` gives."""
    code = RUNNING.partition("if os.fork")[0] + "print(telemetry.dump())"
    variables = {**os.environ, "SENTRY_DSN": receiver.dsn}
    return subprocess.run([bare_python, "-c", code], env=variables, check=True, capture_output=True, text=True).stdout


def test_a_dump_that_is_old_or_gone_is_told(
    sentry_dump: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """Its process has ended; what it wrote is still judged."""
    said = json.loads(sentry_dump)
    said["at"] = time.time() - 3600
    (tmp_path / "1.json").write_text(json.dumps(said))

    assert typed("--dump", str(tmp_path)) == 0
    assert "is 3600 s old; the process is gone" in capsys.readouterr().out.replace("3601", "3600")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        pytest.param("{", "this is no JSON", id="cut"),
        pytest.param('{"otel_sentry_facts":99}', "no dump of otel_sentry in format 1", id="of the future"),
        pytest.param('{"otel_sentry_facts":1}', "the dump is damaged", id="damaged"),
    ],
)
def test_a_dump_that_cannot_be_read(text: str, reason: str, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """One line that says why, status 1."""
    (tmp_path / "1.json").write_text(text)

    assert typed("--dump", str(tmp_path / "1.json")) == 1
    assert reason in capsys.readouterr().err


def test_a_folder_without_dumps(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """Says how they come there."""
    assert typed("--dump", str(tmp_path)) == 1
    assert f"OTEL_SENTRY_DUMP_DIR={tmp_path}" in capsys.readouterr().err


def test_explanations_are_printed(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Name, URL and headers in one call."""
    monkeypatch.setenv("SENTRY_DSN", "http://key@127.0.0.1:9/1")
    monkeypatch.setenv("OTEL_SENTRY_IGNORE_SPANS", "health")
    header = "sentry-trace: 0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-0"
    status = typed(
        *("--explain", "GET /up", "--attribute", "url.path=/up", "--brief"),
        *("--explain", "https://api.example.com/", "--explain", header),
    )
    shown = capsys.readouterr().out

    assert status == 0
    assert "  GET /up\n    Sentry does not get it; other backends do.\n" in shown
    assert "  https://api.example.com/\n    It gets `sentry-trace` and `baggage`.\n" in shown
    assert "and Sentry does not keep it.\n" in shown


def test_an_attribute_needs_a_value(capsys: pytest.CaptureFixture[str]) -> None:
    """Status 2 for what cannot be done as typed."""
    assert typed("--explain", "x", "--attribute", "url.path") == 2
    assert "key=value" in capsys.readouterr().err


def test_it_sends_to_the_dsn_and_succeeds(stage: Stage, receiver: Receiver, tmp_path: Path) -> None:
    """Status 0 in a healthy environment; one of each kind arrives."""
    ended = stage.run(tmp_path, {"SENTRY_DSN": receiver.dsn, "OTEL_SERVICE_NAME": "web"}, "--strict", "--brief")

    assert ended.status == 0, ended.stdout
    assert "span     200 accepted" in ended.stdout
    assert (len(receiver.spans), len(receiver.events), len(receiver.logs), len(receiver.metrics)) == (1, 1, 1, 1)


def test_a_warning_fails_only_if_strict(stage: Stage, tmp_path: Path) -> None:
    """For a pipeline that wants it clean."""
    variables = {"SENTRY_DSN": "http://key@127.0.0.1:9/1", "SENTRY_TRACE_SAMPLE_RATE": "1"}

    assert stage.run(tmp_path, variables, "--no-send").status == 0
    assert stage.run(tmp_path, variables, "--no-send", "--strict").status == 1
