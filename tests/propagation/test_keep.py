"""Traces kept in spite of the rate, and the honest rate of their envelopes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otel_sentry.identity.wallet import canonical_wallet
from otel_sentry.propagation.decision import decide
from otel_sentry.propagation.keep import KeepRules, TraceFacts, final_verdict, is_worth_keeping, keep_rules, kept_dsc
from otel_sentry.propagation.trace import Verdict
from otel_sentry.settings.parsers import duration_seconds

WALLET = "0x52908400098527886e0f7030069857d2e4169ee7"
DULL = TraceFacts(failed=False, root_seconds=0.1, wallet=None)
FAILED = TraceFacts(failed=True, root_seconds=0.1, wallet=None)


def rules(*entries: str) -> KeepRules:
    """Rules with the readers that the wiring gives."""
    return keep_rules(entries, duration_seconds=duration_seconds, canonical_wallet=canonical_wallet)


@pytest.mark.parametrize(
    ("entries", "expected"),
    [
        pytest.param((), KeepRules(), id="none"),
        pytest.param(("errors",), KeepRules(errors=True), id="errors"),
        pytest.param(("slow:2s",), KeepRules(slower_than_seconds=2.0), id="slow"),
        pytest.param(
            ("slow:2s", "slow:500ms", "slow:1m"), KeepRules(slower_than_seconds=0.5), id="the shortest counts"
        ),
        pytest.param(
            (f"wallet:{WALLET.upper().replace('X', 'x')}",), KeepRules(wallets=frozenset({WALLET})), id="wallet"
        ),
        pytest.param(
            ("errors", "wallet:a", "wallet:b"), KeepRules(errors=True, wallets=frozenset({"a", "b"})), id="several"
        ),
    ],
)
def test_entries(entries: tuple[str, ...], expected: KeepRules) -> None:
    """What users type becomes rules."""
    assert rules(*entries) == expected
    assert bool(rules(*entries)) is bool(entries)


@pytest.mark.parametrize("entry", ["error", "slow", "slow:", "slow:fast", "wallet:", "wallet", "", "0x1234"])
def test_entries_that_mean_nothing(entry: str) -> None:
    """A mistake is refused with what is allowed."""
    with pytest.raises(ValueError, match=r"slow:<duration|a duration"):
        rules(entry)


@pytest.mark.parametrize(
    ("entry", "facts", "kept"),
    [
        pytest.param("errors", FAILED, True, id="failed"),
        pytest.param("errors", DULL, False, id="not failed"),
        pytest.param("slow:2s", TraceFacts(failed=False, root_seconds=2.0, wallet=None), True, id="just slow enough"),
        pytest.param("slow:2s", TraceFacts(failed=False, root_seconds=1.999, wallet=None), False, id="too fast"),
        pytest.param("slow:2s", TraceFacts(failed=False, root_seconds=None, wallet=None), False, id="still running"),
        pytest.param(f"wallet:{WALLET}", TraceFacts(failed=False, root_seconds=1, wallet=WALLET), True, id="named"),
        pytest.param(f"wallet:{WALLET}", TraceFacts(failed=False, root_seconds=1, wallet="x"), False, id="another"),
        pytest.param(f"wallet:{WALLET}", DULL, False, id="nobody"),
        pytest.param("errors", TraceFacts(failed=False, root_seconds=9, wallet=WALLET), False, id="other reasons"),
    ],
)
def test_what_is_worth_keeping(entry: str, facts: TraceFacts, kept: bool) -> None:
    """Each rule names its traces and no others."""
    assert is_worth_keeping(rules(entry), facts) is kept


@given(st.integers(1, 2**128 - 1), st.floats(0, 1), st.floats(0.01, 1), st.booleans())
def test_the_law_holds_for_kept_traces(trace_id: int, rate: float, room: float, failed: bool) -> None:
    """A kept trace is sampled below its rate, and its context says so."""
    taken = decide(trace_id=trace_id, incoming=None, rate=rate)
    final = final_verdict(taken, rules("errors"), FAILED if failed else DULL, room=room)
    dsc = kept_dsc({"trace_id": f"{trace_id:032x}"}, final)

    assert final.sampled is (failed or taken.sampled)
    assert (float(dsc["sample_rand"]) < float(dsc["sample_rate"])) is final.sampled
    assert dsc["sampled"] == ("true" if final.sampled else "false")


@pytest.mark.parametrize("room", [1.0, 0.25])
def test_counts_extrapolate(room: float) -> None:
    """The weights of what is kept add up to what happened, for failed and for dull traces."""
    rate, traces = 0.2, 4000
    for facts in (FAILED, DULL):
        total = 0.0
        for number in range(traces):
            taken = decide(trace_id=1 + 7919 * number, incoming=None, rate=rate)
            if facts is FAILED and not taken.sampled and number % 4 >= 4 * room:
                continue  # the buffer had no room for it
            final = final_verdict(taken, rules("errors"), facts, room=room)
            total += 1 / (final.sample_rate or 1.0) if final.sampled else 0.0

        assert total == pytest.approx(traces, rel=0.08)


def test_a_callers_yes_of_unknown_rate_stays() -> None:
    """Where nobody knows the rate of a sampled trace, nothing is made up."""
    inherited = Verdict(sampled=True, sample_rate=None, sample_rand=0.5, inherited=True)

    assert final_verdict(inherited, rules("errors"), FAILED) is inherited


def test_a_callers_no_is_overruled_here() -> None:
    """A trace that a caller dropped and a rule names is kept in this process, with probability 1."""
    inherited = Verdict(sampled=False, sample_rate=None, sample_rand=0.5, inherited=True)

    assert final_verdict(inherited, rules("errors"), FAILED) == Verdict(sampled=True, sample_rate=1.0, sample_rand=0.5)
