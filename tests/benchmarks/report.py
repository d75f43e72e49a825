"""Writes the measured part of the performance page and its chart from saved records."""

from __future__ import annotations

import json
import platform
import statistics
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Final

from tests.benchmarks import musts
from tests.benchmarks.chart import Bar, bar_chart
from tests.benchmarks.peers.catalogue import PEERS
from tests.benchmarks.process import CHECKOUT
from tests.benchmarks.sections.catalogue import SECTIONS
from tests.benchmarks.sections.section import grouped

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from tests.benchmarks.sections.section import Record

PAGE: Final = CHECKOUT / "docs" / "explanation" / "performance.md"
CHART: Final = CHECKOUT / "docs" / "images" / "performance.svg"
BEGIN: Final = "<!-- measured: begin -->\n"
END: Final = "<!-- measured: end -->\n"
VERSIONS_OF: Final = ("otel-sentry", "opentelemetry-sdk", "sentry-sdk", "logfire", "orjson", "zstandard", "urllib3")


def write(saved: Path) -> None:
    """Replace what is between the markers of the page, and the chart."""
    records = [json.loads(line) for line in saved.read_text().splitlines()]
    before, _, rest = PAGE.read_text().partition(BEGIN)
    _, _, after = rest.partition(END)
    PAGE.write_text(f"{before}{BEGIN}{measured(records)}{END}{after}")
    CHART.parent.mkdir(parents=True, exist_ok=True)
    CHART.write_text(chart(records))


def measured(records: Sequence[Record]) -> str:
    """Return the measured part of the page: where, and one heading per section."""
    by_section = grouped(records, "section")
    parts = [f"{_where()}\n", f"## What must be reached\n\n{musts.table(records)}"]
    for section in SECTIONS.values():
        found = by_section.get((section.name,), [])
        if found:
            parts.append(f"## {section.title}\n\n{section.introduction}\n\n{section.render(found)}")
    return "\n".join(parts)


def chart(records: Sequence[Record]) -> str:
    """Return the chart: total CPU of each peer for paced web requests, which none of them loses, as SVG."""
    paced = [record for record in records if record["section"] == "costs" and record["workload"] == "paced"]
    by_peer = grouped(paced, "peer")
    bars = [
        Bar(
            PEERS[peer].title.replace("*", "").replace("`", ""),
            statistics.median(record["total"] for record in by_peer[(peer,)]),
            statistics.median(record["application"] for record in by_peer[(peer,)]),
            ours="ours" in PEERS[peer].module,
        )
        for peer in PEERS
        if (peer,) in by_peer
    ]
    return bar_chart("CPU per span, web requests at 100/s; 1 = OpenTelemetry without an exporter", bars)


def _where() -> str:
    versions = ", ".join(f"{name} {found}" for name in VERSIONS_OF if (found := _version(name)))
    return (
        f"Python {platform.python_version()} on {platform.system()} {platform.machine()}, two cores; {versions}. "
        "Median, with smallest and largest in brackets."
    )


def _version(distribution: str) -> str:
    try:
        return version(distribution)
    except PackageNotFoundError:
        return ""
