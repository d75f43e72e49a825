"""The package's types are good for users: mypy and pyright, both strict, have nothing to say of a sample."""

from __future__ import annotations

import subprocess
import sys
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import pytest

SAMPLE = Path(__file__).with_name("sample.py")
PYRIGHT_CONFIG = '{"typeCheckingMode": "strict", "pythonVersion": "3.10", "include": ["right.py", "wrong.py"]}'
CHECKERS = {
    "mypy": ["--strict", "--python-version", "3.10", "--no-incremental", "--config-file=", "right.py", "wrong.py"],
    "pyright": ["--project", ".", "--pythonpath", sys.executable],
}


@cache
def works(checker: str) -> bool:
    """Whether a checker is there; pyright fetches its JavaScript from npm when it first runs."""
    if find_spec(checker) is None:
        return False
    asked = subprocess.run([sys.executable, "-m", checker, "--version"], capture_output=True, check=False, timeout=300)
    return asked.returncode == 0


@pytest.mark.parametrize("checker", CHECKERS)
def test_a_sample_is_clean(checker: str, tmp_path: Path) -> None:
    """And a misspelt method is found beside it, so that the checker did look."""
    if not works(checker):
        pytest.skip(f"{checker} is not installed, or cannot fetch what it needs: the group `check` has it")
    sample = SAMPLE.read_text(encoding="utf-8")
    (tmp_path / "right.py").write_text(sample, encoding="utf-8")
    (tmp_path / "wrong.py").write_text(sample + "telemetry.flsh()\n", encoding="utf-8")
    (tmp_path / "pyrightconfig.json").write_text(PYRIGHT_CONFIG, encoding="utf-8")
    ended = subprocess.run(
        [sys.executable, "-m", checker, *CHECKERS[checker]],
        cwd=tmp_path,
        capture_output=True,
        check=False,
        text=True,
        timeout=300,
    )
    errors = [line for line in ended.stdout.splitlines() if ": error: " in line or " - error: " in line]

    assert ended.returncode == 1, ended.stdout + ended.stderr
    assert {"wrong.py" in line and "flsh" in line for line in errors} == {True}, ended.stdout
