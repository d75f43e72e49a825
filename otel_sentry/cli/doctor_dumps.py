"""Reads what running processes wrote about themselves: one dump, a folder of them, or standard input."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

from otel_sentry.doctor.finding import Finding, note
from otel_sentry.errors import OtelSentryError
from otel_sentry.facts.facts import facts_from_json

if TYPE_CHECKING:
    from otel_sentry.facts.facts import Facts

_STALE_SECONDS: Final = 60.0


def read_dumps(path: str) -> list[tuple[Facts, list[Finding]]]:
    """Each dump, and what is to be said of the dump itself.

    Args:
        path: a file, a folder with `*.json` files, or `-`.

    Raises:
        OtelSentryError: it cannot be read; says why.
    """
    files = sorted(Path(path).glob("*.json")) if path != "-" and Path(path).is_dir() else [Path(path)]
    if not files:
        raise OtelSentryError(f"{path} holds no dump; processes write there with OTEL_SENTRY_DUMP_DIR={path}")
    return [_dump(file) for file in files]


def _dump(file: Path) -> tuple[Facts, list[Finding]]:
    try:
        facts = facts_from_json(sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes())
    except (OSError, ValueError) as exc:
        raise OtelSentryError(f"{file} cannot be read: {exc}") from exc
    age = time.time() - facts.at
    if age < _STALE_SECONDS:
        return facts, []
    cause = f"This dump of process {facts.process.pid} is {age:.0f} s old"
    return facts, [note("dump-old", f"{cause}; the process {'lives' if _lives(facts.process.pid) else 'is gone'}.")]


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:  # somebody else's
        return True
    return True
