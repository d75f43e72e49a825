"""What people see on the page: lists, waterfall, span, issues, profile."""

from __future__ import annotations

from typing import Any

import pytest

from otel_sentry.local.receiver import Receiver
from tests.local.page.sender import TRACE


def texts(page: Any, selector: str) -> list[str]:
    """Texts of what is in sight."""
    return list(page.locator(selector).all_inner_texts())


@pytest.mark.parametrize(
    ("search", "found"),
    [
        ("", ["GET /health", "GET /profile/{wallet}"]),
        ("profile", ["GET /profile/{wallet}"]),
        ("0x5290", ["GET /profile/{wallet}"]),
        ("status:error", ["GET /profile/{wallet}"]),
        ("duration:<10ms", ["GET /health"]),
        ("op:rpc", ["GET /profile/{wallet}"]),
        ("service:api", ["GET /health"]),
    ],
)
def test_traces_are_listed_and_searched(
    page: Any, receiver: Receiver, dapp: str, search: str, found: list[str]
) -> None:
    """By name, wallet, status, duration, op, service; the search is in the address."""
    page.goto(receiver.url)
    page.wait_for_selector("a.line")
    page.fill("#search", search)
    page.wait_for_selector(f".told:has-text('{len(found)} trace')")
    page.reload()
    page.wait_for_selector("a.line")

    assert texts(page, ".line .name") == found
    assert page.input_value("#search") == search


def test_services_are_chosen_from_a_list(page: Any, receiver: Receiver, dapp: str) -> None:
    """The choice becomes part of the search."""
    page.goto(receiver.url)
    page.wait_for_selector("a.line")
    page.select_option("select", "api")
    page.wait_for_selector(".told:has-text('1 trace')")

    assert (page.input_value("#search"), texts(page, ".line .name")) == ('service:"api"', ["GET /health"])


def test_a_trace_is_a_waterfall_with_its_issues_and_logs_beside(page: Any, receiver: Receiver, dapp: str) -> None:
    """Nested spans, the gap, the failed span, segments of both services."""
    page.goto(f"{receiver.url}/#/trace/{TRACE}")
    page.wait_for_selector(".row:not([hidden])")
    names = texts(page, ".row:not([hidden]) .text")
    issues = page.locator(".panel").inner_text()
    page.click("[role=tab]:has-text('Logs 1')")
    logs = page.locator(".panel").inner_text()
    page.click("[role=tab]:has-text('Metrics 3')")
    chart = page.locator(".chart").inner_text()
    tags = texts(page, ".row.segment .tag")
    page.click("[role=tab]:has-text('Replays 1')")

    assert names == ["GET /profile/{wallet}", "db.get_user", "SELECT users", "no span here", "POST", "eth_getBalance"]
    assert tags == ["web", "worker"]
    assert "ConnectionError: node is down" in issues
    assert "app/chain.py:42 in get_balance" in issues
    assert "slow query" in logs
    assert "mints counter" in chart
    assert "3 points, last 2" in chart
    assert "http://dapp/profile" in page.locator(".panel").inner_text()


def test_a_span_is_shown_whole_and_can_be_linked_to(page: Any, receiver: Receiver, dapp: str) -> None:
    """Attributes with a filter, own time, its issue with frames and locals; the address names it."""
    page.goto(f"{receiver.url}/#/trace/{TRACE}?span={4:016x}")
    page.wait_for_selector(".panel .event")
    failed = page.locator(".panel").inner_text()
    page.click(".row:has-text('db.get_user') .text")
    page.wait_for_selector(".panel h2:has-text('db.get_user')")
    page.fill("[aria-label='Filter attributes']", "query")
    filtered = page.locator(".panel .attributes").inner_text()

    assert "own time\n20.0 ms" in failed
    assert "raise Down" in failed
    assert "'0xabc'" in failed
    assert "SELECT * FROM users" in filtered
    assert "sentry.op" not in filtered
    assert page.url.endswith(f"?span={2:016x}")


def test_a_wallet_has_its_profile(page: Any, receiver: Receiver, dapp: str) -> None:
    """All its traces, issues and replays, from a click on its name."""
    page.goto(f"{receiver.url}/#/trace/{TRACE}")
    page.click(f".head a:has-text('{dapp}')")
    page.wait_for_selector("h2:has-text('Replays')")

    assert page.locator("h1").inner_text() == dapp
    assert texts(page, "h2") == ["Traces", "Issues", "Replays"]
    assert "1 trace, 1 issue, 1 replay" in page.locator("main").inner_text()


def test_issues_are_grouped_with_their_traces(page: Any, receiver: Receiver, dapp: str, send: Any) -> None:
    """Count and users; a click leads to the span it happened in."""
    send.event("a", 4)
    send.event("b", 1, "KeyError")
    page.goto(f"{receiver.url}/#/issues")
    page.wait_for_selector(".event")
    groups = texts(page, ".list a.line")
    page.click(".list a.line:has-text('ConnectionError')")
    page.wait_for_selector(".side h3:has-text('ConnectionError')")
    page.click(".side .events a >> nth=0")
    page.wait_for_selector(".row:not([hidden])")

    assert "KeyError" in groups[0]
    assert "2 events" in groups[1]
    assert "1 user" in groups[1]
    assert page.url.endswith(f"/trace/{TRACE}?span={4:016x}")


def test_a_trace_that_is_not_here_is_told(page: Any, receiver: Receiver, send: Any) -> None:
    """And appears as soon as it is."""
    page.goto(receiver.url)
    page.wait_for_selector(".empty")
    page.goto(f"{receiver.url}/#/trace/{TRACE}")
    page.wait_for_selector("h1:has-text('This trace is not here')")
    send.spans(send.span("a", 1, name="here it is"))
    page.wait_for_selector(".row:has-text('here it is')")

    assert page.locator("h1").inner_text() == "here it is"


def test_problems_are_listed(page: Any, receiver: Receiver, send: Any) -> None:
    """What Sentry would not keep, with what it does about it."""
    send.spans(send.span("a", 1, parent_span_id="odd"))
    page.goto(f"{receiver.url}/#/problems")
    page.wait_for_selector(".problems li")
    receiver.take_problems()

    assert "trimmed span[0].parent_span_id must be 16 lower-case hex digits" in page.locator(".problems").inner_text()
