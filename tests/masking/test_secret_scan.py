"""Secrets planted wherever telemetry comes from: no byte of them on the wire, in the spool, in our log, in headers."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from otel_sentry.delivery.spooling.record import read_records
from otel_sentry.delivery.wire.compression import decompress
from otel_sentry.local.receiver import Receiver, Reply
from tests.masking.corpus import HASH, HOST, OWN_PATTERNS, SECRETS

CHECKOUT = Path(__file__).parents[2]


def _spilt(dsn: str, folder: Path, **variables: str) -> str:
    """Run the application; what it printed and what the process logged."""
    patterns = folder / "patterns.txt"
    patterns.write_text(OWN_PATTERNS)
    own_log = folder / "log.txt"
    environ = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(CHECKOUT),
        "SENTRY_DSN": dsn,
        "OTEL_LOGS_EXPORTER": "sentry",
        "OTEL_METRICS_EXPORTER": "sentry",
        "OTEL_PYTHON_LOGGING_AUTO_INSTRUMENTATION_ENABLED": "true",
        "OTEL_RESOURCE_ATTRIBUTES": "service.name=spilling,db.password=in-resource",
        "OTEL_SENTRY_SECRET_PATTERNS": str(patterns),
        "OTEL_SENTRY_SHUTDOWN_TIMEOUT": "30",
        "OWN_LOG": str(own_log),
        **variables,
    }
    ended = subprocess.run(
        [sys.executable, "-m", "tests.masking.secret_app"],
        capture_output=True,
        check=False,
        cwd=CHECKOUT,
        env=environ,
        text=True,
        timeout=400,
    )
    assert ended.returncode == 0, ended.stderr
    ours = [line for line in own_log.read_text().splitlines() if ":otel_sentry" in line]
    assert len(ours) > len(SECRETS)
    return ended.stdout + "\n".join(ours)


def _found(text: str) -> list[str]:
    """Secrets in a text, also as JSON writes them."""
    all_of_them = (*SECRETS, "in-release", "in-resource")
    return [one for one in all_of_them if one in text or json.dumps(one)[1:-1] in text]


def test_there_are_secrets_enough() -> None:
    """And each is told apart from the others."""
    assert len(set(SECRETS)) == len(SECRETS) >= 60


@pytest.mark.parametrize("wire_format", ["span", "transaction"])
def test_no_secret_is_on_the_wire(tmp_path: Path, wire_format: str) -> None:
    """Names, attributes, messages, locals, requests, logs, metrics, breadcrumbs, headers; hashes and hosts stay."""
    with Receiver(port=0) as receiver:
        said = _spilt(receiver.dsn, tmp_path, OTEL_SENTRY_WIRE_FORMAT=wire_format)
        sent = "\n".join(one.raw.decode(errors="replace") for one in receiver.envelopes)
        arrived = {
            "spans": receiver.spans,
            "events": receiver.events,
            "logs": receiver.logs,
            "metrics": receiver.metrics,
            "transactions": receiver.transactions or wire_format == "span",
        }

    assert _found(sent) == []
    assert _found(said) == []
    assert "header baggage: " in said
    assert HASH in sent
    assert HOST in sent
    assert [kind for kind, items in arrived.items() if not items] == []


def test_no_secret_is_in_the_spool(tmp_path: Path) -> None:
    """What Sentry did not take lies on disk as it would have been sent."""
    spool = tmp_path / "spool"
    with Receiver(port=0, behaviour=lambda _: Reply(503)) as receiver:
        said = _spilt(receiver.dsn, tmp_path, OTEL_SENTRY_SPOOL_DIR=str(spool))
    files = [path for path in spool.rglob("*") if path.is_file()]
    parcels = [record.parcel for path in files for record in read_records(path.read_bytes()).records]
    text = "\n".join(decompress(one.encoding, one.body).decode(errors="replace") for one in parcels)

    assert len(text) > 100_000
    assert _found(text) == []
    assert _found(said) == []
