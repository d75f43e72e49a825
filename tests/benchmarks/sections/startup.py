"""What importing and setting up take, in fresh processes."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING, Final

from tests.benchmarks.process import CHECKOUT
from tests.benchmarks.sections.section import Section, grouped, markdown, shuffled, spread

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tests.benchmarks.sections.section import Record

_SDK: Final = "import opentelemetry.sdk.trace"
_DSN: Final = "http://benchmark@127.0.0.1:9/1"
PROGRAMS: Final = {
    "import opentelemetry.sdk": ("", _SDK),
    "import otel_sentry after it": (_SDK, "import otel_sentry"),
    "import sentry_sdk, sentry_sdk.init()": (
        _SDK,
        f"import sentry_sdk; sentry_sdk.init({_DSN!r}, traces_sample_rate=1.0)",
    ),
    "import otel_sentry, configure()": (_SDK, f"import otel_sentry; otel_sentry.configure(dsn={_DSN!r})"),
    "configure() after sentry_sdk.init()": (
        f"{_SDK}; import sentry_sdk; sentry_sdk.init({_DSN!r})",
        "import otel_sentry; otel_sentry.configure()",
    ),
    "configure() without a DSN": (_SDK, "import otel_sentry; otel_sentry.configure()"),
    "import logfire, logfire.configure()": (
        _SDK,
        "import logfire; logfire.configure(send_to_logfire=False, console=False)",
    ),
}
"""What it is called → what happens before, and what is timed."""
ROUNDS: Final = 7
"""Fresh processes per program and repetition."""
_TIMED: Final = """
import os, time
{before}
wall, cpu = time.perf_counter(), time.process_time()
{timed}
print((time.perf_counter() - wall) * 1000, (time.process_time() - cpu) * 1000, flush=True)
os._exit(0)
"""


def milliseconds(program: str) -> tuple[float, float]:
    """Return wall and CPU time that a program's timed part takes."""
    before, timed = PROGRAMS[program]
    code = _TIMED.format(before=before, timed=timed)
    # Bytecode comes from the cache, as in production; user site and environment do not come in.
    ended = subprocess.run(
        [sys.executable, "-c", code], cwd=CHECKOUT, env={}, capture_output=True, text=True, check=True
    )
    wall, cpu = ended.stdout.split()
    return float(wall), float(cpu)


def _measure(peers: Sequence[str], repetition: int) -> Iterator[Record]:
    for number in range(ROUNDS):
        for program in shuffled(PROGRAMS, repetition * ROUNDS + number):
            if ("otel_sentry" in program and "otel_sentry" not in peers) or (
                "logfire" in program and "logfire" not in peers
            ):
                continue
            wall, cpu = milliseconds(program)
            yield {"program": program, "wall_ms": wall, "cpu_ms": cpu}


def _render(records: Sequence[Record]) -> str:
    by_program = grouped(records, "program")
    rows = [
        [
            f"`{program}`",
            spread([record["cpu_ms"] for record in by_program[(program,)]], 1),
            spread([record["wall_ms"] for record in by_program[(program,)]], 1),
        ]
        for program in PROGRAMS
        if (program,) in by_program
    ]
    return markdown(["what", "CPU ms", "wall ms"], rows)


STARTUP: Final = Section(
    "startup",
    "Import and start-up",
    "Fresh processes. Each row is only what it names; unless it says so, `opentelemetry.sdk` is already imported.",
    _measure,
    _render,
)
