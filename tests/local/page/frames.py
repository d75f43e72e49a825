"""What a trace of 10,000 spans costs real Chromium, beside one of 20: `make bench-page`.

Each trace is opened by its address in a fresh page, then the waterfall is scrolled by the wheel from its first row to
its last. The times of tasks are from Chromium's own performance trace of the page's main thread; first paint counts
from where the navigation began.
"""

from __future__ import annotations

import json
import statistics
import sys
from itertools import pairwise
from typing import Any, Final

from otel_sentry.local.receiver import Receiver
from tests.local.page.chromium import chromium
from tests.local.page.sender import TRACE, Sender

SIZES: Final = (20, 10_000)
ROUNDS: Final = 3
WHEELS: Final = 120
CATEGORIES: Final = ["devtools.timeline", "disabled-by-default-devtools.timeline", "loading", "blink.user_timing"]
_WATCH: Final = """() => {
  window.frames_seen = [];
  const note = (at) => { window.frames_seen.push(at); requestAnimationFrame(note); };
  requestAnimationFrame(note);
}"""
_FIRST_ROW: Final = """new MutationObserver((_, observer) => {
  if (!document.querySelector(".row:not([hidden])")) return;
  observer.disconnect();
  requestAnimationFrame(() => setTimeout(() => { window.first_row = performance.now(); }));
}).observe(document, { childList: true, subtree: true, attributes: true });"""
_AT_THE_END: Final = """() => {
  const scroll = document.querySelector(".scroll");
  return scroll.scrollTop + scroll.clientHeight >= scroll.scrollHeight - 2;
}"""


def measured(browser: Any, url: str, spans: int) -> dict[str, float]:
    """Milliseconds, by what they are of: one opening and one way through the trace."""
    page = browser.new_page(viewport={"width": 1280, "height": 800})
    page.add_init_script(_FIRST_ROW)
    browser.start_tracing(page=page, categories=CATEGORIES)
    page.goto(f"{url}/#/trace/{TRACE}")
    page.wait_for_selector(".row:not([hidden])")
    page.wait_for_timeout(300)
    opened = tasks(browser.stop_tracing())
    paints = {one["name"]: one["startTime"] for one in page.evaluate("performance.getEntriesByType('paint')")}
    first_row = page.evaluate("window.first_row")
    browser.start_tracing(page=page, categories=CATEGORIES)
    page.evaluate(_WATCH)
    scroll(page, spans)
    frames = page.evaluate("window.frames_seen")
    scrolled = tasks(browser.stop_tracing())
    page.close()
    between = sorted(after - before for before, after in pairwise(frames))
    return {
        "first paint": paints["first-paint"],
        "first row of the waterfall": first_row,
        "longest task while opening": max(opened),
        "longest task while scrolling": max(scrolled),
        "time between frames, median": statistics.median(between),
        "time between frames, p99": between[int(len(between) * 0.99)],
        "time between frames, longest": between[-1],
    }


def scroll(page: Any, spans: int) -> None:
    """Turn the wheel until the last row is in sight.

    Raises:
        TimeoutError: it never came.
    """
    box = page.locator(".scroll").bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    for turn in range(10 * WHEELS):
        if turn >= WHEELS and page.evaluate(_AT_THE_END):
            return
        page.mouse.wheel(0, spans * 24 / WHEELS)
    raise TimeoutError


def tasks(trace: bytes) -> list[float]:
    """Durations in milliseconds of the tasks of the page's main thread in a performance trace."""
    events = json.loads(trace)["traceEvents"]
    main = {
        (event["pid"], event["tid"])
        for event in events
        if event["name"] == "thread_name" and event["args"]["name"] == "CrRendererMain"
    }
    return [
        event["dur"] / 1_000
        for event in events
        if event["name"] == "RunTask" and (event["pid"], event["tid"]) in main and "dur" in event
    ]


def main() -> None:
    """Print the medians of some rounds, and the worst."""
    with chromium() as browser:
        for spans in SIZES:
            with Receiver(port=0) as receiver:
                Sender(receiver).sweep(spans)
                rounds = [measured(browser, receiver.url, spans) for _ in range(ROUNDS)]
            sys.stdout.write(f"{spans:,} spans, {ROUNDS} rounds, ms: median (worst)\n")
            for name in rounds[0]:
                values = [one[name] for one in rounds]
                sys.stdout.write(f"  {name:30} {statistics.median(values):8.1f} ({max(values):.1f})\n")


if __name__ == "__main__":
    main()
