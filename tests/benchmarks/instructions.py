"""The gate against slow drift: instructions of the hot path, as ratios to FLOOR's in the same run, against a baseline.

Instruction counts do not depend on the machine's mood, and the ratio hardly on the processor: a tenth more is a change
of the code. Needs valgrind.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

from tests.benchmarks.loads.web_request import SPANS_PER_REQUEST
from tests.benchmarks.process import CHECKOUT

BASELINE: Final = Path(__file__).with_name("instructions.json")
TOLERANCE: Final = 0.10
REQUESTS: Final = 60
PYTHON: Final = f"{sys.version_info.major}.{sys.version_info.minor}"
_TOTALS: Final = re.compile(r"^(?:totals|summary): (\d+)", re.MULTILINE)


def counts() -> dict[str, float]:
    """Count instructions per span.

    Returns:
        `floor`: instructions; `application` and `encode`: times FLOOR's.

    Raises:
        RuntimeError: valgrind is not installed.
    """
    valgrind = shutil.which("valgrind")
    if valgrind is None:
        message = "counting instructions needs valgrind"
        raise RuntimeError(message)
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(
            [
                valgrind,
                "--tool=callgrind",
                "--dump-before=getppid",
                f"--callgrind-out-file={folder}/out",
                "-q",
                sys.executable,
                "-m",
                "tests.benchmarks.counted",
                str(REQUESTS),
            ],
            cwd=CHECKOUT,
            env={"PYTHONHASHSEED": "0", "PYTHONDONTWRITEBYTECODE": "1", "PATH": "/usr/bin:/bin"},
            check=True,
        )
        # Dump 1 ends where the first measured part begins; what follows the last mark is out without a number.
        floor, application, encode = (
            int(_TOTALS.findall(Path(f"{folder}/out.{part}").read_text())[-1]) / REQUESTS / SPANS_PER_REQUEST
            for part in (2, 3, 4)
        )
    return {"floor": floor, "application": application / floor, "encode": encode / floor}


def check(*, update: bool) -> int:
    """Compare with the baseline, or replace it.

    Returns:
        Exit status: 1 when something grew by more than the tolerance, or when there is nothing to compare with.
    """
    baselines: dict[str, dict[str, float]] = json.loads(BASELINE.read_text()) if BASELINE.exists() else {}
    found = {name: round(value, 4) for name, value in counts().items()}
    if update:
        baselines[PYTHON] = found
        BASELINE.write_text(json.dumps(baselines, indent=2, sort_keys=True) + "\n")
        return 0
    baseline = baselines.get(PYTHON)
    if baseline is None:
        sys.stderr.write(f"no baseline for Python {PYTHON}: run with --update on a commit that is known to be good\n")
        return 1
    worse = [name for name in ("application", "encode") if found[name] > baseline[name] * (1 + TOLERANCE)]
    for name, value in found.items():
        mark = "  <- more than 10 % above" if name in worse else ""
        sys.stdout.write(f"{name:12} {value:12.4f}  baseline {baseline[name]:12.4f}{mark}\n")
    return 1 if worse else 0
