"""The example dapp's traces as trees in real Spotlight, with `OTEL_SENTRY_WIRE_FORMAT=transaction`.

Run as `python -m tests.real.spotlight_check [--folder FOLDER] [--picture FILE]`; needs Node, npm, Chromium. Spotlight
comes from npm, 115 MB. Its page is opened in Chromium: the trace of a mint must be listed and show its spans, nested.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import httpx

from otel_sentry.cli.demo_dapp import Dapp, _free_port, _wait_or_kill
from otel_sentry.cli.demo_visitors import use_dapp
from tests.local.page.chromium import chromium

PACKAGE: Final = {
    "type": "module",
    "dependencies": {"@spotlightjs/spotlight": "4.11.8"},
    "overrides": {"hono": "4.12.25"},  # a newer one answers every request with 500
}
SERVER: Final = Path(__file__).with_name("spotlight.mjs")
TRACE: Final = "2 txns"
"""How the list tells of a trace through web app and worker: a mint."""
SPANS: Final = ("auth.session", "mint", "send notifications", "process notifications")


def main() -> int:
    """Serve, use the dapp, look; exit status 0 when the tree is shown."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, help="where Spotlight is installed and kept between runs")
    parser.add_argument("--picture", type=Path, help="PNG of the trace")
    typed = parser.parse_args()
    folder = typed.folder or Path(tempfile.mkdtemp(prefix="spotlight-"))
    installed(folder)
    with running(folder) as url, tempfile.TemporaryDirectory() as work:
        dapp = Dapp(url.replace("://", "://public@") + "/1", Path(work))
        dapp._environment["OTEL_SENTRY_WIRE_FORMAT"] = "transaction"
        with dapp:
            use_dapp(dapp.url, dapp.node_url)
            time.sleep(5)  # the worker is asynchronous
        shown = page_of_a_trace(url, typed.picture)
    missing = [name for name in SPANS if name not in shown]
    print(f"not shown: {missing}\n\n{shown}" if missing else f"a mint is shown with {', '.join(SPANS)}")
    return 1 if missing else 0


def installed(folder: Path) -> None:
    """Spotlight in a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "package.json").write_text(json.dumps(PACKAGE))
    shutil.copy(SERVER, folder)
    if not (folder / "node_modules").exists():
        subprocess.run([_tool("npm"), "install", "--silent", "--no-audit", "--no-fund"], cwd=folder, check=True)


@contextmanager
def running(folder: Path) -> Iterator[str]:
    """Spotlight on loopback; gives its address."""
    port = _free_port()
    process = subprocess.Popen([_tool("node"), SERVER.name, str(port)], cwd=folder, start_new_session=True)
    url = f"http://127.0.0.1:{port}"
    try:
        for _ in range(100):
            try:
                httpx.get(f"{url}/health").raise_for_status()
                break
            except httpx.HTTPError:
                time.sleep(0.2)
        yield url
    finally:
        process.terminate()
        _wait_or_kill(process)


def page_of_a_trace(url: str, picture: Path | None) -> str:
    """The text of Spotlight's page of one mint."""
    with chromium() as browser:
        page: Any = browser.new_page(viewport={"width": 1400, "height": 1000})
        page.route("**/*", lambda route: route.continue_() if _is_local(route.request.url) else route.abort())
        page.goto(f"{url}/telemetry/traces")
        page.get_by_text(TRACE).first.click(timeout=30_000)
        page.get_by_text(SPANS[0]).first.wait_for(timeout=30_000)
        if picture:
            page.screenshot(path=picture)
        return str(page.inner_text("body"))


def _is_local(address: str) -> bool:
    return urlsplit(address).hostname in ("127.0.0.1", "localhost")


def _tool(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        raise SystemExit(f"{name} is not installed: this check needs Node and npm")
    return found


if __name__ == "__main__":
    sys.exit(main())
