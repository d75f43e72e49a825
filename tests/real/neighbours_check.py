"""Other distributions of OpenTelemetry beside us: Elastic's, Splunk's, Logfire. Run by `make neighbours`, not by CI.

Each gets a virtual environment of its own, because a distribution takes part in every `opentelemetry-instrument` of its
environment. The application is the same everywhere; both backends must have its spans, once each.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import venv
from collections.abc import Sequence
from pathlib import Path
from typing import Final, NamedTuple

from otel_sentry.local.receiver import Receiver
from tests.otlp_sink import listening_sink

ROOT: Final = Path(__file__).parents[2]
APPLICATION: Final = """
from opentelemetry import propagate, trace
tracer = trace.get_tracer("dapp")
headers = {}
try:
    with tracer.start_as_current_span("db.get_user", attributes={"wallet.address": "0x" + "AB" * 20}):
        with tracer.start_as_current_span("SELECT", attributes={"db.system": "sqlite"}):
            propagate.inject(headers)
        raise ValueError("boom")
except ValueError:
    pass
print(sorted(headers))
"""
LOGFIRE: Final = """
import logfire
logfire.configure(send_to_logfire=False, console=False)  # it feeds OTEL_EXPORTER_OTLP_ENDPOINT by itself
"""
CONFIGURE: Final = "import otel_sentry\notel_sentry.configure()\n"
WALLET: Final = "0x" + "ab" * 20
NAMES: Final = ["SELECT", "db.get_user"]
HEADERS: Final = "['baggage', 'sentry-trace', 'traceparent']"


class Neighbour(NamedTuple):
    """One case.

    Attributes:
        title: what is printed.
        requirement: what is installed beside us.
        code: stands before the application.
        variables: beyond those that all have.
    """

    title: str
    requirement: str
    code: str
    variables: dict[str, str]

    @property
    def zero_code(self) -> bool:
        """Whether `opentelemetry-instrument` starts it."""
        return self.requirement != "logfire"


BOTH: Final = {"OTEL_TRACES_EXPORTER": "sentry,otlp"}
ELASTIC: Final = {**BOTH, "OTEL_TRACES_SAMPLER": "parentbased_always_on"}
"""Elastic's default sampler is OpenTelemetry's experimental composite one, under which the attributes that a span
starts with are lost, for every backend (opentelemetry-sdk 1.45)."""
NEIGHBOURS: Final = (
    Neighbour("Elastic's distribution, zero code", "elastic-opentelemetry", "", ELASTIC),
    Neighbour("Elastic's distribution and configure()", "elastic-opentelemetry", CONFIGURE, ELASTIC),
    Neighbour("Splunk's distribution, zero code", "splunk-opentelemetry", "", BOTH),
    Neighbour("Splunk's distribution and configure()", "splunk-opentelemetry", CONFIGURE, BOTH),
    Neighbour("Logfire, then configure()", "logfire", LOGFIRE + CONFIGURE, {}),
    Neighbour("configure(), then Logfire", "logfire", CONFIGURE + LOGFIRE, BOTH),
)


def main(arguments: Sequence[str]) -> int:
    """Compare; exit status 0 when nothing is missing or doubled.

    Args:
        arguments: a folder with a virtual environment per requirement, named like it; temporary ones if there is none.
    """
    with tempfile.TemporaryDirectory(prefix="otel-sentry-neighbours-") as folder:
        homes = Path(arguments[0]) if arguments else Path(folder)
        failed = [
            one.title for one in NEIGHBOURS if not checked(one, environment(homes, one.requirement), Path(folder))
        ]
    return int(bool(failed))


def environment(homes: Path, requirement: str) -> Path:
    """The virtual environment with us and a neighbour; made if it is not there."""
    home = homes / requirement
    if not home.is_dir():
        say(f"Installing {requirement} ...")
        venv.create(home, with_pip=True)
        wanted = ["--editable", str(ROOT), requirement, "opentelemetry-exporter-otlp-proto-http"]
        subprocess.run([home / "bin" / "python", "-m", "pip", "install", "--quiet", *wanted], check=True)
    return home


def checked(neighbour: Neighbour, home: Path, folder: Path) -> bool:
    """Run the application beside a neighbour, and say what was seen."""
    with Receiver(port=0) as receiver, listening_sink() as other:
        printed = run(
            neighbour, home, folder, {"SENTRY_DSN": receiver.dsn, "OTEL_EXPORTER_OTLP_ENDPOINT": other.endpoint}
        )
        users = {str(span["attributes"].get("user.id")) for span in receiver.plain_spans}
        checks = [
            ("spans at Sentry", NAMES, sorted(str(span["name"]) for span in receiver.spans)),
            ("users at Sentry", {WALLET}, users),
            ("issues", ["ValueError"], [event["exception"]["values"][-1]["type"] for event in receiver.events]),
            ("spans at the other backend", NAMES, sorted(span.name for span in other.spans)),
            (
                "Sentry's attributes there",
                [],
                [a.key for span in other.spans for a in span.attributes if "sentry" in a.key],
            ),
            ("headers", True, HEADERS in printed),
            ("problems", [], [str(problem) for problem in receiver.take_problems()]),
        ]
    wrong = [f"{title}: {seen}, expected {expected}" for title, expected, seen in checks if expected != seen]
    say(f"{'FAIL' if wrong else ' ok '}  {neighbour.title}")
    for line in (*wrong, *([printed] if wrong else ())):
        say(f"        {line}")
    return not wrong


def run(neighbour: Neighbour, home: Path, folder: Path, variables: dict[str, str]) -> str:
    """What the application has printed, errors included."""
    source = folder / "app.py"
    source.write_text(neighbour.code + APPLICATION, encoding="utf-8")
    python = str(home / "bin" / "python")
    instrument = [str(home / "bin" / "opentelemetry-instrument")] if neighbour.zero_code else []
    inherited = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    quiet = {"OTEL_LOGS_EXPORTER": "none", "OTEL_METRICS_EXPORTER": "none", "OTEL_SERVICE_NAME": "dapp"}
    ended = subprocess.run(
        [*instrument, python, str(source)],
        env={**inherited, **quiet, "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf", **variables, **neighbour.variables},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=120,
        check=False,
    )
    return ended.stdout


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
