"""The `baggage` header: laws of reading and writing, limits, hostile input."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otel_sentry.propagation.baggage import (
    MAX_BYTES,
    MAX_MEMBERS,
    Baggage,
    Member,
    encoded,
    merged_baggage,
    parse_baggage,
    render_baggage,
)

HEADER = re.compile(r"[!-~]*")
"""What a baggage header may hold besides blanks: printable ASCII."""

keys = st.text("abcdefghijklmnopqrstuvwxyz_0123456789.", min_size=1, max_size=20)
values = st.text(max_size=40)
contexts = st.dictionaries(keys, values, max_size=8)
texts = st.text(st.characters(exclude_categories=("Cs",)), max_size=40)


@given(contexts, st.dictionaries(keys, texts, max_size=8))
def test_what_is_written_is_read(sentry: dict[str, str], foreign: dict[str, str]) -> None:
    """Reading undoes writing, whatever the values hold."""
    text, dropped = render_baggage(sentry, [Member(key, value) for key, value in foreign.items()])
    found = parse_baggage(text)

    assert dropped == 0
    assert {key: value.encode("utf-8", "replace").decode() for key, value in sentry.items()} == found.sentry
    assert foreign == {key: member.value for key, member in found.foreign.items()}


@given(st.text())
def test_any_text_is_read_without_harm(text: str) -> None:
    """No header raises, and what it held goes out again only as a valid header."""
    found = parse_baggage(text)
    rendered = render_baggage(found.sentry, found.foreign.values())

    assert HEADER.fullmatch(rendered.text)
    assert parse_baggage(rendered.text).sentry == found.sentry


@given(st.dictionaries(keys, st.text(max_size=3000), max_size=200), contexts)
def test_limits_hold(foreign: dict[str, str], sentry: dict[str, str]) -> None:
    """A header never exceeds W3C's limits, and what is missing is counted."""
    text, dropped = render_baggage(sentry, [Member(key, value) for key, value in foreign.items()])
    members = text.split(",") if text else []

    assert len(text) <= MAX_BYTES
    assert len(members) <= MAX_MEMBERS
    assert len(members) + dropped == len(sentry) + len(foreign)


@given(contexts, st.lists(st.tuples(keys, texts), max_size=6))
def test_rendering_its_own_output_again_changes_nothing(sentry: dict[str, str], foreign: list[tuple[str, str]]) -> None:
    """Injecting twice is injecting once: members are merged by key."""
    once = render_baggage(sentry, list({key: Member(key, value) for key, value in foreign}.values())).text
    again = parse_baggage(once)

    assert once == render_baggage(*merged_baggage(once, again.sentry, again.foreign.values())).text


@pytest.mark.parametrize(
    ("header", "sentry", "foreign"),
    [
        pytest.param("a=1\r\nSet-Cookie: x,b=2", {}, {"b": "2"}, id="CRLF"),
        pytest.param("a=1\x00,b=2", {}, {"b": "2"}, id="NUL"),
        pytest.param("a\x7f=1,b=2", {}, {"b": "2"}, id="DEL in a key"),
        pytest.param("a=%zz,b=%,c=%4,d=2", {}, {"d": "2"}, id="invalid percent-encoding"),
        pytest.param("sentry-release=%ff", {"release": "\ufffd"}, {}, id="percent-encoded bytes that are no UTF-8"),
        pytest.param("a=1,a=2,sentry-x=1,sentry-x=2", {"x": "2"}, {"a": "2"}, id="duplicates: the last one counts"),
        pytest.param("sentry-=1,=2,sentry-x", {}, {}, id="no key or no value"),
        pytest.param("%73entry-trace_id=1", {}, {}, id="Sentry's prefix in disguise"),
        pytest.param("%20=1", {}, {}, id="a key of blanks"),
        pytest.param("Sentry-x=1", {}, {"Sentry-x": "1"}, id="the prefix is lower case"),
        pytest.param(
            "a=x+y,sentry-a=x+y", {"a": "x+y"}, {"a": "x y"}, id="plus is a blank in OpenTelemetry for Python"
        ),
        pytest.param("a=\x80ü,b=1", {}, {"a": "\x80ü", "b": "1"}, id="bytes beyond ASCII as latin-1"),
        pytest.param("a=%0d%0a", {}, {"a": "\r\n"}, id="encoded line break"),
        pytest.param("a=x%0d%0ay", {}, {"a": "x\r\ny"}, id="encoded line break inside"),
    ],
)
def test_hostile_members(header: str, sentry: dict[str, str], foreign: dict[str, str]) -> None:
    """A member that cannot be read is dropped whole, its neighbours are not."""
    found = parse_baggage(header)

    assert sentry == found.sentry
    assert foreign == {key: member.value for key, member in found.foreign.items()}


@pytest.mark.parametrize(
    "header",
    [
        pytest.param("x" * 1_000_000, id="one long word"),
        pytest.param("a=" + "x" * 1_000_000, id="one long member"),
        pytest.param("," * 1_000_000, id="commas"),
        pytest.param("a=b;" + "c;" * 500_000, id="properties"),
        pytest.param("a=" + "%" * 1_000_000, id="percent signs"),
    ],
)
def test_one_megabyte_of_nothing(header: str) -> None:
    """A header of 1 MB without a usable member is read as empty."""
    found = parse_baggage(header)

    assert (found.sentry, found.foreign) == ({}, {})


def test_one_megabyte_of_members_is_cut() -> None:
    """Of too many members the first that fit are kept; Sentry's have room of their own."""
    foreign = ",".join(f"k{number}={number}" for number in range(200))
    found = parse_baggage(f"{foreign},sentry-trace_id=1," + foreign * 100)

    assert len(found.foreign) == MAX_MEMBERS
    assert found.sentry == {"trace_id": "1"}
    assert found.dropped > 0


def test_bytes_of_foreign_members_are_limited() -> None:
    """Foreign members beyond 8,192 bytes are not taken over."""
    found = parse_baggage("a=" + "x" * 5000 + ",b=" + "x" * 5000 + ",c=1")

    assert list(found.foreign) == ["a", "c"]
    assert found.dropped == 1


def test_the_least_important_goes_first() -> None:
    """Labels of Sentry's go before foreign members, those before what decides the trace."""
    sentry = {"transaction": "t" * 3000, "release": "r" * 3000, "trace_id": "1", "sampled": "true", "extra": "e" * 3000}
    foreign = [Member("first", "f" * 3000), Member("second", "s" * 3000)]
    found = parse_baggage(render_baggage(sentry, foreign).text)

    assert set(found.sentry) == {"trace_id", "sampled"}
    assert list(found.foreign) == ["first", "second"]


def test_transaction_goes_before_release() -> None:
    """Of Sentry's labels the transaction is the first to go."""
    text, dropped = render_baggage({"transaction": "t" * 5000, "release": "r" * 5000}, [])

    assert text == "sentry-release=" + "r" * 5000
    assert dropped == 1


def test_the_decision_survives_a_flood_of_foreign_members() -> None:
    """64 foreign members do not push out what decides the trace."""
    sentry = {"trace_id": "1", "public_key": "k", "sampled": "true", "environment": "e"}
    text, dropped = render_baggage(sentry, [Member(f"k{number}", "v") for number in range(MAX_MEMBERS)])
    found = parse_baggage(text)

    assert set(found.sentry) == {"trace_id", "public_key", "sampled"}
    assert len(found.foreign) == MAX_MEMBERS - 3
    assert dropped == 4


def test_foreign_members_cannot_claim_the_prefix() -> None:
    """What calls itself Sentry's in OpenTelemetry's baggage is never sent."""
    rendered = render_baggage({"trace_id": "1"}, [Member("sentry-trace_id", "2"), Member("", "3")])

    assert rendered == ("sentry-trace_id=1", 0)


def test_properties_survive() -> None:
    """Properties go out as they came, without those that may not be sent."""
    found = parse_baggage('a=1;p=2; q ;"bad";;r=3')

    assert render_baggage({}, found.foreign.values()).text == "a=1;p=2;q;r=3"


def test_lone_surrogates_are_replaced() -> None:
    """A value that no encoding can hold is sent with question marks."""
    assert encoded("a\ud800b") == "a%3Fb"


def test_no_header_is_an_empty_one() -> None:
    """Nothing comes of nothing."""
    assert parse_baggage(None) == Baggage()
    assert render_baggage({}, []) == ("", 0)
