"""Applications as users start them: fresh interpreters, real entry points, the embedded Sentry, an OTLP sink."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import venv
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.otlp_sink import OtlpSink, listening_sink

RunApp = Callable[..., "subprocess.CompletedProcess[str]"]
INSTRUMENT = ["-c", "from opentelemetry.instrumentation.auto_instrumentation import run; run()"]
"""What the script `opentelemetry-instrument` does, with an interpreter that can be chosen."""
INHERITED = ("PATH", "PYTHONPATH", "HOME", "LANG", "TMPDIR")


@pytest.fixture(scope="session")
def run_app(tmp_path_factory: pytest.TempPathFactory) -> RunApp:
    """Run Python code in a fresh interpreter with exactly the given variables, and wait for it to end."""

    def run(
        code: str,
        environ: dict[str, str] | None = None,
        *,
        files: dict[str, str] | None = None,
        python: Path | None = None,
        zero_code: bool = False,
    ) -> subprocess.CompletedProcess[str]:
        folder = tmp_path_factory.mktemp("application")
        for name, text in {"app.py": code, **(files or {})}.items():
            (folder / name).write_text(text, encoding="utf-8")
        interpreter = str(python or sys.executable)
        command = [interpreter, *INSTRUMENT, interpreter, "app.py"] if zero_code else [interpreter, "app.py"]
        variables = {name: os.environ[name] for name in INHERITED if name in os.environ} | (environ or {})
        ended = subprocess.run(
            command, capture_output=True, check=False, cwd=folder, env=variables, text=True, timeout=60
        )
        if ended.returncode:
            pytest.fail(f"exit status {ended.returncode}\n{ended.stdout}\n{ended.stderr}")
        return ended

    return run


@pytest.fixture(scope="session")
def python_without_distro(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An interpreter that has everything this one has, but no opentelemetry-distro: the entry points are not there."""
    home = tmp_path_factory.mktemp("without-distro")
    venv.create(home, symlinks=True, with_pip=False)
    own = Path(sysconfig.get_path("purelib", vars={"base": str(home)}))
    for name in ("purelib", "platlib"):
        for entry in Path(sysconfig.get_path(name)).iterdir():
            if not entry.name.startswith("opentelemetry_distro") and not (own / entry.name).exists():
                (own / entry.name).symlink_to(entry)
    return home / "bin" / "python"


@pytest.fixture(name="otlp_sink")
def _otlp_sink() -> Iterator[OtlpSink]:
    """An OTLP backend on loopback."""
    with listening_sink() as sink:
        yield sink
