"""Which traces are kept in spite of the rate (OTEL_SENTRY_KEEP), and what their envelopes say of it. Pure.

Rule: the rate in an envelope is the probability that such a trace is kept, so that what Sentry extrapolates is true.
All traces wait for their local root, also those that the rate keeps: one that a rule names is kept with the same
probability whether the rate would have kept it or not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

from otel_sentry.propagation.dsc import decided_dsc
from otel_sentry.propagation.trace import Verdict

_ALLOWED = "errors, slow:<duration such as 2s or 500ms>, wallet:<address>"


class KeepRules(NamedTuple):
    """What makes a trace worth keeping. False if nothing does.

    Attributes:
        errors: a span of it failed.
        slower_than_seconds: its local root took at least so long; None: never mind.
        wallets: canonical addresses whose traces are kept.
    """

    errors: bool = False
    slower_than_seconds: float | None = None
    wallets: frozenset[str] = frozenset()

    def __bool__(self) -> bool:
        return self.errors or self.slower_than_seconds is not None or bool(self.wallets)


class TraceFacts(NamedTuple):
    """What is known of a trace's part in this process when its local root has ended.

    Attributes:
        failed: a span has status error or an exception was reported in it.
        root_seconds: how long the local root took; None while it runs.
        wallet: canonical address of its user; None if nobody is known.
    """

    failed: bool
    root_seconds: float | None
    wallet: str | None


def keep_rules(
    entries: Iterable[str],
    *,
    duration_seconds: Callable[[str], float],
    canonical_wallet: Callable[[str], str],
) -> KeepRules:
    """Read the entries of OTEL_SENTRY_KEEP.

    Args:
        entries: `errors`, `slow:2s`, `wallet:0x…`; of several durations the shortest counts.
        duration_seconds: reads a duration; raises ValueError.
        canonical_wallet: gives a wallet its one spelling.

    Raises:
        ValueError: says what is allowed.
    """
    rules = KeepRules()
    for entry in entries:
        kind, colon, value = entry.partition(":")
        if entry == "errors":
            rules = rules._replace(errors=True)
        elif kind == "slow" and colon:
            seconds = duration_seconds(value)
            known = rules.slower_than_seconds
            rules = rules._replace(slower_than_seconds=seconds if known is None else min(known, seconds))
        elif kind == "wallet" and value:
            rules = rules._replace(wallets=rules.wallets | {canonical_wallet(value)})
        else:
            raise ValueError(_ALLOWED)
    return rules


def is_worth_keeping(rules: KeepRules, facts: TraceFacts) -> bool:
    """Whether a rule names this trace."""
    slow = rules.slower_than_seconds
    return (
        (rules.errors and facts.failed)
        or (slow is not None and facts.root_seconds is not None and facts.root_seconds >= slow)
        or (facts.wallet is not None and facts.wallet in rules.wallets)
    )


def final_verdict(verdict: Verdict, rules: KeepRules, facts: TraceFacts, *, room: float = 1.0) -> Verdict:
    """The verdict on a trace once its local root has ended; for this process's envelopes only.

    Args:
        verdict: taken by rate, function or caller when the trace began or arrived.
        rules: see `KeepRules`.
        facts: see `TraceFacts`.
        room: share of the traces that rules name for which the buffer has had room, above 0 to 1.
    """
    if not is_worth_keeping(rules, facts):
        return verdict
    rate = verdict.sample_rate or 0.0
    if verdict.sampled and verdict.sample_rate is None:
        return verdict
    probability = rate + (1.0 - rate) * room
    sample_rand = verdict.sample_rand if verdict.sample_rand < probability else verdict.sample_rand * probability
    return Verdict(sampled=True, sample_rate=probability, sample_rand=sample_rand)


def kept_dsc(dsc: Mapping[str, str], verdict: Verdict) -> dict[str, str]:
    """The context for the envelopes of a trace whose verdict has become final; headers keep the frozen one."""
    return {**dsc, **decided_dsc(verdict)}
