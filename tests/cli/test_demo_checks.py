"""Each check of the demo fails for its own defect and for no other."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from otel_sentry.cli.demo_checks import NESTING, Evidence, Visit, all_checks, user_agent
from otel_sentry.cli.demo_witness import Recorded

ALICE = "0xa11ce"
BOB = "0xb0b"
USERS = "The right user everywhere"
ISSUES = "Issues, each once, in their trace"
REVERT = {"evm.contract.method": "mint()", "evm.revert.reason": "already minted"}
TRACES = {
    "GET /nonce": "n" * 32,
    "POST /sign-in": "s" * 32,
    "GET /profile": "p" * 32,
    "POST /mint": "m" * 32,
    "POST /mint 409": "b" * 32,
    "GET /rewards": "e" * 32,
    "POST /sign-out": "o" * 32,
}


def trace_of(title: str) -> list[Recorded]:
    """The spans of one request: the server span and every chain of names that belongs below it."""
    request, _, status = title.partition(" 4")
    trace_id = TRACES[title]
    code = 409 if status else 500 if request == "GET /rewards" else 200
    agent = user_agent("bob" if status else "alice")
    root = Recorded(
        trace_id, f"{title}.0", None, request, "SERVER", "web", "00", "99",
        {"user_agent.original": agent, "http.response.status_code": code},
    )  # fmt: skip
    spans, ids = [root], {(): root.span_id}
    for chain in [] if status else NESTING[request]:
        for depth, name in enumerate(chain, 1):
            path = chain[:depth]
            if path not in ids:
                ids[path] = f"{title}.{len(ids)}"
                kind = {"send notifications": "PRODUCER", "process notifications": "CONSUMER"}.get(name, "INTERNAL")
                service = "worker" if "process notifications" in path else "web"
                time = f"{10 + len(ids)}"
                spans.append(Recorded(trace_id, ids[path], ids[path[:-1]], name, kind, service, time, time, {}))
    return spans


def wallet_in(title: str) -> str | None:
    """Whose request it was."""
    return None if title == "GET /nonce" else BOB if title.endswith("409") else ALICE


def arrived(span: Recorded, title: str) -> dict[str, Any]:
    """The same span as Sentry got it."""
    wallet = wallet_in(title)
    return {
        "trace_id": span.trace_id,
        "span_id": span.span_id,
        "parent_span_id": span.parent_id,
        "name": span.name,
        "attributes": {**({"user.id": wallet} if wallet else {}), **(REVERT if title.endswith("409") else {})},
    }


def issue(title: str, kind: str, *, handled: bool) -> dict[str, Any]:
    """An error event in the trace of a request."""
    return {
        "contexts": {"trace": {"trace_id": TRACES[title]}},
        "exception": {"values": [{"type": kind, "mechanism": {"type": "generic", "handled": handled}}]},
        "user": {"id": wallet_in(title)},
    }


def complete() -> Evidence:
    """Evidence of a run in which nothing is missing."""
    visits = [
        Visit("alice", "GET", "/nonce", None, 200, 200),
        Visit("alice", "POST", "/sign-in", ALICE, 200, 200),
        Visit("alice", "GET", "/profile", ALICE, 200, 200),
        Visit("alice", "POST", "/mint", ALICE, 200, 200),
        Visit("bob", "POST", "/mint", BOB, 409, 409),
        Visit("alice", "GET", "/rewards", ALICE, 500, 500),
        Visit("alice", "POST", "/sign-out", ALICE, 200, 200),
    ]
    traces = {title: trace_of(title) for title in TRACES}
    return Evidence(
        visits=visits,
        recorded=[span for spans in traces.values() for span in spans],
        arrived=[arrived(span, title) for title, spans in traces.items() for span in spans],
        issues=[
            issue("GET /rewards", "ZeroDivisionError", handled=False),
            issue("POST /mint 409", "Refused", handled=True),
        ],
        problems=[],
        shown=lambda wallet: wallet,
        sent=ALICE,
    )


def failing(evidence: Evidence) -> set[str]:
    """Titles of the checks that fail."""
    return {check.title for check in all_checks(evidence) if not check.ok}


def with_attribute(evidence: Evidence, name: str, **attributes: Any) -> Evidence:
    """The first span of a name carries other attributes."""
    index = next(i for i, span in enumerate(evidence.arrived) if span["name"] == name)
    spans = list(evidence.arrived)
    spans[index] = {**spans[index], "attributes": attributes}
    return replace(evidence, arrived=spans)


def test_complete_run_passes() -> None:
    """Nothing is wrong, and each check says what it saw."""
    checks = all_checks(complete())

    assert [check.title for check in checks if not check.ok] == []
    assert all(check.seen and check.expected for check in checks)


@pytest.mark.parametrize(
    ("spoil", "title"),
    [
        pytest.param(
            lambda e: replace(e, visits=[replace(e.visits[0], expected=204), *e.visits[1:]]),
            "The dapp works",
            id="answer",
        ),
        pytest.param(
            lambda e: replace(e, visits=[*e.visits, replace(e.visits[0], visitor="carol")]),
            "Every request is traced",
            id="request without trace",
        ),
        pytest.param(lambda e: replace(e, arrived=e.arrived[:-1]), "Every span arrived, once", id="lost span"),
        pytest.param(
            lambda e: replace(e, arrived=[*e.arrived, e.arrived[0]]), "Every span arrived, once", id="doubled span"
        ),
        pytest.param(
            lambda e: replace(e, arrived=[{**e.arrived[0], "name": "POST"}, *e.arrived[1:]]),
            "Spans are as recorded",
            id="another name",
        ),
        pytest.param(
            lambda e: replace(e, arrived=[{**e.arrived[0], "parent_span_id": "x"}, *e.arrived[1:]]),
            "Spans are as recorded",
            id="another parent",
        ),
        pytest.param(lambda e: with_attribute(e, "db.get_user", **{"user.id": BOB}), USERS, id="another's wallet"),
        pytest.param(lambda e: with_attribute(e, "db.get_user"), USERS, id="no user"),
        pytest.param(lambda e: with_attribute(e, "GET /nonce", **{"user.id": ALICE}), USERS, id="user too many"),
        pytest.param(lambda e: replace(e, issues=e.issues[1:]), ISSUES, id="lost issue"),
        pytest.param(lambda e: replace(e, issues=[*e.issues, e.issues[0]]), ISSUES, id="doubled issue"),
        pytest.param(
            lambda e: replace(e, issues=[issue("GET /rewards", "ZeroDivisionError", handled=True), e.issues[1]]),
            ISSUES,
            id="handled is not unhandled",
        ),
        pytest.param(
            lambda e: replace(e, issues=[{**e.issues[0], "user": {"id": BOB}}, e.issues[1]]),
            ISSUES,
            id="issue of another user",
        ),
        pytest.param(
            lambda e: with_attribute(e, "db.get_user", **{"user.id": ALICE, "evm.revert.reason": "0x08c379a0"}),
            "Reverts are decoded",
            id="a revert in no words",
        ),
        pytest.param(lambda e: replace(e, problems=["bad"]), "Sentry's rules are kept", id="objection"),
    ],
)
def test_each_defect_is_found(spoil: Callable[[Evidence], Evidence], title: str) -> None:
    """One thing wrong, one check fails."""
    assert failing(spoil(complete())) == {title}


def test_a_layer_that_is_not_instrumented_is_found() -> None:
    """Spans that OpenTelemetry never recorded are missed, although recorded and arrived agree."""
    evidence = complete()
    kept = [span for span in evidence.recorded if span.name != "SELECT"]
    ids = {span.span_id for span in kept}
    spoiled = replace(evidence, recorded=kept, arrived=[span for span in evidence.arrived if span["span_id"] in ids])

    assert failing(spoiled) == {"Every layer is traced"}


def test_a_broken_trace_between_processes_is_found() -> None:
    """The worker's span must hang below the web app's, from another service."""
    evidence = complete()
    recorded = [replace(span, service="web") for span in evidence.recorded]

    assert failing(replace(evidence, recorded=recorded)) == {"One trace across web app and worker"}


def test_spans_may_have_left_before_the_wallet_was_known() -> None:
    """Without user only if it ended before the session was looked up; the line says how many."""
    early = with_attribute(complete(), "auth.session")
    users = next(check for check in all_checks(early) if check.title == USERS)

    assert users.ok
    assert "1 had left before the wallet was known" in users.seen


def test_privacy_off_means_no_user() -> None:
    """What is expected follows the privacy mode."""
    evidence = replace(complete(), shown=lambda _: None)

    assert failing(replace(evidence, sent="")) == {USERS, ISSUES}
    assert failing(evidence) == {USERS, ISSUES, "Privacy as told"}
