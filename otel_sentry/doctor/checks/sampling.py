"""Does anything get through sampling and filters? Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from otel_sentry.doctor.finding import Finding, error, note, warning

if TYPE_CHECKING:
    from collections.abc import Iterator

    from otel_sentry.facts.facts import Facts

_EVERYTHING: Final = frozenset({"*", "/.*/", "/./", "/*", "/.+/", "**"})
_ROOT: Final = re.compile(r"root:(\w+(?:\{[^}]*\})?)")
_RATIO: Final = re.compile(r"TraceIdRatioBased\{([\d.e-]+)\}")


def rate(facts: Facts) -> Iterator[Finding]:
    """Sentry's own rate."""
    said = facts.value("traces_sample_rate")
    if not facts.sends_spans or not said or facts.value("traces_sampler"):
        return
    origin = facts.origin("traces_sample_rate")
    where = "SENTRY_TRACES_SAMPLE_RATE" if origin != "keyword" else "traces_sample_rate"
    if float(said) == 0:
        yield error(
            "rate-zero",
            f"{where}=0: no trace that begins here is kept. (Issues are, unless OTEL_SENTRY_UNSAMPLED_ERRORS=false.)",
            f"{where}=1 keeps all, 0.1 every tenth",
        )
    elif float(said) < 1:
        yield note("rate", f"{where}={said}: of the traces that begin here about {float(said):.0%} are kept.")


def head_sampler(facts: Facts) -> Iterator[Finding]:
    """A sampler of OpenTelemetry that drops, drops for Sentry too."""
    sampler = facts.provider.sampler
    found = _ROOT.search(sampler)
    root = found[1] if found else sampler
    if not facts.sends_spans or "SentrySampler" in sampler:
        return
    how = "OTEL_TRACES_SAMPLER=sentry, or unset OTEL_TRACES_SAMPLER and the sampler in code"
    ratio = _RATIO.search(root)
    if "AlwaysOff" in root or (ratio and float(ratio[1]) == 0):
        yield error("sampler-off", f"OpenTelemetry's sampler {root} drops every trace before Sentry can see it.", how)
    elif ratio and float(ratio[1]) < 1:
        yield warning(
            "sampler-foreign",
            f"OpenTelemetry's sampler {root} decides before Sentry does: SENTRY_TRACES_SAMPLE_RATE counts on what it "
            "leaves, and errors of dropped traces have no spans.",
            how,
        )


def ignored(facts: Facts) -> Iterator[Finding]:
    """A pattern that names every span."""
    patterns = set(facts.value("ignore_spans").split(","))
    if facts.sends_spans and patterns & _EVERYTHING:
        yield error(
            "ignore-everything",
            f"OTEL_SENTRY_IGNORE_SPANS={facts.value('ignore_spans')} names every span: Sentry gets none.",
            "Name what is to be left out, such as `health` or `GET /metrics*`; try it with doctor --explain",
        )


def rules(facts: Facts) -> Iterator[Finding]:
    """A first rule of rate 0 for everything."""
    first = facts.value("traces_sample_rules").split(",")[0]
    pattern, _, text = first.rpartition("=")
    if facts.sends_spans and pattern in _EVERYTHING and float(text) == 0:
        yield error(
            "rules-zero",
            f"OTEL_SENTRY_TRACES_SAMPLE_RULES begins with {first}: no trace is kept, later rules are not asked.",
            "Put the rule for everything else last",
        )
