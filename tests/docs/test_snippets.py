"""Snippets that say so run as they stand, in an environment of their own, and send what Sentry accepts."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable

import pytest

from otel_sentry.local.receiver import Receiver
from tests.docs.pages import PAGES, Block, blocks

RUNS = [block for page in PAGES for block in blocks(page) if block.what == "runs" and block.page != "README.md"]
"""`test_readme.py` runs the first of all."""


@pytest.mark.parametrize("block", RUNS, ids=[f"{block.page}:{number}" for number, block in enumerate(RUNS)])
def test_a_snippet_runs(block: Block, receiver: Receiver, python_with: Callable[..., str]) -> None:
    """It ends well and says nothing on standard error; the fixture looks at what it sent."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("OTEL_", "SENTRY_"))}
    frameworks = [name for name in ("fastapi", "flask") if f"from {name} import" in block.text]
    python = python_with(*frameworks, *(f"opentelemetry-instrumentation-{name}" for name in frameworks))
    ended = subprocess.run(
        [python, "-W", "error::DeprecationWarning:__main__", "-c", block.text],
        env={**environment, "SENTRY_DSN": receiver.dsn},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )

    assert (ended.returncode, ended.stderr) == (0, "")
