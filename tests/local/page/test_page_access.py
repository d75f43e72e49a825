"""That everybody can use the page: axe-core finds nothing of level A or AA, in light and dark, in every state."""

from __future__ import annotations

import urllib.parse
from pathlib import Path
from typing import Any

import pytest

from otel_sentry.local.receiver import Receiver
from tests.local.page.sender import ALICE, TRACE

AXE_TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
SPAN = f"trace/{TRACE}?span={4:016x}"
VIEWS = {
    "traces": "a.line",
    "traces?q=nobody": ".list > p",
    "issues": ".side .event",
    "metrics": ".chart",
    "replays": ".line",
    "problems": "main p",
    f"wallet/{urllib.parse.quote(ALICE, safe='')}": ".line",
    f"trace/{TRACE}": ".row:not([hidden])",
    SPAN: ".panel .event",
    f"trace/{'9' * 32}": "h1:has-text('not here')",
}
"""Addresses, and what is in sight when the view is whole."""
EMPTY = {"traces": ".empty", "issues": ".list > p", "metrics": "main p", "replays": "main p", "problems": "main p"}
"""The same before anything has arrived."""


class Axe:
    """axe-core in a page; what it finds is gathered."""

    def __init__(self, page: Any, url: str, theme: str) -> None:
        axe = pytest.importorskip("axe_core_python", reason="pip install axe-core-python")
        source = Path(axe.__file__).with_name("axe.min.js").read_text(encoding="utf-8")
        page.emulate_media(color_scheme=theme, reduced_motion="reduce")
        page.goto(url)
        page.evaluate(source + "\n;undefined")
        self.page = page
        self.violations: list[tuple[str, str, list[str]]] = []

    def views(self, views: dict[str, str]) -> None:
        """Look at each address."""
        for where, sign in views.items():
            self.page.evaluate("hash => { location.hash = hash }", f"#/{where}")
            self.page.wait_for_selector(sign)
            self.look(where)

    def look(self, where: str) -> None:
        """Look at the page as it stands."""
        result = self.page.evaluate("tags => axe.run(document, { runOnly: tags })", AXE_TAGS)
        found = [(where, one["id"], [node["target"][0] for node in one["nodes"]]) for one in result["violations"]]
        self.violations += found


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_view_is_accessible(page: Any, receiver: Receiver, dapp: str, theme: str) -> None:
    """Lists, profile, trace, span, each tab beside the waterfall, and the list of keys."""
    axe = Axe(page, receiver.url, theme)
    axe.views(VIEWS)
    axe.views({SPAN: VIEWS[SPAN]})
    for tab in ("Issues", "Logs", "Metrics", "Replays"):
        page.click(f"[role=tab]:has-text('{tab}')")
        axe.look(tab)
    page.click("#help")
    page.wait_for_selector("dialog[open]")
    axe.look("keys")

    assert axe.violations == []


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_an_empty_page_is_accessible(page: Any, receiver: Receiver, theme: str) -> None:
    """Before anything has arrived."""
    axe = Axe(page, receiver.url, theme)
    axe.views(EMPTY)

    assert axe.violations == []


def test_a_check_that_finds_nothing_would_notice(page: Any, receiver: Receiver, dapp: str) -> None:
    """Grey on grey and a nameless button are found."""
    axe = Axe(page, receiver.url, "light")
    page.wait_for_selector("a.line")
    page.evaluate("document.body.style.setProperty('--soft', '#ccc'); document.getElementById('help').textContent = ''")
    axe.look("traces")

    assert {rule for _, rule, _ in axe.violations} == {"button-name", "color-contrast"}
