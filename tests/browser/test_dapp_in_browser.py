"""A visitor with a wallet in real Chromium: one trace, one user, a replay, all of it through the tunnel."""

from __future__ import annotations

import os
import zlib
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

from otel_sentry.protocol.envelope import parse_envelope
from tests.browser.conftest import HOST

if TYPE_CHECKING:
    from collections.abc import Iterator

    from otel_sentry.local.receiver import Receiver

SECRET = "my seed phrase"
SECONDS = 40


class Visit:
    """One visitor from page load to sign-out, and what the page tried to reach besides the dapp."""

    def __init__(self, browser: Any, dapp: Any, sentry: Receiver) -> None:
        from eth_account import Account  # noqa: PLC0415 - an example's requirement

        self.sentry = sentry
        self.account = Account.from_key((2).to_bytes(32, "big"))
        self.wallet = str(self.account.address).lower()
        self.blocked: list[str] = []
        self.tunnelled: list[int] = []
        self.url = f"http://{HOST}:{urlsplit(dapp.url).port}"
        self._context = browser.new_context()
        self.page = self._context.new_page()
        self.page.set_default_timeout(SECONDS * 1000)
        self.page.route("**/*", self._block)
        self.page.on("response", self._note)
        self.page.expose_function("signWithKey", self._sign)
        self.page.add_init_script(
            f"""window.ethereum = {{ request: ({{ method, params }}) => method === "eth_requestAccounts"
            ? Promise.resolve(["{self.account.address}"]) : signWithKey(params[0]) }};"""
        )

    def _block(self, route: Any) -> None:
        """An ad blocker: the page reaches the dapp and nobody else."""
        if urlsplit(route.request.url).hostname == HOST:
            route.continue_()
        else:
            self.blocked.append(route.request.url)
            route.abort()

    def _note(self, response: Any) -> None:
        if urlsplit(response.url).path == "/otel-sentry/tunnel":
            self.tunnelled.append(response.status)

    def _sign(self, text: str) -> str:
        from eth_account.messages import encode_defunct  # noqa: PLC0415 - an example's requirement

        return str(self.account.sign_message(encode_defunct(text=text)).signature.to_0x_hex())

    def click(self, name: str, path: str) -> None:
        """Click and wait for the dapp's answer."""
        with self.page.expect_response(lambda response: urlsplit(response.url).path == path):
            self.page.click(f"#{name}")

    def go(self) -> None:
        """Sign in, reload as the wallet, look around, meet both bugs, and let the SDK send what it has."""
        self.page.goto(self.url)
        self.click("sign-in", "/sign-in")
        self.page.wait_for_function("document.querySelector('#wallet').textContent.startsWith('0x')")
        self.page.fill("#note", SECRET)
        self.click("profile", "/profile")
        self.click("rewards", "/rewards")
        self.page.click("#break")
        self.page.wait_for_timeout(6_000)  # a replay of less than five seconds is not sent
        self.page.evaluate("Sentry.getReplay().flush()")
        self.page.evaluate("Sentry.flush(5000)")
        self.sentry.wait_for(self.is_complete, SECONDS)

    def is_complete(self) -> bool:
        """Whether all that is asserted on has arrived."""
        titles = {str(event["exception"]["values"][0]["type"]) for event in self.sentry.events if "exception" in event}
        rows = {span["name"] for span in self.sentry.plain_spans}
        return bool({"TypeError", "ZeroDivisionError"} <= titles and self.sentry.replays and "Pageload" in rows)

    def close(self) -> None:
        """Close the page."""
        self._context.close()


@pytest.fixture(scope="module", name="visit")
def _visit(browser: Any, dapp: Any, sentry: Receiver) -> Iterator[Visit]:
    visit = Visit(browser, dapp, sentry)
    visit.go()
    yield visit
    visit.close()


def spans_of(sentry: Receiver, service: str) -> list[dict[str, Any]]:
    """The spans of the page, or of a service of the dapp."""
    found = []
    for span in sentry.plain_spans:
        attributes = span["attributes"]
        of_page = attributes["sentry.sdk.name"] == "sentry.javascript.browser"
        if (attributes.get("service.name", "") if not of_page else "page") == service:
            found.append(span)
    return found


def errors_of(sentry: Receiver, kind: str) -> list[dict[str, Any]]:
    """The issues of one kind of exception."""
    return [event for event in sentry.events if event["exception"]["values"][0]["type"] == kind]


def test_one_trace_from_page_load_to_database(visit: Visit, sentry: Receiver) -> None:
    """The page load hangs under the request for the page, and each fetch leads to the database under it."""
    by_id = {span["span_id"]: span for span in sentry.plain_spans}
    (load,) = [span for span in spans_of(sentry, "page") if span["name"] == "Pageload"]
    query = next(span for span in by_id.values() if _is_below(span, "db.get_user", by_id))

    names = [span["name"] for span in _ancestors(query, by_id)]

    assert names[:2] == ["db.get_user", "profile.read"]
    assert names[-4:-2] == ["GET /profile", f"GET {HOST}"]
    assert names[-2:] == ["Pageload", "GET /"]
    assert {span["trace_id"] for span in [*_ancestors(query, by_id), query, load]} == {load["trace_id"]}
    assert by_id[load["parent_span_id"]]["name"] == "GET /"


def _is_below(span: dict[str, Any], name: str, by_id: dict[str, Any]) -> bool:
    parent = by_id.get(span.get("parent_span_id") or "")
    return parent is not None and parent["name"] == name


def _ancestors(span: dict[str, Any], by_id: dict[str, Any]) -> list[dict[str, Any]]:
    found = []
    while (above := by_id.get(span.get("parent_span_id") or "")) is not None:
        found.append(above)
        span = above
    return found


def test_both_errors_have_the_trace_and_the_user(visit: Visit, sentry: Receiver) -> None:
    """What breaks in the page and what breaks behind it are the same visitor's, in the same trace."""
    (in_page,), (behind,) = errors_of(sentry, "TypeError"), errors_of(sentry, "ZeroDivisionError")

    assert in_page["contexts"]["trace"]["trace_id"] == behind["contexts"]["trace"]["trace_id"]
    assert in_page["user"]["id"] == behind["user"]["id"] == visit.wallet
    assert (in_page["release"], in_page["environment"]) == (behind["release"], behind["environment"])


def test_the_replay_is_the_wallets(visit: Visit, sentry: Receiver) -> None:
    """Event and recording arrive, with the wallet and the trace; what was typed does not."""
    replay = sentry.replays[-1]
    (trace_id,) = {span["trace_id"] for span in spans_of(sentry, "page")}

    assert replay["user"]["id"] == visit.wallet
    assert trace_id in replay["trace_ids"]
    assert "replay_recording" in [other["type"] for other in sentry.others]
    assert SECRET not in _recorded(sentry)
    assert visit.wallet not in _recorded(sentry).lower()


def _recorded(sentry: Receiver) -> str:
    """All that recordings hold, unpacked."""
    items = [item for one in sentry.envelopes for item in parse_envelope(one.raw).items]
    packed = [item.payload.partition(b"\n")[2] for item in items if item.type == "replay_recording"]
    return "".join(zlib.decompress(recording).decode() for recording in packed)


def test_requests_of_the_page_know_the_replay(visit: Visit, sentry: Receiver) -> None:
    """Sentry links the server's spans and issues to the replay they belong to."""
    replay_id = sentry.replays[-1]["replay_id"]
    profile = next(span for span in spans_of(sentry, "dapp-web") if span["name"] == "GET /profile")
    (behind,) = errors_of(sentry, "ZeroDivisionError")

    assert profile["attributes"]["sentry.replay_id"] == replay_id
    assert behind["contexts"]["replay"]["replay_id"] == replay_id


def test_everything_went_through_the_tunnel(visit: Visit, sentry: Receiver) -> None:
    """The page asked nobody but the dapp, and Sentry has no complaint."""
    assert visit.blocked == []
    assert set(visit.tunnelled) == {200}
    assert sentry.problems == []
    assert [span for span in sentry.spans if "tunnel" in span["name"]] == []


def test_the_local_sentry_shows_what_belongs_together(visit: Visit, sentry: Receiver, browser: Any) -> None:
    """Page, backend, issues and replay of the wallet in one trace; the picture in the documentation is this one."""
    (trace_id,) = {span["trace_id"] for span in spans_of(sentry, "page")}
    context = browser.new_context(viewport={"width": 1400, "height": 900})
    page = context.new_page()
    page.goto(f"{sentry.url}/#/trace/{trace_id}")
    page.get_by_role("row").filter(has_text="Pageload").first.wait_for()
    text = page.locator("main").inner_text()
    if os.environ.get("PICTURE"):
        page.screenshot(path=os.environ["PICTURE"])
    page.goto(f"{sentry.url}/#/replays")
    page.get_by_text(visit.wallet).first.wait_for()
    replays = page.locator("main").inner_text()
    context.close()

    assert "Replays 1" in text
    assert "dapp-web" in text
    assert trace_id[:8] in replays


def test_signing_out_clears_the_user(visit: Visit) -> None:
    """What the page sends after that is nobody's."""
    visit.click("sign-out", "/sign-out")
    visit.page.wait_for_function("document.querySelector('#wallet').textContent.startsWith('Nobody')")

    assert visit.page.evaluate("Sentry.getCurrentScope().getUser() ?? null") in (None, {})


def test_a_page_of_the_signed_in_carries_the_wallet(visit: Visit) -> None:
    """The next page load knows the wallet before any script of the dapp has run."""
    visit.page.reload()
    visit.click("sign-in", "/sign-in")
    visit.page.wait_for_function("document.querySelector('#wallet').textContent.startsWith('0x')")
    visit.page.reload()

    told = visit.page.evaluate("JSON.parse(document.getElementById('otel-sentry').textContent).user")

    assert told == {"id": visit.wallet, "username": visit.wallet}
