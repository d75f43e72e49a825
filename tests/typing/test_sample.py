"""The package's types are good for users: mypy and pyright, both strict, have nothing to say of a sample."""

from __future__ import annotations

import subprocess
import sys
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import pytest

SAMPLE = Path(__file__).with_name("sample.py")
PYRIGHT_CONFIG = '{"typeCheckingMode": "strict", "pythonVersion": "3.10", "include": ["sample.py"]}'
CHECKERS = {
    "mypy": ["--strict", "--python-version", "3.10", "--no-incremental", "--config-file="],
    "pyright": ["--project", "."],
}


@cache
def works(checker: str) -> bool:
    """Whether a checker is there; pyright fetches its JavaScript from npm when it first runs."""
    if find_spec(checker) is None:
        return False
    asked = subprocess.run([sys.executable, "-m", checker, "--version"], capture_output=True, check=False, timeout=300)
    return asked.returncode == 0


@pytest.mark.parametrize("checker", CHECKERS)
@pytest.mark.parametrize(("line", "fails"), [("", False), ("telemetry.flsh()\n", True)], ids=["right", "wrong"])
def test_a_sample_is_clean(checker: str, line: str, fails: bool, tmp_path: Path) -> None:
    """And a misspelt method is found, so that the checker did look."""
    if not works(checker):
        pytest.skip(f"{checker} is not installed, or cannot fetch what it needs: the group `check` has it")
    (tmp_path / "sample.py").write_text(SAMPLE.read_text(encoding="utf-8") + line, encoding="utf-8")
    (tmp_path / "pyrightconfig.json").write_text(PYRIGHT_CONFIG, encoding="utf-8")
    arguments = [*CHECKERS[checker], *(["--pythonpath", sys.executable] if checker == "pyright" else ["sample.py"])]
    ended = subprocess.run(
        [sys.executable, "-m", checker, *arguments],
        cwd=tmp_path,
        capture_output=True,
        check=False,
        text=True,
        timeout=300,
    )

    assert (ended.returncode != 0) is fails, ended.stdout + ended.stderr
    assert ("flsh" in ended.stdout) is fails
