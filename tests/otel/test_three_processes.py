"""10,000 traces through three chained processes that send to Sentry, and one between them that knows W3C only."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from otel_sentry.propagation.sample_rand import derived_sample_rand

if TYPE_CHECKING:
    from otel_sentry.local.receiver import Receiver

TRACES, RATE, SECONDS = 10_000, 0.3, 600
SERVICE = Path(__file__).with_name("chained_service.py")
SENTRY: dict[str, dict[str, str]] = {
    "beside another backend": {},
    "sampled at the head": {"OTEL_TRACES_SAMPLER": "sentry", "OTEL_SENTRY_UNSAMPLED_ERRORS": "off"},
    "sampled at export": {},
}
CHAIN = ("beside another backend", "sampled at the head", "knows W3C only", "sampled at export")


def started(role: str, receiver: Receiver, folder: Path, stdin: Any) -> subprocess.Popen[str]:
    """A process of the chain."""
    variables = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    if role in SENTRY:
        variables |= {
            "SENTRY_DSN": receiver.dsn,
            "SENTRY_ENVIRONMENT": role.replace(" ", "-"),  # each has its own, so that a context tells whose it is
            "SENTRY_TRACES_SAMPLE_RATE": str(RATE),
            "OTEL_SERVICE_NAME": role,
            "OTEL_SENTRY_SHUTDOWN_TIMEOUT": str(SECONDS),
            "OTEL_PYTHON_DISABLED_INSTRUMENTATIONS": "*",
            **SENTRY[role],
        }
    command = [sys.executable, str(SERVICE), role, str(folder / role)]
    with (folder / f"{role}.log").open("w") as log:
        return subprocess.Popen(command, stdin=stdin, stdout=subprocess.PIPE, stderr=log, env=variables, text=True)


def run_chain(receiver: Receiver, folder: Path) -> list[str]:
    """Send all requests; the trace ids as the first service's other backend saw them."""
    (folder / "requests").write_text("".join(f"{number}\n" for number in range(TRACES)))
    processes: list[subprocess.Popen[str]] = []
    with (folder / "requests").open() as requests:
        for role in CHAIN:
            processes.append(started(role, receiver, folder, processes[-1].stdout if processes else requests))
    try:
        answers = len(processes[-1].communicate(timeout=SECONDS)[0].splitlines())
        codes = [process.wait(SECONDS) for process in processes]
    finally:
        for process in processes:
            process.kill()
            if process.stdout is not None:
                process.stdout.close()
    logs = [(folder / f"{role}.log").read_text() for role in CHAIN]

    assert (codes, answers) == ([0] * len(CHAIN), TRACES), logs
    return (folder / CHAIN[0]).read_text().split()


def test_10000_traces_through_three_processes(receiver: Receiver, tmp_path: Path) -> None:
    """No disagreement about a single trace: all services keep it or none, in one and the same context."""
    trace_ids = run_chain(receiver, tmp_path)
    kept = {one for one in trace_ids if derived_sample_rand(int(one, 16)) < RATE}  # type: ignore[operator]  # a float here
    services, contexts = defaultdict(list), defaultdict(set)
    for span in receiver.plain_spans:
        services[span["trace_id"]].append(span["attributes"]["service.name"])
    for received in receiver.envelopes:
        if "trace" in received.headers:
            contexts[received.headers["trace"]["trace_id"]].add(tuple(sorted(received.headers["trace"].items())))

    assert len(set(trace_ids)) == TRACES
    assert len(kept) == len(services)
    assert kept == set(services)
    assert [one for one, found in services.items() if sorted(found) != sorted(SENTRY)] == []
    assert [found for found in contexts.values() if len(found) != 1] == []
    assert {dict(context)["environment"] for found in contexts.values() for context in found} == {
        CHAIN[0].replace(" ", "-")
    }
