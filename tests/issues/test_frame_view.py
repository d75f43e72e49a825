"""Locals are shown as sentry-sdk itself shows them, whatever they are."""

from __future__ import annotations

import enum
from array import array
from collections import ChainMap, OrderedDict, UserDict, deque
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sentry_sdk.serializer import serialize

from otel_sentry.issues.frame_view import FrameView, Show, TracebackView, shown, unwrap
from otel_sentry.issues.live_exception import entries
from otel_sentry.issues.sdk import SentrySdk

if TYPE_CHECKING:
    from types import TracebackType


class Colour(enum.IntEnum):
    RED = 1


class Own:
    def __init__(self, name: str) -> None:
        self.name = name

    def __repr__(self) -> str:
        return f"Own({self.name!r})"


class Unshowable:
    def __repr__(self) -> str:
        raise RuntimeError("no repr")


class Told:
    def __sentry_repr__(self) -> str:
        return "as told"


class Listed(list[Any]):
    pass


CYCLIC: list[Any] = [1]
CYCLIC.append(CYCLIC)
DEEP: Any = "deep"
for _ in range(8):
    DEEP = [DEEP]

ODD = {
    "own": Own("a"),
    "own in a list": [Own("a"), Unshowable()],
    "unshowable": Unshowable(),
    "told": Told(),
    "told in a tuple": (1, Told()),
    "own list": Listed([1, "a"]),
    "ordered": OrderedDict(a=1, b=Own("b")),
    "user dict": UserDict({"a": 1}),
    "chain map": ChainMap({"a": 1}, {"b": 2}),
    "queue": deque([1, 2]),
    "array": array("i", [1, 2]),
    "odd keys": {(1, 2): 3, Own("k"): 4},
    "cyclic": CYCLIC,
    "deep": DEEP,
    "enum": Colour.RED,
    "date": datetime(2026, 1, 1, tzinfo=timezone.utc),
    "huge integer": 10**5000,
    "bytearray": bytearray(b"abc"),
    "class": Own,
    "wide": {str(number): list(range(30)) for number in range(30)},
    "lone surrogate": "\ud800",
}
PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | st.binary(max_size=10),
    lambda inner: (
        st.lists(inner, max_size=12)
        | st.tuples(inner, inner)
        | st.dictionaries(st.text(max_size=5) | st.integers(), inner, max_size=12)
        | st.frozensets(st.integers(), max_size=12)
    ),
    max_leaves=20,
)


@pytest.fixture
def show() -> Show:
    found = SentrySdk()._show()
    assert found is not None
    return found


def as_sentry_sdk_shows(value: Any) -> Any:
    """What its serialiser makes of a local."""
    return serialize({"value": value}, is_vars=True)["value"]


@pytest.mark.parametrize("value", ODD.values(), ids=ODD)
def test_odd_values(show: Show, value: Any) -> None:
    """Containers of other types, cycles, depth, values that say themselves how they look, and those that cannot."""
    assert shown(value, show) == as_sentry_sdk_shows(value)


@given(PLAIN)
def test_plain_values(value: Any) -> None:
    """Python's own types, nested."""
    show = SentrySdk()._show()

    assert show is not None
    assert shown(value, show) == as_sentry_sdk_shows(value)


def traceback(**more: Any) -> TracebackType:
    """Of one frame, with some locals."""
    amount = 7
    try:
        raise ValueError(amount, more)
    except ValueError as error:
        return error.__traceback__  # type: ignore[return-value]


def test_frame_is_taken_down(show: Show) -> None:
    """Code, line, module and locals; the frame is let go, and its locals with it."""
    entry = traceback(key="v")
    view = FrameView(entry, show)
    frame: dict[str, Any] = {"vars": serialize(dict(view.f_locals), is_vars=True)}
    unwrap([frame])

    assert (view.f_code, view.f_lineno) == (entry.tb_frame.f_code, entry.tb_lineno)
    assert view.f_globals == {"__name__": __name__}
    assert view.shown == frame["vars"] == {"amount": "7", "more": {"key": "'v'"}}


def test_locals_that_the_application_has_a_say_in() -> None:
    """Are handed over as they are."""
    view = FrameView(traceback(), None)

    assert view.f_locals == {"amount": 7, "more": {}}
    assert view.shown is None


def test_locals_that_are_not_wanted(show: Show) -> None:
    """Are not looked at; the mark of a hidden frame is."""
    assert FrameView(traceback(), show._replace(wanted=False)).f_locals == {}
    with pytest.raises(ValueError, match="boom") as caught:
        raise_hidden()
    *_, entry = entries(caught.value.__traceback__)

    assert FrameView(entry, show._replace(wanted=False)).f_locals == {"__tracebackhide__": True}
    assert FrameView(entry, show).f_locals["__tracebackhide__"]


def raise_hidden() -> None:
    """Raise from a frame that hides itself."""
    __tracebackhide__ = True
    raise ValueError("boom")


def test_chain_of_entries(show: Show) -> None:
    """Caller first, to the last one."""
    with pytest.raises(ValueError, match="boom") as caught:
        raise_hidden()
    frames = [FrameView(entry, show) for entry in entries(caught.value.__traceback__)]
    view: TracebackView | None = TracebackView(frames)
    names = []
    while view is not None:
        names.append(view.tb_frame.f_code.co_name)
        view = view.tb_next

    assert names == ["test_chain_of_entries", "raise_hidden"]
