"""An examination as text and as JSON. Pure."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict
from typing import TYPE_CHECKING, Final

from otel_sentry._version import __version__
from otel_sentry.doctor.checks.answers import limits_in_words, meaning
from otel_sentry.doctor.finding import Finding, Weight
from otel_sentry.protocol import json_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from otel_sentry.doctor.examination import Examination
    from otel_sentry.doctor.explain import Explanation
    from otel_sentry.facts.facts import Facts

_MARKS: Final = {Weight.ERROR: "✖", Weight.WARNING: "!", Weight.NOTE: "·"}


def report_text(seen: Examination, *, brief: bool = False) -> str:
    """The report as people read it.

    Args:
        seen: the examination.
        brief: findings and answers only.
    """
    sections = [] if brief else list(_facts(seen.facts))
    sections += [("Sentry's answers", _answers(seen)), ("Explained", _explained(seen.explanations))]
    shown = [f"{title}\n" + "".join(f"  {line}\n" for line in lines) for title, lines in sections if lines]
    return "\n".join([*shown, _findings(seen.findings)])


def report_json(seen: Examination) -> str:
    """The report for scripts, one object."""
    document = {
        "otel_sentry": __version__,
        "healthy": not errors_in(seen.findings),
        "findings": [{**asdict(one), "weight": one.weight.value} for one in seen.findings],
        "answers": [
            {**asdict(one), "meaning": meaning(one), "limits": limits_in_words(one), "skew_seconds": one.skew_seconds}
            for one in seen.answers
        ],
        "stored": [asdict(one) for one in seen.stored],
        "explanations": [asdict(one) for one in seen.explanations],
        "trace_id": seen.trace_id,
        "facts": asdict(seen.facts),
    }
    return json_text.dumps(document).decode() + "\n"


def errors_in(findings: Iterable[Finding]) -> int:
    """How many findings say that telemetry does not arrive."""
    return sum(finding.weight is Weight.ERROR for finding in findings)


def _facts(facts: Facts) -> Iterator[tuple[str, list[str]]]:
    chosen = [one for one in facts.settings if one.value and one.origin != "default"]
    width = max((len(one.name) for one in chosen), default=0)
    yield "Settings", [f"{one.name:<{width}}  {one.value}  ({one.origin})" for one in chosen]
    yield "Who does what", list(_parts(facts)) if facts.provider.owner else []
    yield "Books", [_book(one) for one in _books(facts)]


def _parts(facts: Facts) -> Iterator[str]:
    process, provider, sdk = facts.process, facts.provider, facts.sdk
    hosts = f", {', '.join(process.hosts)}" if process.hosts else ""
    yield f"process       {process.pid}, Python {process.python}{hosts}: {process.command}"
    yield f"provider      {provider.owner}, service {provider.service or 'without name'}"
    yield f"sampler       {provider.sampler or 'none'}"
    yield from _listed("processors", provider.processors)
    yield from _listed("propagators", facts.propagators)
    for signal, names in facts.exporters.items():
        yield f"{signal:<12}  {', '.join(names) or 'to nobody'}"
    if sdk.active:
        yield f"sentry-sdk    {sdk.version}, client to {sdk.dsn or 'nobody'}, transport {sdk.transport or 'none'}"
        yield f"              integrations: {', '.join(sdk.integrations) or 'none'}"
    yield f"instrumented  {', '.join(facts.packages.turned_on) or 'nothing'}"


def _listed(title: str, names: tuple[str, ...]) -> Iterator[str]:
    for number, name in enumerate(names or ("none",)):
        yield f"{title if number == 0 else '':<12}  {name}"


def _books(facts: Facts) -> list[tuple[str, str, str, str, str]]:
    if not facts.books:
        return []
    heading = ("category", "created", "delivered", "waiting", "dropped")
    rows = [
        (
            book.category,
            str(book.created),
            str(book.delivered),
            str(book.pending),
            ", ".join(f"{number} {reason}" for reason, number in book.dropped.items()) or "0",
        )
        for book in facts.books
    ]
    return [heading, *rows]


def _book(row: tuple[str, str, str, str, str]) -> str:
    return f"{row[0]:<18}  {row[1]:>9}  {row[2]:>9}  {row[3]:>9}  {row[4]}"


def _answers(seen: Examination) -> list[str]:
    lines = []
    for answer in seen.answers:
        lines.append(f"{answer.kind:<7}  {meaning(answer)}")
        lines += [f"         {limit}" for limit in limits_in_words(answer)]
    for one in seen.stored:
        what = f"stored, seen after {one.seconds:.0f} s" if one.found else f"not found ({one.status or one.detail})"
        lines.append(f"{one.kind:<7}  {what}")
    return [*lines, *([f"trace    {seen.trace_id}"] if lines else [])]


def _explained(explanations: Iterable[Explanation]) -> list[str]:
    lines: list[str] = []
    for one in explanations:
        lines += [one.question, f"  {one.answer}", *(f"  - {reason}" for reason in one.reasons)]
    return lines


def _findings(findings: tuple[Finding, ...]) -> str:
    lines = []
    for one in findings:
        lines.append(f"{_MARKS[one.weight]} {one.cause}  [{one.code}]\n")
        lines += [f"  → {one.remedy}\n"] if one.remedy else []
    counts = Counter(one.weight for one in findings)
    told = ", ".join(f"{counts[weight]} {weight.value}{'s' if counts[weight] != 1 else ''}" for weight in Weight)
    return "".join(lines) + ("\n" if lines else "") + f"{told}.\n"
