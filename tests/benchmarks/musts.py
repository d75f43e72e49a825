"""What otel_sentry must reach, and what it is after: one row per figure, worked out of the records of a run. Pure."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from tests.benchmarks.sections.section import markdown

if TYPE_CHECKING:
    from tests.benchmarks.sections.section import Record

OURS: Final = "otel_sentry"
LOSS_FREE: Final = ("web", "threads", "tasks", "single", "trace")

Figure = Callable[["Sequence[Record]"], "float | None"]


@dataclass(frozen=True)
class Must:
    """One figure and its bounds.

    Attributes:
        what: as the table shows it.
        figure: works it out of the records; None when they do not tell.
        must: bound that has to be reached.
        stretch: bound that would be good; None where there is none.
        at_least: whether the bounds are lower ones.
        digits: decimals shown.
    """

    what: str
    figure: Figure
    must: float
    stretch: float | None = None
    at_least: bool = False
    digits: int = 2

    def row(self, records: Sequence[Record]) -> list[str]:
        """The figure beside its bounds, and which of them it reaches."""
        found = self.figure(records)
        sign = "≥" if self.at_least else "≤"
        bounds = ["–" if bound is None else f"{sign} {bound:,g}" for bound in (self.must, self.stretch)]
        if found is None:
            return [self.what, "not measured", *bounds, "–"]
        reached = "stretch" if self._holds(found, self.stretch) else "must" if self._holds(found, self.must) else "no"
        return [self.what, f"{found:,.{self.digits}f}", *bounds, reached]

    def _holds(self, found: float, bound: float | None) -> bool:
        return bound is not None and (found >= bound if self.at_least else found <= bound)


def table(records: Sequence[Record]) -> str:
    """Return every figure that is asked for as Markdown."""
    return markdown(["what", "measured", "must", "stretch", "reached"], [must.row(records) for must in MUSTS])


def _values(records: Sequence[Record], field: str, **wanted: Any) -> list[float]:
    return [record[field] for record in records if field in record and wanted.items() <= record.items()]


def _median(field: str, **wanted: Any) -> Figure:
    def figure(records: Sequence[Record]) -> float | None:
        found = _values(records, field, **wanted)
        return statistics.median(found) if found else None

    return figure


def _worst(field: str, *cases: dict[str, Any]) -> Figure:
    """The largest value, once every case has one."""

    def figure(records: Sequence[Record]) -> float | None:
        found = [_values(records, field, **case) for case in cases]
        return max(max(values) for values in found) if all(found) else None

    return figure


def _ratio(one: Figure, other: Figure) -> Figure:
    def figure(records: Sequence[Record]) -> float | None:
        above, below = one(records), other(records)
        return None if above is None or not below else above / below

    return figure


def _difference(one: Figure, other: Figure) -> Figure:
    def figure(records: Sequence[Record]) -> float | None:
        above, below = one(records), other(records)
        return None if above is None or below is None else above - below

    return figure


def _cost(field: str, workload: str, peer: str = OURS) -> Figure:
    return _median(field, section="costs", workload=workload, peer=peer)


def _cost_of_arrived(workload: str, peer: str = OURS) -> Figure:
    """The median total, shared out over the spans that arrived: what a peer throws away costs it little."""

    def figure(records: Sequence[Record]) -> float | None:
        wanted = {"section": "costs", "workload": workload, "peer": peer}
        told = [one for one in records if {"total", "lost"} <= one.keys() and wanted.items() <= one.items()]
        each = [one["total"] / (1 - one["lost"] / 100) for one in told if one["lost"] < 100]
        return statistics.median(each) if each else None

    return figure


def _missing_issues(records: Sequence[Record]) -> float | None:
    found = [record for record in records if record.get("workload") == "failing" and record["peer"] == OURS]
    return max((record["issues_made"] - record["issues"] for record in found), default=None)


def _lost_of_five_times(records: Sequence[Record]) -> float | None:
    return max(_values(records, "lost", section="losses", peer=OURS), default=None)


def _ceiling(case: str, peer: str = OURS) -> Figure:
    return _median("spans_per_second", section="ceilings", case=case, peer=peer)


def _scale(spans: int) -> Figure:
    return _median("total", section="scaling", workload=f"scale-{spans}", peer=OURS)


def _start(program: str) -> Figure:
    return _median("wall_ms", section="startup", program=program)


def _waking(field: str, peer: str) -> Figure:
    return _median(field, section="waking", peer=peer)


_TRACES_0: Final = "21-span traces/s, 0 ms"
_TRACES_50: Final = "21-span traces/s, 50 ms"
_SINGLE_50: Final = "single-span traces/s, 50 ms"

MUSTS: Final = (
    Must("app thread ÷ FLOOR, paced", _cost("application", "paced"), 1.15, 1.10),
    Must("the same with wallet and sampler", _cost("application", "paced", "otel_sentry-wallet"), 1.2, 1.10),
    Must("total ÷ FLOOR, web back to back", _cost("total", "web"), 2.3, 1.9),
    Must("total ÷ FLOOR, web paced", _cost("total", "paced"), 2.0, 1.7),
    Must("total ÷ FLOOR, one trace of 10,000", _cost("total", "trace"), 1.9, 1.7),
    Must("total ÷ FLOOR, single-span traces", _cost("total", "single"), 9.6, 3.5),
    Must("total ÷ OTLP gzip, web", _ratio(_cost("total", "web"), _cost("total", "web", "otlp-gzip")), 0.75, 0.6),
    Must(
        "total ÷ sentry-sdk streaming, web", _ratio(_cost("total", "web"), _cost("total", "web", "streaming")), 0.6, 0.5
    ),
    Must(
        "total ÷ OTLP gzip, web, per span that arrived",
        _ratio(_cost_of_arrived("web"), _cost_of_arrived("web", "otlp-gzip")),
        0.75,
        0.6,
    ),
    Must(
        "total ÷ sentry-sdk streaming, web, per span that arrived",
        _ratio(_cost_of_arrived("web"), _cost_of_arrived("web", "streaming")),
        0.6,
        0.5,
    ),
    Must("total ÷ FLOOR, failing requests", _cost("total", "failing"), 3.5, 2.5),
    Must("issues of failing requests that did not arrive", _missing_issues, 0, 0, digits=0),
    Must(
        "lost %, the worst of web, 8 threads, 100 tasks, single spans, one trace",
        _worst("lost", *({"section": "costs", "workload": name, "peer": OURS} for name in LOSS_FREE)),
        0,
    ),
    Must("lost % at five times the counts, the worst", _lost_of_five_times, 0, 0),
    Must("ceiling at 0 ms, ÷ OTLP", _ratio(_ceiling(_TRACES_0), _ceiling(_TRACES_0, "otlp")), 1.5, at_least=True),
    Must("ceiling at 0 ms, spans/s", _ceiling(_TRACES_0), 0, 15_000, at_least=True, digits=0),
    Must("ceiling at 50 ms, ÷ OTLP", _ratio(_ceiling(_TRACES_50), _ceiling(_TRACES_50, "otlp")), 1.5, at_least=True),
    Must("ceiling at 50 ms, spans/s", _ceiling(_TRACES_50), 0, 10_000, at_least=True, digits=0),
    Must("single-span traces/s at 50 ms", _ceiling(_SINGLE_50), 300, 1_000, at_least=True, digits=0),
    Must("wire bytes/span, web", _cost("bytes", "web"), 120, 100, digits=0),
    Must("wire bytes/span, one trace of 10,000", _cost("bytes", "trace"), 36, 32, digits=0),
    Must("cost per span, traces of 100,000 ÷ of 1,000", _ratio(_scale(100_000), _scale(1_000)), 1.1),
    Must("memory per waiting span, bytes", _median("bytes", section="memory", peer=OURS), 300, digits=0),
    Must("wake-up p50 over FLOOR, µs", _difference(_waking("p50", OURS), _waking("p50", "floor")), 300, digits=0),
    Must("wake-up p99 ÷ OTLP", _ratio(_waking("p99", OURS), _waking("p99", "otlp")), 0.5),
    Must("import otel_sentry after opentelemetry.sdk, ms", _start("import otel_sentry after it"), 5, digits=1),
    Must(
        "configure() over sentry_sdk.init(), ms",
        _difference(_start("import otel_sentry, configure()"), _start("import sentry_sdk, sentry_sdk.init()")),
        150,
        digits=0,
    ),
)
"""Issue by issue, in the order of their table."""
