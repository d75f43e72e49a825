"""What is installed: versions, entry points of OpenTelemetry's groups, instrumentations and what they instrument."""

from __future__ import annotations

import re
import sys
from importlib.metadata import Distribution, distributions
from typing import Any, Final

from otel_sentry.facts.facts import EntryPointFact, PackageFacts

GROUPS: Final = (
    *("opentelemetry_traces_exporter", "opentelemetry_logs_exporter", "opentelemetry_metrics_exporter"),
    *("opentelemetry_propagator", "opentelemetry_traces_sampler", "opentelemetry_sampler"),
    *("opentelemetry_instrumentor", "opentelemetry_distro", "opentelemetry_configurator"),
)
_INSTRUMENTOR: Final = "opentelemetry_instrumentor"
_TELEMETRY: Final = re.compile(r"otel-sentry|sentry-sdk|logfire|opentelemetry-.*|.*-opentelemetry.*|openinference-.*")
_INSTRUMENTS: Final = re.compile(r"""^([A-Za-z0-9._-]+).*extra\s*==\s*['"]instruments(?:-any)?['"]""")


def package_facts() -> PackageFacts:
    """Look through everything that is installed, once."""
    found = list({normal(one.metadata["Name"] or ""): one for one in distributions()}.items())
    instrumentors = {
        name: one for name, one in found if any(entry.group == _INSTRUMENTOR for entry in one.entry_points)
    }
    instruments = {name: libraries(one) for name, one in instrumentors.items()}
    return PackageFacts(
        versions={name: one.version for name, one in sorted(found) if _TELEMETRY.fullmatch(name)},
        entry_points=tuple(
            EntryPointFact(entry.group, entry.name, name)
            for name, one in sorted(found)
            for entry in one.entry_points
            if entry.group in GROUPS
        ),
        instruments=instruments,
        conflicts=tuple(filter(None, map(_conflict, instrumentors.values()))),
        turned_on=tuple(sorted(_turned_on(instrumentors))),
        not_instrumented=_not_instrumented({name for name, _ in found}, set(instrumentors)),
    )


def normal(name: str) -> str:
    """A distribution's name as PEP 503 compares it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def libraries(instrumentation: Distribution) -> tuple[str, ...]:
    """What an instrumentation says that it instruments: its extras `instruments` and `instruments-any`."""
    named = (_INSTRUMENTS.match(line) for line in instrumentation.requires or ())
    return tuple(sorted({normal(found[1]) for found in named if found}))


def _conflict(instrumentation: Distribution) -> str:
    """Why an instrumentation stays off although its library is there; empty if it does not."""
    from opentelemetry.instrumentation.dependencies import get_dist_dependency_conflicts  # noqa: PLC0415 - slow

    conflict = get_dist_dependency_conflicts(instrumentation)
    if conflict is None or conflict.found is None:
        return ""
    return f"{instrumentation.metadata['Name']} wants {conflict.required}, installed is {conflict.found}"


def _turned_on(instrumentors: dict[str, Distribution]) -> set[str]:
    """Names of instrumentations that are on; one that nobody has imported is not."""
    on = set()
    for one in instrumentors.values():
        for entry in one.entry_points:
            module: Any = sys.modules.get(entry.module) if entry.group == _INSTRUMENTOR else None
            kind = getattr(module, entry.attr or "", None)
            # BaseInstrumentor makes one object of each class, when it is first asked for.
            instance = getattr(kind, "_instance", None)
            if getattr(instance, "is_instrumented_by_opentelemetry", False):
                on.add(entry.name)
    return on


def _not_instrumented(installed: set[str], instrumentations: set[str]) -> dict[str, str]:
    """Libraries that are installed while OpenTelemetry's instrumentation of them is not."""
    from opentelemetry.instrumentation import bootstrap_gen  # noqa: PLC0415 - a table of its own

    rows = [
        (
            normal(re.split(r"[\s<>=~!\[;]", row["library"], maxsplit=1)[0]),
            normal(row["instrumentation"].partition("==")[0]),
        )
        for row in bootstrap_gen.libraries
    ]
    seen = {library for library, instrumentation in rows if instrumentation in instrumentations}
    return {library: instrumentation for library, instrumentation in rows if library in installed - seen}
