"""Sends the example dapp's traces to a real OTLP backend that is not ours, arize-phoenix, and reads them back.

Run by `make real-backend`, not by CI: Phoenix is 850 MB. It lives in a virtual environment and a working directory of
its own. The dapp is the one of `otel-sentry demo`, byte for byte; only environment variables differ.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
import venv
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any, Final
from urllib.error import URLError
from urllib.request import urlopen

from otel_sentry.cli.demo_dapp import Dapp, _free_port, _wait_or_kill
from otel_sentry.cli.demo_visitors import use_dapp
from otel_sentry.cli.demo_witness import Recorded, recorded_spans

REQUIREMENT: Final = "arize-phoenix==20.26.1"
START_SECONDS: Final = 600
ARRIVAL_SECONDS: Final = 60
PAGE: Final = 1000


def main(arguments: Sequence[str]) -> int:
    """Compare; exit status 0 when nothing is missing.

    Args:
        arguments: the folder of a virtual environment with Phoenix; a temporary one is made if there is none.
    """
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="otel-sentry-backend-")))
        phoenix = Path(arguments[0]) if arguments else installed(folder / "venv")
        url = stack.enter_context(running(phoenix, folder))
        recorded, wallets = traffic(folder, url)
        stored = when_settled(url, len(recorded))
    return report(recorded, stored, wallets)


def installed(folder: Path) -> Path:
    """A virtual environment with Phoenix."""
    say(f"Installing {REQUIREMENT} into {folder} ...")
    venv.create(folder, with_pip=True)
    subprocess.run([folder / "bin" / "pip", "install", "--quiet", REQUIREMENT], check=True)
    return folder


@contextmanager
def running(environment: Path, folder: Path) -> Iterator[str]:
    """Phoenix on loopback; gives its address."""
    port, grpc_port = _free_port(), _free_port()
    variables = {
        "PHOENIX_WORKING_DIR": str(folder),
        "PHOENIX_HOST": "127.0.0.1",
        "PHOENIX_PORT": str(port),
        "PHOENIX_GRPC_PORT": str(grpc_port),
        "PHOENIX_TELEMETRY_ENABLED": "false",
        "PHOENIX_ALLOW_EXTERNAL_RESOURCES": "false",
    }
    inherited = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    url = f"http://127.0.0.1:{port}"
    say(f"Starting Phoenix at {url} ...")
    with (folder / "phoenix.log").open("wb") as log:
        process = subprocess.Popen(
            [environment / "bin" / "phoenix", "serve"],
            env=inherited | variables,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        wait_until_it_answers(process, url, folder / "phoenix.log")
        yield url
    finally:
        process.terminate()
        _wait_or_kill(process)


def wait_until_it_answers(process: subprocess.Popen[bytes], url: str, log: Path) -> None:
    """Raises SystemExit with the end of its log when it does not."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        with suppress(URLError, OSError):
            asked(url, "/v1/projects")
            return
        time.sleep(0.5)
    raise SystemExit("Phoenix did not start:\n" + log.read_text(errors="replace")[-4000:])


def traffic(folder: Path, url: str) -> tuple[list[Recorded], set[str]]:
    """Let three wallets use the dapp; what its console exporters recorded, and the wallets."""
    say("Three wallets use the dapp ...")
    dapp = Dapp("", folder)
    del dapp._environment["SENTRY_DSN"]
    dapp._environment |= {
        "OTEL_TRACES_EXPORTER": "otlp,console",  # the console is the witness
        "OTEL_EXPORTER_OTLP_ENDPOINT": url,
        "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf",
    }
    with dapp:
        visits = use_dapp(dapp.url, dapp.node_url)
        before, spans = -1, 0
        while spans != before:  # the worker is asynchronous: done when nothing comes any more
            before = spans
            time.sleep(3)
            spans = len(recorded_spans(dapp.witnessed()))
    return recorded_spans(dapp.witnessed()), {visit.wallet for visit in visits if visit.wallet}


def when_settled(url: str, expected: int) -> list[dict[str, Any]]:
    """Phoenix' spans, when as many have arrived as were recorded, or as they are when there was time enough."""
    deadline = time.monotonic() + ARRIVAL_SECONDS
    while True:
        stored = stored_spans(url)
        if len(stored) >= expected or time.monotonic() > deadline:
            return stored
        time.sleep(1)


def stored_spans(url: str) -> list[dict[str, Any]]:
    """All spans of Phoenix' default project."""
    found: list[dict[str, Any]] = []
    cursor = ""
    while True:
        page = asked(url, f"/v1/projects/default/spans?limit={PAGE}{cursor}")
        found += page["data"]
        if not page.get("next_cursor"):
            return found
        cursor = f"&cursor={page['next_cursor']}"


def asked(url: str, path: str) -> Any:
    """An answer of Phoenix' REST interface."""
    with urlopen(f"{url}{path}", timeout=10) as answer:  # noqa: S310  # our own loopback address
        return json.load(answer)


def report(recorded: list[Recorded], stored: list[dict[str, Any]], wallets: set[str]) -> int:
    """Print each comparison; exit status."""
    there = {span["context"]["span_id"]: span for span in stored}
    pairs = [(one, there.get(one.span_id)) for one in recorded]
    users = {str(one.attributes["user.id"]) for one in recorded if "user.id" in one.attributes}
    checks = [
        ("spans", len(recorded), len(stored)),
        ("span ids", len(recorded), sum(span is not None for _, span in pairs)),
        ("trace ids", len(recorded), sum(span is not None and trace_of(span) == one.trace_id for one, span in pairs)),
        ("parents", len(recorded), sum(span is not None and span["parent_id"] == one.parent_id for one, span in pairs)),
        ("names", len(recorded), sum(span is not None and span["name"] == one.name for one, span in pairs)),
        ("wallets as user.id", sorted(wallets), sorted({user for span in stored if (user := user_of(span))})),
        ("spans with user.id", sum("user.id" in one.attributes for one in recorded), sum(map(has_user, stored))),
        ("attributes of Sentry", 0, sum("sentry" in name for span in stored for name in span["attributes"])),
    ]
    say(f"{len(users)} users, {len({one.trace_id for one in recorded})} traces, services: {services(recorded)}")
    for title, expected, seen in checks:
        say(f"{' ok ' if expected == seen else 'FAIL'}  {title}: {seen}")
        if expected != seen:
            say(f"        expected: {expected}")
    return int(any(expected != seen for _, expected, seen in checks))


def services(recorded: list[Recorded]) -> str:
    return ", ".join(sorted({one.service for one in recorded}))


def trace_of(span: dict[str, Any]) -> str:
    return str(span["context"]["trace_id"])


def user_of(span: dict[str, Any]) -> str | None:
    return span["attributes"].get("user.id")


def has_user(span: dict[str, Any]) -> bool:
    return user_of(span) is not None


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
