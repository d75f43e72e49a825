"""Attributes, events and trees without secrets."""

from __future__ import annotations

import uuid
from collections import OrderedDict
from types import MappingProxyType
from typing import Any

import pytest

from otel_sentry.masking.mark import MASK
from otel_sentry.masking.mask import MAX_CLEAN, SecretMask
from otel_sentry.masking.names import Holds


class Shown:
    def __init__(self, text: str) -> None:
        self._text = text

    def __repr__(self) -> str:
        if not self._text:
            raise RuntimeError
        return self._text


class Annotated:
    metadata: dict[str, Any] = {}  # noqa: RUF012 - as sentry-sdk has it

    def __repr__(self) -> str:
        return "Annotated(password='hunter2')"


@pytest.mark.parametrize(
    ("name", "typed", "masked"),
    [
        pytest.param("a", {"type": "string", "value": "x"}, {"type": "string", "value": "x"}, id="clean"),
        pytest.param("password", {"type": "string", "value": "x"}, {"type": "string", "value": MASK}, id="name"),
        pytest.param("pin.secret", {"type": "integer", "value": 7}, {"type": "string", "value": MASK}, id="number"),
        pytest.param("is_secret", {"type": "boolean", "value": True}, {"type": "boolean", "value": True}, id="boolean"),
        pytest.param("cookie", {"type": "array", "value": ["a=b"]}, {"type": "array", "value": [MASK]}, id="array"),
        pytest.param(
            "x", {"type": "string", "value": "pwd=abc"}, {"type": "string", "value": f"pwd={MASK}"}, id="text"
        ),
    ],
)
def test_masks_a_typed_attribute(name: str, typed: Any, masked: Any) -> None:
    """What holds a secret becomes text."""
    mask = SecretMask()

    assert mask.attribute(name, typed) == masked
    assert mask.tree({name: typed}) == {name: masked}


def test_says_what_a_name_holds() -> None:
    """The encoder asks once for each shape of span."""
    assert SecretMask().holds("password") is Holds.SECRET


def test_masks_names_too() -> None:
    """A secret may stand in a name."""
    typed = {"type": "integer", "value": 1}

    assert SecretMask().attributes({"password=hunter2": typed}) == {f"password={MASK}": typed}


def test_returns_clean_attributes_as_they_are() -> None:
    """The hot path makes nothing new."""
    typed = {"type": "string", "value": "GET"}

    assert SecretMask().attribute("http.request.method", typed) is typed


@pytest.mark.parametrize(
    ("value", "masked"),
    [
        pytest.param(
            {"password": {"old": "a", "new": ["b", 1]}}, {"password": {"old": MASK, "new": [MASK, MASK]}}, id="below"
        ),
        pytest.param({"argv": ("run", "--password", "x")}, {"argv": ["run", "--password", MASK]}, id="command line"),
        pytest.param(
            [["authorization", "x"], ["host", "y"]], [["authorization", MASK], ["host", "y"]], id="header pairs"
        ),
        pytest.param({"token": "AbCd1234efgh5678"}, {"token": MASK}, id="opaque"),
        pytest.param({"token": ["AbCd1234efgh5678", "USDC"]}, {"token": [MASK, "USDC"]}, id="opaque in a list"),
        pytest.param({"token": {"a": 1}, "session": 7}, {"token": {"a": 1}, "session": 7}, id="opaque, no text"),
        pytest.param({"token": "USDC"}, {"token": "USDC"}, id="coin"),
        pytest.param({"password": None, 1: "pwd=abc"}, {"password": None, 1: f"pwd={MASK}"}, id="odd keys"),
        pytest.param({"pwd=abc": 1.5}, {f"pwd={MASK}": 1.5}, id="secret key"),
        pytest.param({"modules": {"secrets": "1.0"}}, {"modules": {"secrets": "1.0"}}, id="versions of packages"),
        pytest.param(OrderedDict(a={"b"}), {"a": ["b"]}, id="ordered"),
        pytest.param(MappingProxyType({"password": "x"}), {"password": MASK}, id="any mapping"),
        pytest.param({"x": b"pwd=abc"}, {"x": f"pwd={MASK}"}, id="bytes"),
        pytest.param({"x": b"abc"}, {"x": b"abc"}, id="clean bytes"),
        pytest.param({"context_line": None}, {"context_line": None}, id="no source"),
    ],
)
def test_masks_a_tree(value: Any, masked: Any) -> None:
    """Mappings, sequences, names in front of values."""
    assert SecretMask().tree(value) == masked


def test_masks_objects_by_what_they_show() -> None:
    """A clean object stays itself; one that cannot be shown is left to whoever shows it."""
    clean, broken, annotated, number = Shown("Config()"), Shown(""), Annotated(), uuid.UUID(int=1)

    masked = SecretMask().tree([clean, Shown("Config(password='hunter2')"), broken, annotated, number])

    assert masked == [clean, f"Config(password='{MASK}')", broken, annotated, number]


def test_cuts_what_is_too_deep() -> None:
    """A tree that holds itself ends."""
    endless: dict[str, Any] = {"a": 1}
    endless["self"] = endless
    secret: list[Any] = []
    secret.append(secret)

    masked = str(SecretMask().tree({"endless": endless, "password": secret}))

    assert masked.count(MASK) == 2


@pytest.mark.parametrize(
    ("entry", "params"),
    [
        pytest.param({"message": "password=%s", "params": ["a", "b"]}, [MASK, MASK], id="template"),
        pytest.param({"message": "%s", "formatted": "pwd=abc", "params": ("pwd=abc",)}, [MASK], id="formatted"),
        pytest.param({"message": "user %s", "params": ["a"]}, ["a"], id="clean"),
    ],
)
def test_masks_the_parameters_of_a_message_that_names_a_secret(entry: dict[str, Any], params: list[str]) -> None:
    """Nothing tells which of them it is."""
    assert SecretMask().event({"logentry": entry})["logentry"]["params"] == params


@pytest.mark.parametrize(
    ("body", "attributes", "parameter"),
    [
        pytest.param("password=a", {"template": "%s"}, MASK, id="body"),
        pytest.param("x", {"template": "password=%s"}, MASK, id="template"),
        pytest.param("x", {"template": "%s"}, "a", id="clean"),
        pytest.param("password=a", {}, MASK, id="no template"),
    ],
)
def test_masks_the_parameters_of_a_log(body: str, attributes: dict[str, str], parameter: str) -> None:
    """As of an event."""
    own = {name: {"type": "string", "value": text} for name, text in {**attributes, "parameter.0": "a"}.items()}

    masked = SecretMask().log({"body": body, "attributes": own}, "template", "parameter.")

    assert masked["attributes"]["parameter.0"]["value"] == parameter


def test_leaves_a_log_without_attributes() -> None:
    """Nothing is added."""
    assert SecretMask().log({"body": "x"}, "template", "parameter.") == {"body": "x"}


@pytest.mark.parametrize("event", [{}, {"logentry": {"message": "password=%s"}}, {"logentry": None}])
def test_leaves_events_without_parameters(event: dict[str, Any]) -> None:
    """Nothing is added."""
    assert SecretMask().event(event).keys() == event.keys()


def test_remembers_a_bounded_number_of_clean_texts() -> None:
    """And none that is long."""
    mask = SecretMask()
    mask.text("x" * 1000)
    for number in range(MAX_CLEAN + 10):
        mask.text(f"n{number}")

    assert len(mask.clean) == 10


def test_remembers_clean_lines_of_source_apart_from_texts() -> None:
    """A bare word is a variable in a line of source and a secret in a text; what is clean there is not clean here."""
    mask = SecretMask()
    line = "connect(password=chosen)"
    for _ in range(2):
        assert mask.tree({"context_line": line, "value": line}) == {
            "context_line": line,
            "value": f"connect(password={MASK})",
        }
        assert mask.tree({"pre_context": ['key = "sk_live_4eC39HqLyjWDarjtT1zdp7dc"']})["pre_context"] != [line]


def test_remembers_a_bounded_number_of_clean_lines() -> None:
    """Beyond, all are forgotten and learnt anew."""
    mask = SecretMask()
    lines = [f"x = {number}" for number in range(MAX_CLEAN + 1)]

    assert mask.tree({"pre_context": lines})["pre_context"] == lines
    assert len(mask.clean_source) == 1
