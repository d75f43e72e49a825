"""Are traces joined with those of other services? Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from otel_sentry.doctor.finding import Finding, error, note, warning

if TYPE_CHECKING:
    from collections.abc import Iterator

    from otel_sentry.facts.facts import Facts

OURS: Final = "otel_sentry.otel.propagator.SentryPropagator"
_OF_SENTRY_SDK: Final = "sentry_sdk.integrations"
_RIGHT: Final = "OTEL_PROPAGATORS=tracecontext,otel_sentry, or unset it"


def trap(facts: Facts) -> Iterator[Finding]:
    """The name `sentry` is sentry-sdk's, whose propagator injects nothing without its span processor."""
    if "sentry" in _names(facts):
        yield error(
            "propagator-trap",
            "OTEL_PROPAGATORS names `sentry`: that is sentry-sdk's own propagator, which writes no header by itself; "
            "traces break at every call.",
            _RIGHT,
        )


def ours_missing(facts: Facts) -> Iterator[Finding]:
    """Without our propagator no Sentry SDK elsewhere joins the trace."""
    if facts.sends_spans and facts.process.set_up and OURS not in facts.propagators and "sentry" not in _names(facts):
        named = ",".join(_names(facts)) or "the application's code"
        yield error(
            "propagator-missing",
            f"The propagators in effect ({named}) do not write `sentry-trace`: services with a Sentry SDK begin traces "
            "of their own.",
            _RIGHT,
        )


def several(facts: Facts) -> Iterator[Finding]:
    """Two writers of one header."""
    others = [one for one in facts.propagators if one.startswith(_OF_SENTRY_SDK)]
    if others and OURS in facts.propagators:
        yield error("propagator-twice", f"{others[0]} writes `sentry-trace` beside ours.", _RIGHT)


def targets(facts: Facts) -> Iterator[Finding]:
    """Targets that can never match."""
    said = facts.value("trace_propagation_targets")
    if not said:
        return
    for entry in said.split(","):
        if entry.startswith("/"):
            continue
        if "*" in entry:
            yield warning(
                "target-glob",
                f"OTEL_SENTRY_TRACE_PROPAGATION_TARGETS: {entry!r} is plain text, in which `*` stands for itself; it "
                "matches no address.",
                f"{entry.replace('*', '').strip('.')} (a substring of scheme://host:port/path), or /expression/",
            )
        elif "?" in entry or "#" in entry:
            yield warning(
                "target-query",
                f"OTEL_SENTRY_TRACE_PROPAGATION_TARGETS: {entry!r} has a query or fragment, which never counts.",
                "Name scheme, host, port and path only",
            )


def w3c_missing(facts: Facts) -> Iterator[Finding]:
    """Services that speak W3C only."""
    if facts.sends_spans and OURS in facts.propagators and not any("tracecontext" in one for one in facts.propagators):
        yield note(
            "w3c-missing", "`traceparent` is neither read nor written.", "OTEL_PROPAGATORS=tracecontext,otel_sentry"
        )


def _names(facts: Facts) -> list[str]:
    return [name for name in facts.value("propagators").split(",") if name]
