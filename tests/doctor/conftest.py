"""A stage: a process without extras that runs the doctor in whatever set-up it is given."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Ended:
    """How one run ended."""

    status: int
    stdout: str
    stderr: str


class Stage:
    """Runs set-ups, one after the other."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def run(self, folder: Path, variables: dict[str, str], *arguments: str) -> Ended:
        """Run `otel-sentry doctor` with these arguments, exactly these variables, in this folder."""
        asked = {"folder": str(folder), "variables": variables, "arguments": ["doctor", *arguments]}
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(asked) + "\n")
        self._process.stdin.flush()
        return Ended(**json.loads(self._process.stdout.readline()))


@pytest.fixture(scope="session")
def stage(bare_python: str) -> Iterator[Stage]:
    """One per worker."""
    command = [bare_python, str(Path(__file__).with_name("stage.py"))]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT, text=True, encoding="utf-8"
    ) as process:
        yield Stage(process)
        assert process.stdin is not None
        process.stdin.close()
        process.wait(10)
