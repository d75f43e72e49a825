"""The propagation, baggage, sampling and DSC cases of sentry-python's and sentry-javascript's own test-suites.

`cases/*.json` holds their inputs and expected values, and the reason for each case that does not apply.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from otel_sentry.otel.propagation_rules import propagation_rules
from otel_sentry.propagation.baggage import Member, merged_baggage, parse_baggage, render_baggage
from otel_sentry.propagation.continuation import continues
from otel_sentry.propagation.decision import decide, valid_rate
from otel_sentry.propagation.dsc import DscSource, continued_dsc, head_dsc
from otel_sentry.propagation.environment import carrier_from_environment
from otel_sentry.propagation.sample_numbers import parsed_sample_rate
from otel_sentry.propagation.sample_rand import derived_sample_rand
from otel_sentry.propagation.sentry_trace import format_sentry_trace, parse_sentry_trace
from otel_sentry.propagation.targets import address_of, matches
from otel_sentry.propagation.trace import IncomingTrace
from otel_sentry.settings.settings import Settings

FOLDER = Path(__file__).parent / "cases"


def whole(file: str) -> dict[str, Any]:
    """One file of cases."""
    content: dict[str, Any] = json.loads((FOLDER / f"{file}.json").read_text("utf-8"))
    return content


def cases(file: str, table: str) -> list[Any]:
    """The rows of one table, named by what they show."""
    return [pytest.param(row, id=f"{row['from'].split()[0]}: {row['name']}") for row in whole(file)[table]]


def incoming(file: str, row: dict[str, Any]) -> IncomingTrace | None:
    """What the caller of a case said; None if there is no caller."""
    content = whole(file)
    if row["dsc"] is None:
        return None
    return IncomingTrace(int(content["trace_id"], 16), int(content["span_id"], 16), row["flag"], row["dsc"])


def joined(header: str | list[str]) -> str:
    """Several headers as HTTP joins them."""
    return header if isinstance(header, str) else ",".join(header)


@pytest.mark.parametrize("case", cases("sentry_trace", "parse"))
def test_parse_sentry_trace(case: dict[str, Any]) -> None:
    """A header is read, or ignored, as the peers' suites say."""
    found = parse_sentry_trace(case["header"])

    if case["trace_id"] is None:
        assert found is None
    else:
        assert found == (int(case["trace_id"], 16), int(case["span_id"], 16), case["sampled"])


@pytest.mark.parametrize("case", cases("sentry_trace", "format"))
def test_format_sentry_trace(case: dict[str, Any]) -> None:
    """A header is written as the peers' suites say."""
    assert case["header"] == format_sentry_trace(int(case["trace_id"], 16), int(case["span_id"], 16), case["sampled"])


@pytest.mark.parametrize("case", cases("baggage", "parse"))
def test_parse_baggage(case: dict[str, Any]) -> None:
    """Sentry's members and everyone else's are told apart as the peers' suites say."""
    found = parse_baggage(joined(case["header"]))

    assert case["sentry"] == found.sentry
    assert case["foreign"] == {key: [member.value, member.properties] for key, member in found.foreign.items()}


@pytest.mark.parametrize("case", cases("baggage", "render"))
def test_render_baggage(case: dict[str, Any]) -> None:
    """The members of a written header are those that the peers' suites expect."""
    foreign = [Member(key, *rest) for key, rest in case["foreign"].items()]
    text, dropped = render_baggage(case["sentry"], foreign)

    assert sorted(case["members"]) == sorted(filter(None, text.split(",")))
    assert dropped == 0


@pytest.mark.parametrize("case", cases("baggage", "merge"))
def test_merge_baggage(case: dict[str, Any]) -> None:
    """What is already on a request and what is to be sent become one header as the peers' suites say."""
    new = parse_baggage(case["new"])
    text, _ = render_baggage(*merged_baggage(joined(case["there"]), new.sentry, new.foreign.values()))
    members = text.split(",")

    assert set(case["contains"]) <= set(members)
    assert not set(case["lacks"]) & set(members)
    assert len(members) == len(case["contains"])


@pytest.mark.parametrize("case", cases("sampling", "decide"))
def test_decide(case: dict[str, Any]) -> None:
    """A trace is kept or dropped as the peers' suites say."""
    answer = float("nan") if case.get("sampler_is_nan") else case.get("sampler")
    verdict = decide(
        trace_id=int(whole("sampling")["trace_id"], 16),
        incoming=incoming("sampling", case),
        rate=case["rate"],
        sampler=(lambda _: answer) if "sampler" in case else None,
    )

    assert verdict.sampled is case["sampled"]
    assert (verdict.failure is not None) is case.get("failure", False)
    assert case.get("sample_rand", verdict.sample_rand) == verdict.sample_rand
    low, high = case.get("sample_rand_in", (0.0, 1.0))
    assert low <= verdict.sample_rand < high


@pytest.mark.parametrize("case", cases("sampling", "derived"))
def test_derived_number(case: dict[str, Any]) -> None:
    """The number that decides is the one sentry-python derives from the same trace id."""
    assert case["sample_rand"] == derived_sample_rand(int(case["trace_id"], 16))


@pytest.mark.parametrize("case", cases("sampling", "valid_rate"))
def test_valid_rate(case: dict[str, Any]) -> None:
    """A sampler's answer is a rate, or none, as the peers' suites say."""
    assert case["rate"] == valid_rate(case["answer"])


@pytest.mark.parametrize("case", cases("sampling", "rate_text"))
def test_rate_text(case: dict[str, Any]) -> None:
    """A rate in baggage is read, or ignored, as the peers' suites say."""
    assert case["rate"] == parsed_sample_rate(case["text"])


def differences(expected: dict[str, str | None], found: dict[str, str]) -> dict[str, Any]:
    """Members that are not as expected; `*` stands for any text, None for absent."""
    return {
        key: (value, found.get(key))
        for key, value in expected.items()
        if (value == "*" and key not in found) or (value != "*" and found.get(key) != value)
    }


@pytest.mark.parametrize("case", cases("dsc", "head"))
def test_head_dsc(case: dict[str, Any]) -> None:
    """The context of a trace that begins here has the members that the peers' suites expect."""
    trace_id = int(whole("dsc")["trace_id"], 16)
    verdict = None if case["rate"] is None else decide(trace_id=trace_id, incoming=None, rate=case["rate"])
    found = head_dsc(
        DscSource(**case["source"]),
        trace_id=trace_id,
        verdict=verdict,
        transaction=case["transaction"],
        transaction_source=case["source_of_name"],
    )

    assert differences(case["expect"], found) == {}
    if case.get("only"):
        assert set(case["expect"]) == set(found)


@pytest.mark.parametrize("case", cases("dsc", "continued"))
def test_continued_dsc(case: dict[str, Any]) -> None:
    """A caller's context goes on as the peers' suites say."""
    caller = incoming("dsc", case)
    assert caller is not None
    verdict = decide(
        trace_id=caller.trace_id,
        incoming=caller,
        rate=case.get("rate"),
        sampler=(lambda _: case["sampler"]) if "sampler" in case else None,
    )
    found = dict(continued_dsc(caller, verdict))

    assert differences(case["expect"], found) == {}
    assert set(case["expect"]) == set(found)


@pytest.mark.parametrize("case", cases("dsc", "undecided"))
def test_context_where_no_spans_go_to_sentry(case: dict[str, Any]) -> None:
    """Where nothing is decided a caller's context goes on as it came."""
    caller = incoming("dsc", case)
    assert caller is not None

    assert case["expect"] == continued_dsc(caller, None)


@pytest.mark.parametrize("case", cases("continuation", "cases"))
def test_continuation(case: dict[str, Any]) -> None:
    """A trace is continued or refused as the peers' suites say."""
    assert case["continues"] is continues(case["caller"], case["own"], strict=case["strict"])


@pytest.mark.parametrize("case", cases("continuation", "dsn_and_setting"))
def test_own_organisation(case: dict[str, Any]) -> None:
    """The organisation is the setting's, else the DSN's."""
    rules = propagation_rules(Settings.from_env({}, dsn=case["dsn"], org_id=case["org_id"]))

    assert case["own"] == rules.source.org_id


@pytest.mark.parametrize("case", cases("targets", "matches"))
def test_targets(case: dict[str, Any]) -> None:
    """An address is a target as sentry-python's suite says."""
    assert case["matches"] is matches(case["url"], case["targets"])


@pytest.mark.parametrize("case", cases("targets", "sentry"))
def test_never_to_sentry(case: dict[str, Any]) -> None:
    """Sentry's own host gets no headers, whatever the scheme."""
    rules = propagation_rules(Settings.from_env({}, dsn=case["dsn"]))

    assert case["admitted"] is rules.admits(address_of(case["url"]))


@pytest.mark.parametrize("case", cases("environment", "cases"))
def test_environment(case: dict[str, Any]) -> None:
    """Variables become a carrier as sentry-python's suite says."""
    assert case["carrier"] == carrier_from_environment(case["environ"])


@pytest.mark.parametrize("file", sorted(path.stem for path in FOLDER.glob("*.json")))
def test_every_exclusion_has_a_reason(file: str) -> None:
    """A case that does not apply says why."""
    assert all(row["from"] and row["name"] and row["reason"].endswith(".") for row in whole(file)["not_applicable"])


def test_the_count_of_cases_is_told() -> None:
    """README.md beside the cases says how many there are of each suite, and how many do not apply."""
    tables = {path.stem: whole(path.stem) for path in sorted(FOLDER.glob("*.json"))}
    lines = [f"| {counted(file, table)} |" for file, table in tables.items()]
    told = (FOLDER / "README.md").read_text(encoding="utf-8")

    assert [line for line in lines if line not in told] == []


def counted(file: str, content: dict[str, Any]) -> str:
    """One row of the README's table."""
    rows = [
        row for name, table in content.items() if isinstance(table, list) and name != "not_applicable" for row in table
    ]
    suites = [[row for row in rows if row["from"].startswith(suite)] for suite in ("python", "javascript")]
    cells = [f"`{file}.json`", *(str(len(found)) for found in suites), str(len(content["not_applicable"]))]
    return " | ".join(cells)
