"""What people do with the page: keys, zoom, live following, files; and that hostile telemetry stays text."""

from __future__ import annotations

import urllib.parse
from pathlib import Path
from typing import Any

import pytest

from otel_sentry.local.receiver import Receiver
from otel_sentry.local.saved import write_saved
from tests.local.page.sender import TRACE

HOSTILE = '<img src=x onerror="window.pwned=1"><script>window.pwned=1</script>{{7*7}}\'"&amp;'


def rows(page: Any) -> list[str]:
    """Names in the waterfall that are in sight."""
    return list(page.locator(".row:not([hidden]) .text").all_inner_texts())


def test_a_trace_is_walked_with_the_keyboard(page: Any, receiver: Receiver, dapp: str) -> None:
    """From the list to a span and back, folding, zooming, without a mouse."""
    page.goto(receiver.url)
    page.wait_for_selector("a.line")
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.wait_for_selector(".row:not([hidden])")
    page.keyboard.press("ArrowDown")
    page.wait_for_selector(".row[aria-selected='true']:has-text('db.get_user')")
    page.keyboard.press("ArrowLeft")
    folded = rows(page)
    page.keyboard.press("ArrowRight")
    page.keyboard.press("+")
    zoomed = page.locator(".tick").all_inner_texts()
    page.keyboard.press("0")
    unzoomed = page.locator(".tick").all_inner_texts()
    page.keyboard.press("?")
    help_shown = page.locator("dialog").is_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    page.wait_for_selector("a.line")
    page.keyboard.press("/")
    page.wait_for_selector("#search:focus")

    assert "SELECT users" not in folded
    assert (zoomed[0], zoomed[-1]) == ("45.5 ms", "136 ms")
    assert (unzoomed[0], unzoomed[-1]) == ("0 µs", "182 ms")
    assert help_shown


def test_tabs_are_walked_with_arrows(page: Any, receiver: Receiver, dapp: str) -> None:
    """Round and round; only the chosen one is a stop of the Tab key, and no span folds meanwhile."""
    page.goto(f"{receiver.url}/#/trace/{TRACE}")
    page.wait_for_selector(".row:not([hidden])")
    before = rows(page)
    page.focus("[role=tab]:has-text('Issues')")
    seen = []
    for key in ("ArrowRight", "ArrowRight", "ArrowRight", "ArrowRight", "ArrowLeft"):
        page.keyboard.press(key)
        seen.append(page.locator("[role=tab]:focus").inner_text())

    assert seen == ["Logs 1", "Metrics 3", "Replays 1", "Span", "Replays 1"]
    assert page.locator("[role=tab][tabindex='0']").all_inner_texts() == ["Replays 1"]
    assert rows(page) == before


def test_a_list_that_is_cut_says_so(page: Any, receiver: Receiver, send: Any) -> None:
    """The newest traces are shown, and how many there are."""
    for number in range(301):
        send.spans({**send.span("a", 1), "trace_id": f"{number + 1:032x}"})
    page.goto(receiver.url)
    page.wait_for_selector(".told:has-text('301 traces of 301. The newest 300 are shown.')")

    assert page.locator("a.line").count() == 300


def test_the_axis_is_dragged_to_zoom(page: Any, receiver: Receiver, dapp: str) -> None:
    """The dragged part fills the width."""
    page.goto(f"{receiver.url}/#/trace/{TRACE}")
    page.wait_for_selector(".row:not([hidden])")
    box = page.locator(".axis").bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 5)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] - 1, box["y"] + 5)
    page.mouse.up()

    assert page.locator(".tick").first.inner_text() == "91.0 ms"


def test_a_page_that_is_open_follows(page: Any, receiver: Receiver, send: Any) -> None:
    """New traces appear in the list, late spans in an open trace, whose selection and folding stay."""
    page.goto(receiver.url)
    page.wait_for_selector(".empty")
    hint = page.locator(".empty").inner_text()
    send.spans(
        send.span("a", 1, None, 0, 10, name="root"),
        send.span("a", 2, 1, 1, 2.9),
        send.span("a", 3, 2, 1, 2, name="below"),
    )
    page.click("a.line")
    page.click(".row:has-text('span 2') .fold")
    page.click(".row:has-text('span 2') .text")
    send.spans(send.span("a", 4, 1, 3, 4, name="late"))
    page.wait_for_selector(".row:has-text('late')")

    assert f"export SENTRY_DSN=http://local@127.0.0.1:{receiver.port}/1" in hint
    assert rows(page) == ["root", "span 2", "late"]
    assert page.locator(".row[aria-selected='true'] .text").inner_text() == "span 2"


@pytest.mark.parametrize("where", ["#/trace/%zz?span=%zz", "#/wallet/%", "#/nothing/at/all", "#", "#/issues/%E0%A4%A"])
def test_an_odd_address_breaks_nothing(page: Any, receiver: Receiver, dapp: str, where: str) -> None:
    """A view is shown, and the others can be reached."""
    page.goto(f"{receiver.url}/{where}")
    shown = page.locator("main").inner_text()
    page.click("nav a:has-text('Traces')")
    page.wait_for_selector("a.line")

    assert shown.strip()
    assert [text.split()[0] for text in page.locator("nav a[aria-current]").all_inner_texts()] == ["Traces"]


def test_dark_and_light_are_remembered(page: Any, receiver: Receiver) -> None:
    """As the system has it, until somebody chooses."""
    page.emulate_media(color_scheme="dark")
    page.goto(receiver.url)
    first = page.get_attribute("html", "data-theme")
    page.click("#theme")
    page.reload()

    assert (first, page.get_attribute("html", "data-theme")) == ("dark", "light")


def test_envelopes_leave_and_come_back(page: Any, receiver: Receiver, dapp: str, tmp_path: Path) -> None:
    """Export, clear, import; and a trace as a fixture in the clipboard."""
    page.goto(receiver.url)
    page.wait_for_selector("a.line")
    with page.expect_download() as download:
        page.click("text=Export")
    file = tmp_path / "x.envelopes"
    download.value.save_as(file)
    page.click("text=Clear")
    page.wait_for_selector(".empty")
    page.set_input_files("input[type=file]", file)
    page.wait_for_selector(".told:has-text('6 envelopes read.')")
    page.click("a.line:has-text('profile')")
    page.click("text=Copy as pytest fixture")
    page.wait_for_selector("text=Copied")

    assert "def trace_aaaaaaaa()" in page.evaluate("navigator.clipboard.readText()")


def test_a_damaged_file_is_told(page: Any, receiver: Receiver, send: Any, tmp_path: Path) -> None:
    """What was read, and what is wrong with the rest."""
    file = tmp_path / "x.envelopes"
    with file.open("wb") as stream:
        write_saved(stream, send.spans_envelope(send.span("a", 1)), 1.0)
        stream.write(b"rubbish")
    page.goto(receiver.url)
    page.wait_for_selector(".empty")
    page.set_input_files("input[type=file]", file)

    page.wait_for_selector(".told:has-text('1 envelope read. before envelope 2 stands no line')")
    assert len(receiver.spans) == 1


def test_hostile_telemetry_is_text(page: Any, receiver: Receiver, send: Any) -> None:
    """Names, attributes, services, users, issues, frames, tags, logs and metrics are shown, never run."""
    words = {"name": HOSTILE, "op": HOSTILE, "service": HOSTILE, "user": HOSTILE, "attributes": {HOSTILE: HOSTILE}}
    send.spans(send.span("a", 1, **words), send.span("a", 2, 9, name=HOSTILE))
    frame = {"filename": HOSTILE, "function": HOSTILE, "context_line": HOSTILE, "vars": {HOSTILE: HOSTILE}}
    exception = [{"type": HOSTILE, "value": HOSTILE, "stacktrace": {"frames": [frame]}}]
    send.event("a", 1, exception=exception, tags={HOSTILE: HOSTILE}, extra={HOSTILE: HOSTILE}, user={"id": HOSTILE})
    send.log("a", 1, HOSTILE)
    send.metric("a", HOSTILE, 1, unit=HOSTILE)
    send.replay("a", HOSTILE)
    wallet = f"wallet/{urllib.parse.quote(HOSTILE, safe='')}"
    for where in ("traces", "issues", "metrics", "replays", "problems", wallet, f"trace/{TRACE}"):
        page.goto(f"{receiver.url}/#/{where}")
        page.wait_for_timeout(200)
    page.goto(f"{receiver.url}/#/trace/{TRACE}?span={1:016x}")
    page.wait_for_selector(".panel .event")
    panel = page.locator(".panel").inner_text()
    page.click("text=Logs 1")

    assert panel.count(HOSTILE) >= 10
    assert page.locator(".panel .body").inner_text() == HOSTILE
    assert page.evaluate("window.pwned") is None
    assert page.locator("main img, main script").count() == 0


_SCROLL = """async () => {
  const scroll = document.querySelector(".scroll");
  const seen = [];
  for (const share of [0, 0.5, 1]) {
    scroll.scrollTop = share * scroll.scrollHeight;
    await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
    const box = scroll.getBoundingClientRect();
    const inSight = [...scroll.querySelectorAll(".row:not([hidden])")].filter((row) => {
      const { top, bottom } = row.getBoundingClientRect();
      return bottom > box.top && top < box.bottom && row.querySelector(".text").textContent;
    });
    seen.push([scroll.querySelectorAll(".row").length < 80, inSight.length >= Math.floor(box.height / 24)]);
  }
  return seen;
}"""


def test_ten_thousand_spans_are_few_elements(page: Any, receiver: Receiver, send: Any) -> None:
    """Only what is in sight is drawn, at the top, in the middle and at the end; a deep link finds its span."""
    send.sweep(10_000)
    receiver.take_problems()
    page.goto(f"{receiver.url}/#/trace/{TRACE}?span={9_999:016x}")
    page.wait_for_selector(".row[aria-selected='true']:has-text('span 9999')")

    assert page.evaluate(_SCROLL) == [[True, True]] * 3
    assert "10,000 spans" in page.locator(".head").inner_text()


@pytest.mark.parametrize("width", [360, 800])
def test_small_windows_show_everything(page: Any, receiver: Receiver, dapp: str, width: int) -> None:
    """Nothing is wider than the window."""
    page.set_viewport_size({"width": width, "height": 700})
    for where in ("traces", "issues", f"trace/{TRACE}"):
        page.goto(f"{receiver.url}/#/{where}")
        page.wait_for_timeout(300)

        assert page.evaluate("document.documentElement.scrollWidth") <= width
