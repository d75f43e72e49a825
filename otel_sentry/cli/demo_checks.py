"""Whether what arrived is complete: OpenTelemetry's own record against what the embedded Sentry got. Pure.

Nothing is counted by hand: requests come from those who made them, spans from OpenTelemetry's console exporter.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from otel_sentry.cli.demo_witness import Recorded

    Key = tuple[str, str, int]

NESTING: Final[Mapping[str, Sequence[tuple[str, ...]]]] = {
    "GET /nonce": [("INSERT",)],
    "POST /sign-in": [("auth.verify_signature", "DELETE"), ("INSERT",)],
    "GET /profile": [
        ("auth.session", "SELECT"),
        ("profile.read", "db.get_user", "SELECT"),
        ("profile.read", "eth_getBalance", "POST"),
    ],
    "POST /mint": [
        ("mint", "eth_call mint", "POST"),
        ("mint", "eth_sendRawTransaction", "POST"),
        ("send notifications", "INSERT"),
        ("send notifications", "process notifications", "eth_getTransactionReceipt", "POST"),
        ("send notifications", "process notifications", "write_receipt", "write *.txt"),
        ("send notifications", "process notifications", "UPDATE"),
    ],
    "GET /rewards": [("rewards.share", "eth_getBalance", "POST"), ("rewards.share", "SELECT")],
    "POST /sign-out": [("DELETE",)],
}
"""Chains of span names that must hang below the request, for requests that succeed; `/rewards` too. `*` is any text."""

_LAST_BEFORE_WALLET: Final = {"POST /sign-in": "INSERT"}
_SESSION: Final = "auth.session"
_BUG: Final = "GET /rewards"
_EXPECTED_ISSUES: Final = {(_BUG, "ZeroDivisionError", False): 1, ("POST /mint", "Refused", True): 1}


@dataclass(frozen=True, slots=True)
class Visit:
    """One request that was made.

    Attributes:
        visitor: name of the wallet's owner; the server sees it as the user agent.
        wallet: lower-case address if the dapp knows it in this request, None before sign-in and after sign-out.
        expected: HTTP status that a working dapp answers, the planned failures included.
    """

    visitor: str
    method: str
    path: str
    wallet: str | None
    expected: int
    status: int


@dataclass(frozen=True, slots=True)
class Check:
    """One line of the result."""

    title: str
    expected: str
    seen: str
    ok: bool


@dataclass(frozen=True, slots=True)
class Evidence:
    """All that is known when the checks run.

    Attributes:
        visits: requests that the visitors made.
        recorded: spans by OpenTelemetry's own account.
        arrived: spans in the embedded Sentry, attributes as plain values.
        issues: error events in the embedded Sentry.
        problems: what the embedded Sentry had against any envelope.
        shown: how a wallet may appear under the privacy mode; None: not at all.
        sent: everything that arrived, as one lower-case text.
    """

    visits: Sequence[Visit]
    recorded: Sequence[Recorded]
    arrived: Sequence[Mapping[str, Any]]
    issues: Sequence[Mapping[str, Any]]
    problems: Sequence[str]
    shown: Callable[[str], str | None]
    sent: str

    def requests(self) -> list[Recorded]:
        """The server spans, one for each request that was traced."""
        return [span for span in self.recorded if span.kind == "SERVER"]

    def wallets(self) -> dict[str, str | None]:
        """Trace id → the wallet whose request it was."""
        by_key = {visit_key(visit): visit.wallet for visit in self.visits}
        return {span.trace_id: by_key.get(span_key(span)) for span in self.requests()}


def user_agent(name: str) -> str:
    """What a visitor's browser calls itself: the one thing by which the checks tell requests apart."""
    return f"{name}-wallet/1.0"


def all_checks(evidence: Evidence) -> list[Check]:
    """Every check, in reading order."""
    checks = (
        _answers,
        _requests,
        _arrivals,
        _shape,
        _nesting,
        _chain,
        _processes,
        _users,
        _secrecy,
        _issues,
        _objections,
    )
    return [check(evidence) for check in checks]


def visit_key(visit: Visit) -> Key:
    """What tells requests with different expectations apart."""
    return user_agent(visit.visitor), f"{visit.method} {visit.path}", visit.status


def span_key(span: Recorded) -> Key:
    """The same of the request's server span."""
    return span.user_agent, span.name, span.status_code


def _answers(evidence: Evidence) -> Check:
    wrong = [
        f"{visit.method} {visit.path} {visit.status}" for visit in evidence.visits if visit.status != visit.expected
    ]
    planned = f"{len(evidence.visits)} requests answered as planned"
    return Check("The dapp works", planned, ", ".join(wrong) or planned, ok=not wrong)


def _requests(evidence: Evidence) -> Check:
    made, traced = Counter(map(visit_key, evidence.visits)), Counter(map(span_key, evidence.requests()))
    return Check("Every request is traced", f"{made.total()} traces", f"{traced.total()} traces", ok=made == traced)


def _arrivals(evidence: Evidence) -> Check:
    recorded = Counter((span.trace_id, span.span_id) for span in evidence.recorded)
    arrived = Counter((span["trace_id"], span["span_id"]) for span in evidence.arrived)
    missing, foreign = recorded - arrived, arrived - recorded
    seen = f"{arrived.total()} spans: {missing.total()} missing, {foreign.total()} doubled or foreign"
    return Check("Every span arrived, once", f"{recorded.total()} spans", seen, ok=recorded == arrived)


def _shape(evidence: Evidence) -> Check:
    recorded = {span.span_id: (span.name, span.parent_id) for span in evidence.recorded}
    changed = [
        str(span.get("name"))
        for span in evidence.arrived
        if (span.get("name"), span.get("parent_span_id")) != recorded.get(span["span_id"])
    ]
    same = "the recorded name and parent on each"
    return Check("Spans are as recorded", same, f"different: {_listed(changed)}" if changed else same, ok=not changed)


def _nesting(evidence: Evidence) -> Check:
    missing = [
        f"{request.name} > {' > '.join(names)}"
        for request in evidence.requests()
        if request.status_code == 200 or request.name == _BUG
        for names in NESTING[request.name]
        if not _has_below(request.span_id, names, _children(evidence.recorded))
    ]
    whole = "the spans of each step, nested"
    return Check("Every layer is traced", whole, f"missing: {_listed(missing)}" if missing else whole, ok=not missing)


def _chain(evidence: Evidence) -> Check:
    """What the chain refused, in the contract's own words: each refused mint is one reverted call of its function."""
    refused = sum(1 for visit in evidence.visits if visit.path == "/mint" and visit.status == 409)
    told = [span["attributes"] for span in evidence.arrived if "evm.revert.reason" in span["attributes"]]
    words = Counter(f"{said.get('evm.contract.method')}: {said['evm.revert.reason']}" for said in told)
    expected = Counter({"mint(): already minted": refused})
    return Check("Reverts are decoded", _counted(expected), _counted(words), ok=words == expected)


def _counted(words: Mapping[str, int]) -> str:
    return ", ".join(f"{count} x {word}" for word, count in sorted(words.items())) or "none"


def _processes(evidence: Evidence) -> Check:
    arrived = {span["span_id"] for span in evidence.arrived}
    by_id = {span.span_id: span for span in evidence.recorded}
    joined = [
        span
        for span in evidence.recorded
        if span.kind == "CONSUMER"
        and span.span_id in arrived
        and (parent := by_id.get(span.parent_id or "")) is not None
        and (parent.trace_id, parent.kind, parent.service != span.service) == (span.trace_id, "PRODUCER", True)
    ]
    minted = sum(1 for visit in evidence.visits if visit.path == "/mint" and visit.status == 200)
    seen = f"{len(joined)} traces through both"
    return Check("One trace across web app and worker", f"{minted} traces through both", seen, ok=len(joined) == minted)


def _users(evidence: Evidence) -> Check:
    wallets, counted = evidence.wallets(), Counter[str]()
    early = _before_wallet_was_known(evidence.recorded)
    for span in evidence.arrived:
        wallet = wallets.get(span["trace_id"])
        right = evidence.shown(wallet) if wallet else None
        found = span["attributes"].get("user.id")
        counted["right" if found == right else "early" if found is None and span["span_id"] in early else "wrong"] += 1
    early_words = f", {counted['early']} had left before the wallet was known" if counted["early"] else ""
    seen = f"right on {counted['right']}, wrong on {counted['wrong']}{early_words}"
    return Check("The right user everywhere", f"{len(evidence.arrived)} spans", seen, ok=not counted["wrong"])


def _secrecy(evidence: Evidence) -> Check:
    """In whatever arrived: spans, issues, local variables of stack frames, envelope headers."""
    wallets = {visit.wallet for visit in evidence.visits if visit.wallet}
    private = {wallet for wallet in wallets if evidence.shown(wallet) != wallet}
    said = [wallet for wallet in private if wallet.removeprefix("0x") in evidence.sent]
    expected = f"{len(private)} of {len(wallets)} wallets kept private"
    kept = f"{len(private) - len(said)} of {len(wallets)} wallets kept private"
    return Check("Privacy as told", expected, kept, ok=not said)


def _issues(evidence: Evidence) -> Check:
    names = {span.trace_id: span.name for span in evidence.requests()}
    wallets = evidence.wallets()
    found = Counter[tuple[str, str, bool]]()
    strangers = 0
    for issue in evidence.issues:
        trace_id, exception = issue["contexts"]["trace"]["trace_id"], issue["exception"]["values"][-1]
        handled = bool(exception.get("mechanism", {}).get("handled", True))
        found[names.get(trace_id, "no trace"), exception["type"], handled] += 1
        wallet = wallets.get(trace_id)
        strangers += issue.get("user", {}).get("id") != (evidence.shown(wallet) if wallet else None)
    seen = f"{_issue_list(found)}; {strangers} with a wrong user"
    return Check(
        "Issues, each once, in their trace",
        _issue_list(_EXPECTED_ISSUES),
        seen,
        ok=found == _EXPECTED_ISSUES and not strangers,
    )


def _objections(evidence: Evidence) -> Check:
    problems = list(evidence.problems)
    return Check("Sentry's rules are kept", "no objection", _listed(problems) or "no objection", ok=not problems)


def _before_wallet_was_known(recorded: Iterable[Recorded]) -> set[str]:
    """Ids of spans that ended before their request's wallet was known; they may have been sent by then."""
    traces: defaultdict[str, list[Recorded]] = defaultdict(list)
    for span in recorded:
        traces[span.trace_id].append(span)
    early: set[str] = set()
    for spans in traces.values():
        request = next((span.name for span in spans if span.kind == "SERVER"), "")
        last = _LAST_BEFORE_WALLET.get(request, _SESSION)
        known = max((span.end for span in spans if span.name == last), default="")
        early.update(span.span_id for span in spans if span.end <= known)
    return early


def _children(recorded: Iterable[Recorded]) -> dict[str, list[Recorded]]:
    children: defaultdict[str, list[Recorded]] = defaultdict(list)
    for span in recorded:
        children[span.parent_id or ""].append(span)
    return children


def _has_below(span_id: str, names: Sequence[str], children: Mapping[str, list[Recorded]]) -> bool:
    if not names:
        return True
    return any(
        fnmatchcase(child.name, names[0]) and _has_below(child.span_id, names[1:], children)
        for child in children.get(span_id, ())
    )


def _issue_list(counts: Mapping[tuple[str, str, bool], int]) -> str:
    parts = [
        f"{count} x {kind} ({'handled' if handled else 'unhandled'}) in {place}"
        for (place, kind, handled), count in sorted(counts.items())
    ]
    return ", ".join(parts) or "none"


def _listed(parts: Sequence[str]) -> str:
    return ", ".join(parts[:3]) + (f" and {len(parts) - 3} more" if len(parts) > 3 else "")
