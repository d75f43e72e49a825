"""A newcomer who types what the tutorial says, in a clone, sees the own trace on the page."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx

from tests.docs.pages import DOCS, ROOT, Block, blocks

BASH = shutil.which("bash") or "bash"
PAGE = "http://127.0.0.1:8969"
STEPS = blocks(DOCS / "tutorial.md")
EXPORTED = [line for step in STEPS for line in step.commands if line.startswith("export ")]


def typed(clone: Path, block: Block) -> int:
    """Type a block in a shell in which the earlier ones were typed; its exit status."""
    before = ["set -m", "[ ! -d .venv ] || . .venv/bin/activate", *EXPORTED]
    script = "\n".join([*before, "set -e", *block.commands])
    with subprocess.Popen([BASH, "-c", script], cwd=clone, start_new_session=True) as shell:
        try:
            return shell.wait(timeout=600)
        finally:
            with suppress(ProcessLookupError):
                os.killpg(shell.pid, signal.SIGKILL)


@contextmanager
def second_terminal(clone: Path, block: Block) -> Iterator[None]:
    """What the block starts runs until the end of the tutorial."""
    *before, last = block.commands
    with subprocess.Popen([BASH, "-c", "\n".join([*before, f"exec {last}"])], cwd=clone) as running:
        try:
            on_the_page("/local/overview", lambda _: True)
            yield
        finally:
            running.terminate()


def on_the_page(address: str, wanted: Any) -> Any:
    """What the page is told, as soon as it is what is wanted."""
    deadline, answer = time.monotonic() + 60, None
    while time.monotonic() < deadline:
        try:
            answer = httpx.get(PAGE + address, timeout=5).json()
            if wanted(answer):
                return answer
        except httpx.TransportError:
            pass  # not listening yet
        time.sleep(0.2)
    raise AssertionError(f"not on the page within a minute: {answer}")


def test_the_tutorial(tmp_path: Path) -> None:
    """Each block does what the text says; both traces are on the page, with wallets, the shop's with its issue."""
    clone = tmp_path / "clone"
    subprocess.run([shutil.which("git") or "git", "clone", "--quiet", ROOT, clone], check=True)
    install, second, *others = STEPS
    assert (install.what, second.what) == ("types", "second terminal")

    assert typed(clone, install) == 0
    with second_terminal(clone, second):
        for step in others:
            if step.what.startswith("file "):
                (clone / step.what.removeprefix("file ")).write_text(step.text, encoding="utf-8")
            else:
                assert (typed(clone, step) == 0) is (step.what == "types"), step
        shown = on_the_page("/local/traces", lambda answer: answer["all"] >= 2)["traces"]

    by_name = {trace["name"]: trace for trace in shown}
    assert set(by_name) == {"checkout", "GET /profile/{wallet}"}
    assert (by_name["checkout"]["issues"], by_name["checkout"]["failed"]) == (1, 2)
    assert "0x52908400098527886e0f7030069857d2e4169ee7" in str(by_name["checkout"])
    assert "0xd8da6bf26964af9d7eed9e03e53415d37aa96045" in str(by_name["GET /profile/{wallet}"])
