"""Runs `otel-sentry doctor` in one staged set-up after the other; each in a child of its own.

The children are forked from a process that has imported everything, because a second for each import of sentry-sdk and
OpenTelemetry adds up. What reads the environment at its import is loaded anew in the child.

One JSON line in: folder, variables, arguments; one out: status, stdout, stderr.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import tempfile

import opentelemetry.propagate

from otel_sentry.cli import doctor_here, main
from otel_sentry.setup import sentry_parts

LOADED = (doctor_here, sentry_parts)
"""For the children."""

INHERITED = ("PATH", "HOME", "LANG")


def run(folder: str, variables: dict[str, str], arguments: list[str]) -> dict[str, object]:
    """Run one in a child."""
    with tempfile.TemporaryFile("w+") as stdout, tempfile.TemporaryFile("w+") as stderr:
        child = os.fork()
        if child == 0:
            os.dup2(stdout.fileno(), 1)
            os.dup2(stderr.fileno(), 2)
            os._exit(_in_child(folder, variables, arguments))
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        stdout.seek(0)
        stderr.seek(0)
        return {"status": status, "stdout": stdout.read(), "stderr": stderr.read()}


def _in_child(folder: str, variables: dict[str, str], arguments: list[str]) -> int:
    inherited = {name: os.environ[name] for name in INHERITED if name in os.environ}
    os.environ.clear()
    os.environ.update(inherited | variables)
    os.chdir(folder)
    sys.path.insert(0, folder)
    sys.argv = ["otel-sentry", *arguments]
    try:
        importlib.reload(opentelemetry.propagate)
    except Exception:  # noqa: BLE001 - the set-up is broken there; whoever imports it anew meets the same
        del sys.modules["opentelemetry.propagate"]
    try:
        status = main.main()
    except SystemExit as left:
        status = left.code if isinstance(left.code, int) else 1
    sys.stdout.flush()
    sys.stderr.flush()
    return status


if __name__ == "__main__":
    for line in sys.stdin:
        sys.stdout.write(json.dumps(run(**json.loads(line))) + "\n")
        sys.stdout.flush()
