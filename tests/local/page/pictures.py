"""The pictures of the documentation: the page with what the example dapp sent. `make screenshots`."""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path
from typing import Any, Final

from otel_sentry.cli.demo_dapp import Dapp
from otel_sentry.cli.demo_visitors import use_dapp
from otel_sentry.local.page_data import PageData
from otel_sentry.local.receiver import Receiver
from tests.local.page.chromium import chromium

FOLDER: Final = Path(__file__).parents[3] / "docs" / "how-to"
SIZE: Final = {"width": 1180, "height": 620}
MOST_BYTES: Final = 200_000
PICTURES: Final = (("traces", "light"), ("trace", "light"), ("trace", "dark"), ("issue", "light"))
"""What is shown, and in which theme."""
_QUIET_SECONDS: Final = 3
_LONGEST_SECONDS: Final = 60


def fill(receiver: Receiver, directory: Path) -> None:
    """Let three wallets use the dapp, and wait until nothing more arrives."""
    with Dapp(receiver.dsn, directory) as dapp:
        use_dapp(dapp.url, dapp.node_url)
        deadline, known, since = time.monotonic() + _LONGEST_SECONDS, -1, time.monotonic()
        while time.monotonic() < min(deadline, since + _QUIET_SECONDS):
            if receiver.store.changes != known:
                known, since = receiver.store.changes, time.monotonic()
            time.sleep(0.2)


def views(receiver: Receiver) -> dict[str, tuple[str, str]]:
    """By what is shown: the address, and what is in sight when it is drawn."""
    traces = PageData(receiver.store).traces()["traces"]
    mint = next(trace for trace in traces if trace["name"] == "POST /mint" and len(trace["services"]) > 1)
    failed = next(trace for trace in traces if trace["issues"])
    return {
        "traces": ("traces", "a.line"),
        "trace": (f"trace/{mint['trace_id']}", ".panel .facts"),
        "issue": (f"trace/{failed['trace_id']}", ".panel .issue"),
    }


def take(page: Any, url: str, name: str, where: str, sign: str) -> None:
    """Write one picture.

    Raises:
        ValueError: it is too large for a page that loads quickly.
    """
    page.goto(f"{url}/#/{where}")
    page.wait_for_selector(sign)
    page.wait_for_selector("#state:has-text('live')")
    file = FOLDER / f"{name}.png"
    page.screenshot(path=file)
    if file.stat().st_size > MOST_BYTES:
        message = f"{file.name} has {file.stat().st_size:,} bytes"
        raise ValueError(message)
    sys.stdout.write(f"{file.relative_to(FOLDER.parents[1])}  {file.stat().st_size:,} bytes\n")


def main() -> None:
    """Take every picture."""
    with tempfile.TemporaryDirectory() as directory, Receiver(port=0) as receiver, chromium() as browser:
        fill(receiver, Path(directory))
        shown = views(receiver)
        for name, theme in PICTURES:
            page = browser.new_page(viewport=SIZE, color_scheme=theme)
            take(page, receiver.url, f"page-{name}-{theme}", *shown[name])
            page.close()


if __name__ == "__main__":
    main()
