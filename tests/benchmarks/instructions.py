"""The gate against slow drift: instructions of the hot path, as ratios to FLOOR's in the same run, against a baseline.

Instruction counts do not depend on the machine's mood, and the ratio hardly on the processor: a tenth more is a change
of the code. Another build of Python or version of OpenTelemetry has a baseline of its own. Needs valgrind.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from importlib.metadata import version
from pathlib import Path
from typing import Final

from tests.benchmarks.loads.web_request import SPANS_PER_REQUEST
from tests.benchmarks.process import CHECKOUT

BASELINE: Final = Path(__file__).with_name("instructions.json")
TOLERANCE: Final = 0.10
REQUESTS: Final = 20
_BUILD: Final = "optimized" if "--enable-optimizations" in (sysconfig.get_config_var("CONFIG_ARGS") or "") else "plain"
_OPENTELEMETRY: Final = version("opentelemetry-sdk").rpartition(".")[0]
SETTING: Final = f"Python {sys.version_info.major}.{sys.version_info.minor} {_BUILD}, OpenTelemetry {_OPENTELEMETRY}"
_PATIENCE_SECONDS: Final = 120
_TOTALS: Final = re.compile(r"^(?:totals|summary): (\d+)", re.MULTILINE)


def counts() -> dict[str, float]:
    """Count instructions per span.

    Returns:
        `floor`: instructions; `application` (what `configure()` adds on the application's thread) and `encode` (the
        batch thread's share) as parts of it.

    Raises:
        RuntimeError: valgrind is not installed.
    """
    tools = [shutil.which(tool) for tool in ("valgrind", "vgdb")]
    if None in tools:
        message = "counting instructions needs valgrind"
        raise RuntimeError(message)
    with tempfile.TemporaryDirectory() as folder:
        _run(*map(str, tools), Path(folder))
        # Dump 1 ends where the first measured part begins; what follows the last mark is out without a number.
        floor, application, encode = (
            int(_TOTALS.findall((Path(folder) / f"out.{part}").read_text())[-1]) / REQUESTS / SPANS_PER_REQUEST
            for part in (2, 3, 4)
        )
    return {"floor": floor, "application": application / floor - 1, "encode": encode / floor}


def _run(valgrind: str, vgdb: str, folder: Path) -> None:
    """Run the hot path; callgrind looks on from where it is warm."""
    command = [
        valgrind,
        "--tool=callgrind",
        "--instr-atstart=no",
        "--dump-before=getppid",
        f"--callgrind-out-file={folder}/out",
        f"--vgdb-prefix={folder}/vgdb",
        "-q",
        sys.executable,
        "-m",
        "tests.benchmarks.counted",
        str(REQUESTS),
    ]
    environment = {"PYTHONHASHSEED": "0", "PATH": "/usr/bin:/bin"}
    with subprocess.Popen(
        command, cwd=CHECKOUT, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as running:
        if running.stdin is None or running.stdout is None or not running.stdout.readline():
            message = "the hot path did not run under valgrind"
            raise RuntimeError(message)
        switch = [vgdb, f"--vgdb-prefix={folder}/vgdb", f"--pid={running.pid}", "instrumentation", "on"]
        subprocess.run(switch, check=True, capture_output=True, timeout=_PATIENCE_SECONDS)
        running.communicate(b"go\n")


def check(*, update: bool) -> int:
    """Compare with the baseline, or replace it.

    Returns:
        Exit status: 1 when something grew by more than the tolerance. Where there is no baseline, it says so.
    """
    baselines: dict[str, dict[str, float]] = json.loads(BASELINE.read_text()) if BASELINE.exists() else {}
    found = {name: round(value, 4) for name, value in counts().items()}
    if update:
        baselines[SETTING] = found
        BASELINE.write_text(json.dumps(baselines, indent=2, sort_keys=True) + "\n")
    baseline = baselines.get(SETTING)
    if baseline is None:
        sys.stdout.write(
            f"{found}\nno baseline for {SETTING}: take one with --update on a commit that is known as good\n"
        )
        return 0
    worse = [name for name in ("application", "encode") if found[name] > baseline[name] * (1 + TOLERANCE)]
    for name, value in found.items():
        mark = "  <- more than 10 % above" if name in worse else ""
        sys.stdout.write(f"{name:12} {value:12.4f}  baseline {baseline[name]:12.4f}{mark}\n")
    return 1 if worse else 0
