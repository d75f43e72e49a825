"""The example dapp in real Chromium with Sentry's real SDK, everything through the tunnel: `make test-browser`.

Needs `playwright`, a Chromium, and Node with npm; without them these tests are skipped.
"""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from otel_sentry.local.receiver import Receiver

if TYPE_CHECKING:
    from collections.abc import Iterator

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
HOST = "dapp.example"
PROJECT = 3
SERVED = """\
from app import app as dapp

from otel_sentry.web import BrowserMiddleware

app = BrowserMiddleware(dapp)
"""
"""What somebody who runs the dapp writes; the application itself stays as it is."""


@pytest.fixture(scope="session", name="sdk")
def _sdk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Sentry's SDK as `otel-sentry browser build` makes it; OTEL_SENTRY_BROWSER_SDK may name one that is there."""
    ready = os.environ.get("OTEL_SENTRY_BROWSER_SDK")
    if ready:
        return Path(ready)
    if shutil.which("npm") is None:
        pytest.skip("no npm on this machine: apt-get install npm")
    from otel_sentry.cli.browser_build import build  # noqa: PLC0415
    from otel_sentry.web.sdk_script import SDK_VERSION  # noqa: PLC0415

    output = tmp_path_factory.mktemp("sdk") / "sentry.js"
    build(output, SDK_VERSION)
    return output


@pytest.fixture(scope="session", name="sentry")
def _sentry() -> Iterator[Receiver]:
    with Receiver(port=0) as receiver:
        yield receiver


@pytest.fixture(scope="session", name="dapp")
def _dapp(sentry: Receiver, sdk: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Chain, web app with the middleware around it, and worker."""
    pytest.importorskip("eth_tester", reason="pip install 'otel-sentry[demo]'")
    from otel_sentry.cli.demo_dapp import Dapp  # noqa: PLC0415

    directory = tmp_path_factory.mktemp("dapp")
    (directory / "served.py").write_text(SERVED)
    environment = {
        "OTEL_SENTRY_BROWSER_SDK": str(sdk),
        "PYTHONPATH": str(directory),
        "SENTRY_BROWSER_DSN": sentry.dsn_of(PROJECT),
    }
    with Dapp(sentry.dsn, directory, web_app="served:app", environment=environment) as dapp:
        yield dapp
        if sys.exc_info()[0] is not None:
            print(*dapp.log_tails(), sep="\n")  # noqa: T201


@pytest.fixture(scope="session", name="browser")
def _browser() -> Iterator[Any]:
    playwright = pytest.importorskip("playwright.sync_api", reason="pip install playwright")
    if CHROMIUM is None:
        pytest.skip("no Chromium on this machine: apt-get install chromium")
    names = f"--host-resolver-rules=MAP {HOST} 127.0.0.1, MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"
    arguments = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run", names]
    with playwright.sync_playwright() as started:
        running = started.chromium.launch(executable_path=CHROMIUM, args=arguments)
        yield running
        running.close()
