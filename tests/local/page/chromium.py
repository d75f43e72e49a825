"""Real Chromium, driven by playwright."""

from __future__ import annotations

import contextlib
import shutil
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


@contextlib.contextmanager
def chromium() -> Iterator[Any]:
    """A Chromium without a window.

    Raises:
        ImportError: playwright is not installed.
        FileNotFoundError: there is no Chromium on this machine.
    """
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 - of the group `browser`

    if CHROMIUM is None:
        message = "no Chromium on this machine: apt-get install chromium"
        raise FileNotFoundError(message)
    with sync_playwright() as started:
        running = started.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield running
        running.close()
