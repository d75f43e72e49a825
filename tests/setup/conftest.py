"""Applications as users start them: fresh interpreters, real entry points, the embedded Sentry, an OTLP sink."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator

import pytest

from tests.otlp_sink import OtlpSink, listening_sink

RunApp = Callable[..., "subprocess.CompletedProcess[str]"]
INSTRUMENT = ["-c", "from opentelemetry.instrumentation.auto_instrumentation import run; run()"]
"""What the script `opentelemetry-instrument` does, with an interpreter that can be chosen."""
INHERITED = ("PATH", "PYTHONPATH", "HOME", "LANG", "TMPDIR")


@pytest.fixture(scope="session")
def python_without_distro(python_with: Callable[..., str]) -> str:
    """Without opentelemetry-distro: nothing but our own instrumentor configures OpenTelemetry."""
    return python_with()


@pytest.fixture(scope="session")
def python_with_distro(python_with: Callable[..., str]) -> str:
    """With opentelemetry-distro, without any framework."""
    return python_with("opentelemetry-distro")


@pytest.fixture(scope="session")
def run_app(tmp_path_factory: pytest.TempPathFactory, python_with_distro: str) -> RunApp:
    """Run Python code in a fresh interpreter with exactly the given variables, and wait for it to end."""

    def run(
        code: str,
        environ: dict[str, str] | None = None,
        *,
        files: dict[str, str] | None = None,
        python: str = python_with_distro,
        zero_code: bool = False,
    ) -> subprocess.CompletedProcess[str]:
        folder = tmp_path_factory.mktemp("application")
        for name, text in {"app.py": code, **(files or {})}.items():
            (folder / name).write_text(text, encoding="utf-8")
        command = [python, *INSTRUMENT, python, "app.py"] if zero_code else [python, "app.py"]
        variables = {name: os.environ[name] for name in INHERITED if name in os.environ} | (environ or {})
        ended = subprocess.run(
            command, capture_output=True, check=False, cwd=folder, env=variables, text=True, timeout=60
        )
        if ended.returncode:
            pytest.fail(f"exit status {ended.returncode}\n{ended.stdout}\n{ended.stderr}")
        return ended

    return run


@pytest.fixture(name="otlp_sink")
def _otlp_sink() -> Iterator[OtlpSink]:
    """An OTLP backend on loopback."""
    with listening_sink() as sink:
        yield sink
