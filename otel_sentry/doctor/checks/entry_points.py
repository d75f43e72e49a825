"""Do two packages claim one name? OpenTelemetry then takes the first that it finds. Pure."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Final

from otel_sentry.doctor.finding import Finding, error, note

if TYPE_CHECKING:
    from collections.abc import Iterator

    from otel_sentry.facts.facts import Facts

_OURS: Final = "otel-sentry"
_ONE_PER_PROCESS: Final = ("opentelemetry_distro", "opentelemetry_configurator")


def colliding(facts: Facts) -> Iterator[Finding]:
    """A name in a group that several distributions register."""
    claims: dict[tuple[str, str], list[str]] = defaultdict(list)
    for one in facts.packages.entry_points:
        claims[one.group, one.name].append(one.distribution)
    for (group, name), several in sorted(claims.items()):
        others = sorted(set(several) - {_OURS})
        if _OURS in several and others:
            yield error(
                "entry-point-collision",
                f"{', '.join(others)} registers `{name}` in {group} too: OpenTelemetry takes whichever it finds first.",
                f"pip uninstall {others[0]}, or set otel_sentry up in code: otel_sentry.configure()",
            )


def missing(facts: Facts) -> Iterator[Finding]:
    """Imported from a folder, not installed: OpenTelemetry does not find our names."""
    if facts.packages.versions and not any(one.distribution == _OURS for one in facts.packages.entry_points):
        yield error(
            "not-installed",
            "otel-sentry is not installed here (its entry points are not there): opentelemetry-instrument and OTEL_* "
            "names do not find it.",
            "pip install otel-sentry",
        )


def distros(facts: Facts) -> Iterator[Finding]:
    """Of several distros `opentelemetry-instrument` takes one."""
    for group in _ONE_PER_PROCESS:
        several = sorted({one.distribution for one in facts.packages.entry_points if one.group == group})
        if len(several) > 1:
            yield note(
                "several-distros",
                f"{', '.join(several)} each bring a {group.rpartition('_')[2]}: opentelemetry-instrument takes one.",
                f"OTEL_PYTHON_{group.rpartition('_')[2].upper()}=… names one",
            )
