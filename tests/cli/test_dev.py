"""`otel-sentry dev` as a process of its own: what it says, what it prints, how it ends."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import pytest

from otel_sentry.cli import dev
from otel_sentry.local.saved import Saved, read_saved

if TYPE_CHECKING:
    from pathlib import Path

SPAN = (
    b'{"trace_id":"%(t)s","span_id":"bbbbbbbbbbbbbbbb","name":"GET /w","status":"ok","is_segment":true,'
    b'"start_timestamp":%(now)d,"end_timestamp":%(now)d.5,"attributes":{'
    b'"sentry.segment.id":{"type":"string","value":"bbbbbbbbbbbbbbbb"},'
    b'"sentry.segment.name":{"type":"string","value":"GET /w"},"user.id":{"type":"string","value":"0xabc"}}}'
)
HEADER = b'{"type":"span","item_count":1,"content_type":"application/vnd.sentry.items.span.v2+json"}'
ENVELOPE = (
    b'{"trace":{"trace_id":"%(t)s","public_key":"local"}}\n' + HEADER + b'\n{"version":2,"items":[' + SPAN + b"]}\n"
)


def envelope() -> bytes:
    """A span envelope of now."""
    return ENVELOPE % {b"t": b"a" * 32, b"now": time.time()}


class Dev:
    """A running `otel-sentry dev`."""

    def __init__(self, *options: str) -> None:
        command = [sys.executable, "-m", "otel_sentry.cli.main", "dev", "--port", "0", *options]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        self.greeting = [self.process.stdout.readline() for _ in range(5)]
        self.dsn = self.greeting[0].split()[-1]

    def post(self, body: bytes) -> None:
        """Send as a browser without a header would."""
        address = self.dsn.split("@")[1].removesuffix("/1")
        url = f"http://{address}/api/1/envelope/?sentry_key=any"
        with urllib.request.urlopen(url, body, timeout=10) as answer:
            answer.read()

    def end(self, how: signal.Signals = signal.SIGINT) -> tuple[int, str, str]:
        """Status and what was printed."""
        self.process.send_signal(how)
        out, err = self.process.communicate(timeout=20)
        return self.process.returncode, out, err


@pytest.fixture
def start() -> Iterator[Callable[..., Dev]]:
    """Starts one and sees to its end."""
    running: list[Dev] = []

    def begin(*options: str) -> Dev:
        running.append(Dev(*options))
        return running[-1]

    yield begin
    for one in running:
        if one.process.poll() is None:
            one.process.kill()
            one.process.communicate()


def test_it_says_what_to_type(start: Callable[..., Dev]) -> None:
    """The DSN, and the line for the other terminal."""
    running = start()

    assert running.dsn.startswith("http://local@127.0.0.1:")
    assert running.greeting[2] == f"  export SENTRY_DSN={running.dsn}\n"


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_it_prints_what_arrived_and_ends_well(start: Callable[..., Dev], how: signal.Signals) -> None:
    """Pending traces are printed at the end; status 0; nothing on standard error."""
    running = start()
    running.post(envelope())
    status, out, err = running.end(how)

    assert (status, err) == (0, "")
    assert "GET /w" in out
    assert "user 0xabc" in out
    assert "Ended after 1 envelopes." in out


def test_what_arrives_is_saved(start: Callable[..., Dev], tmp_path: Path) -> None:
    """Appended to the file, ready for `show`."""
    file = tmp_path / "today.envelopes"
    for _ in range(2):
        running = start("--save", str(file))
        running.post(sent := envelope())
        running.end()
    with file.open("rb") as stream:
        saved = list(read_saved(stream))

    assert [isinstance(entry, Saved) for entry in saved] == [True, True]
    assert saved[-1].raw == sent  # type: ignore[union-attr] # see the line above


def test_a_taken_port_is_one_line_that_says_what_to_type(capsys: pytest.CaptureFixture[str]) -> None:
    """Status 1."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        status = dev.main(["--port", str(port)])

    assert status == 1
    assert capsys.readouterr().err.startswith(f"otel-sentry dev: port {port} is taken: type otel-sentry dev --port")


@pytest.mark.parametrize(
    ("options", "status", "told"),
    [
        pytest.param(["--host", "0.0.0.0"], 2, "add --allow-remote if that is meant", id="all addresses"),  # noqa: S104 - refused
        pytest.param(["--host", "example.org"], 2, "add --allow-remote", id="a name"),
        pytest.param(
            ["--host", "192.0.2.1", "--allow-remote"], 1, "192.0.2.1:8969 cannot be listened on", id="not ours"
        ),
        pytest.param(
            ["--save", "/nowhere/x"], 1, "/nowhere/x cannot be written (No such file or directory)", id="no folder"
        ),
    ],
)
def test_what_cannot_be_is_told_in_a_line(
    options: list[str], status: int, told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """With what to type instead."""
    assert dev.main(options) == status
    assert told in capsys.readouterr().err
