"""`otel-sentry show`: trees, JSON, damage, foreign and large files."""

from __future__ import annotations

import gzip
import io
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from sentry_sdk.envelope import Envelope as SdkEnvelope

from otel_sentry.cli import show
from otel_sentry.local.saved import write_saved
from otel_sentry.protocol.envelope import EnvelopeItem, serialize_envelope
from otel_sentry.protocol.item_kinds import SPAN_CONTENT_TYPE

TRACE = "a" * 32


def span(number: int, name: str = "", **attributes: str) -> dict[str, Any]:
    """A span as on the wire."""
    typed = {key: {"type": "string", "value": value} for key, value in attributes.items()}
    times = {"start_timestamp": 100.0, "end_timestamp": 100.5}
    whole = {"trace_id": TRACE, "span_id": f"{number:016x}", "name": name or f"span {number}", "status": "ok", **times}
    return {
        **whole,
        "is_segment": number == 1,
        "attributes": typed,
        **({"parent_span_id": f"{1:016x}"} if number > 1 else {}),
    }


def span_envelope(*spans: dict[str, Any]) -> bytes:
    """An envelope of one container."""
    headers = {"type": "span", "item_count": len(spans), "content_type": SPAN_CONTENT_TYPE}
    item = EnvelopeItem(headers, json.dumps({"version": 2, "items": spans}).encode())
    return serialize_envelope({"trace": {"trace_id": TRACE, "public_key": "k"}}, [item])


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Where a test saves."""
    return tmp_path / "x.envelopes"


def saved(*envelopes: bytes) -> bytes:
    """A file of these."""
    stream = io.BytesIO()
    for raw in envelopes:
        write_saved(stream, raw, 200.0)
    return stream.getvalue()


@pytest.mark.parametrize("pack", [bytes, gzip.compress], ids=["plain", "gzip"])
def test_saved_traces_are_trees(file: Path, pack: Any, capsys: pytest.CaptureFixture[str]) -> None:
    """Spans of several envelopes make one trace."""
    file.write_bytes(pack(saved(span_envelope(span(2)), span_envelope(span(1)))))
    status = show.main([str(file)])
    shown = capsys.readouterr()

    assert (status, shown.err) == (0, "")
    assert shown.out.splitlines()[0].startswith(f"trace {TRACE} · 2 spans")
    assert shown.out.splitlines()[2].startswith("╰─ span 2")
    assert shown.out.splitlines()[-1] == "read: 2 span"


def test_an_envelope_of_another_sdk_is_shown(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A bare file as sentry-sdk writes it: issue in a trace whose spans are elsewhere."""
    envelope = SdkEnvelope()
    contexts = {"trace": {"trace_id": TRACE, "span_id": "b" * 16}}
    envelope.add_event({"event_id": "c" * 32, "message": "hello", "contexts": contexts})
    file.write_bytes(envelope.serialize())
    status = show.main([str(file)])
    shown = capsys.readouterr().out

    assert status == 0
    assert f"(span {'b' * 16} not seen)" in shown
    assert "✖ hello" in shown


def test_an_issue_without_a_trace_is_shown(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Behind the traces."""
    file.write_bytes(b'{}\n{"type":"event"}\n{"message":"lonely"}\n')
    show.main([str(file)])

    assert "✖ lonely" in capsys.readouterr().out


def test_a_cut_file_is_shown_as_far_as_it_goes(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What is whole is there, a line says what is wrong, status 1."""
    file.write_bytes(saved(span_envelope(span(1)), span_envelope(span(2)))[:-20])
    status = show.main([str(file)])
    shown = capsys.readouterr()

    assert status == 1
    assert "span 1" in shown.out
    assert "the file is cut: envelope 2 must have" in shown.err


def test_a_damaged_envelope_is_shown_in_part(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Its readable items, and where reading stopped."""
    file.write_bytes(saved(span_envelope(span(1)) + b"rubbish", span_envelope(span(2))))
    status = show.main([str(file)])
    shown = capsys.readouterr()

    assert status == 1
    assert "2 spans" in shown.out
    assert "envelope 1 is shown in part: line 4" in shown.err


def test_a_thousand_complaints_are_counted(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Twenty are told."""
    file.write_bytes(saved(*[b"rubbish"] * 1_000))
    show.main([str(file)])
    complaints = capsys.readouterr().err.splitlines()

    assert len(complaints) == 21
    assert complaints[-1] == "otel-sentry show: 980 more of the kind"


@pytest.mark.parametrize("name", ["missing", "."])
def test_what_cannot_be_opened_is_a_line(tmp_path: Path, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Not there, or a folder."""
    assert show.main([str(tmp_path / name)]) == 1
    assert "cannot be read:" in capsys.readouterr().err


def test_json_is_a_line_per_item(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Kind, trace, payload with plain attributes."""
    file.write_bytes(saved(span_envelope(span(1, color="red")), b'{}\n{"type":"session"}\n{"sid":"x"}\n'))
    status = show.main([str(file), "--json"])
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]

    assert status == 0
    assert [(line["kind"], line["trace_id"]) for line in lines] == [("span", TRACE), ("session", None)]
    assert lines[0]["payload"]["attributes"] == {"color": "red"}


@pytest.mark.parametrize("options", [[], ["--json"]])
def test_one_trace_can_be_chosen(file: Path, options: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """By the start of its id."""
    file.write_bytes(saved(span_envelope(span(1), {**span(1), "trace_id": "b" * 32})))
    show.main([str(file), "--trace", "bb", *options])
    shown = capsys.readouterr().out

    assert "b" * 32 in shown
    assert "a" * 32 not in shown


def test_check_says_what_sentry_would_refuse(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Each problem with its envelope and its consequence, status 1; ages count from the day of arrival."""
    file.write_bytes(saved(span_envelope({**span(1), "status": "fine"})))
    status = show.main([str(file), "--check"])
    told = capsys.readouterr().err

    assert status == 1
    assert "envelope 1: span[0].status must be one of error, ok, not 'fine' (refused)" in told
    assert "days old" not in told


def test_hostile_text_is_harmless(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """In trees and in JSON."""
    file.write_bytes(saved(span_envelope(span(1, "\x1b[2Jevil"))))
    show.main([str(file)])
    show.main([str(file), "--json"])

    assert "\x1b" not in capsys.readouterr().out


_MEASURED = """
import sys
from otel_sentry.cli.show import main
status = main([sys.argv[1], "--trace", "no such"])
peak = next(line for line in open("/proc/self/status") if line.startswith("VmHWM"))
print(status, int(peak.split()[1]) // 1024)
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the peak is read from Linux")
@pytest.mark.slow
def test_a_hundred_megabytes_are_shown_in_bounded_memory(file: Path) -> None:
    """Only what a line needs is kept of each span."""
    padding = {f"key{number}": "x" * 100 for number in range(20)}
    with file.open("wb") as stream:
        for start in range(0, 33_000, 1_000):
            write_saved(
                stream, span_envelope(*(span(number, **padding) for number in range(start, start + 1_000))), 0.0
            )
    done = subprocess.run(
        [sys.executable, "-c", _MEASURED, str(file)], capture_output=True, text=True, check=False, timeout=120
    )
    status, megabytes = map(int, done.stdout.split()[-2:])

    assert file.stat().st_size > 100_000_000
    assert status == 0
    assert "33000 span" in done.stdout
    assert megabytes < 250
