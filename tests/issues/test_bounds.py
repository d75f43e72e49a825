"""Any event becomes valid and small, and keeps what matters."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from otel_sentry.issues.bounds import MAX_EXCEPTIONS, MAX_FRAMES, MAX_MESSAGE, bound_exceptions
from otel_sentry.protocol.item_kinds import MAX_EVENT_BYTES
from otel_sentry.protocol.json_text import dumps


def frame(function: str = "f", **further: Any) -> dict[str, Any]:
    return {"function": function, "filename": "x.py", "lineno": 1, "context_line": "code", **further}


def value(message: str = "boom", frames: list[dict[str, Any]] | None = None, **further: Any) -> dict[str, Any]:
    made: dict[str, Any] = {"type": "ValueError", "value": message, "module": None, **further}
    return made if frames is None else {**made, "stacktrace": {"frames": frames}}


def bounded(*values: Any) -> list[dict[str, Any]]:
    """The values of an event after it was bounded, which must fit."""
    event = {"exception": {"values": list(values)}}
    size = bound_exceptions(event)

    assert size <= MAX_EVENT_BYTES * 0.7
    assert abs(len(dumps(event)) - size) < 100
    return event["exception"]["values"]


def test_small_events_stay_as_they_are() -> None:
    """An ordinary event is not touched."""
    ordinary = value(frames=[frame(vars={"a": "1", "b": ["x", {"c": None}]}, pre_context=["one", "two"])])

    assert bounded(ordinary) == [
        value(frames=[frame(vars={"a": "1", "b": ["x", {"c": None}]}, pre_context=["one", "two"])])
    ]


def test_long_message() -> None:
    """Five megabytes of message become what Sentry keeps of them."""
    (found,) = bounded(value("m" * 5_000_000))

    assert len(found["value"]) == MAX_MESSAGE


def test_many_frames() -> None:
    """The oldest and the newest frames stay, and what is missing is said."""
    (found,) = bounded(value(frames=[frame(f"f{number}", vars={"n": "x" * 100}) for number in range(1000)]))
    functions = [one["function"] for one in found["stacktrace"]["frames"]]

    assert len(functions) == MAX_FRAMES
    assert (functions[0], functions[39], functions[40], functions[-1]) == ("f0", "f39", "f940", "f999")
    assert found["stacktrace"]["frames_omitted"] == [40, 940]


def test_large_locals() -> None:
    """Each local and each frame's locals are cut; small neighbours survive."""
    large = {"big": "x" * 5_000_000, "small": "1", "nested": [["y" * 10_000] * 50] * 50, "number": 7}
    (found,) = bounded(value(frames=[frame(vars=large)]))
    kept = found["stacktrace"]["frames"][0]["vars"]

    assert (len(kept["big"]), kept["small"], kept["number"]) == (900, "1", 7)
    assert kept["nested"][0][0].startswith("yyy")


def test_many_locals() -> None:
    """A frame with a thousand locals keeps the first ones."""
    (found,) = bounded(value(frames=[frame(vars={f"name{number}": "v" * 500 for number in range(1000)})]))
    kept = found["stacktrace"]["frames"][0]["vars"]

    assert kept["name0"] == "v" * 500
    assert kept["…"] == "…"
    assert len(kept) < 30


def test_long_source_lines() -> None:
    """Generated code has lines of any length."""
    (found,) = bounded(value(frames=[frame(pre_context=["p" * 100_000], context_line="c" * 100_000)]))
    kept = found["stacktrace"]["frames"][0]

    assert (len(kept["pre_context"][0]), len(kept["context_line"])) == (512, 512)


def test_many_exceptions() -> None:
    """Of a chain of thousands the oldest and the newest stay; the last one is what the issue is about."""
    found = bounded(*[value(str(number)) for number in range(5000)])

    assert len(found) == MAX_EXCEPTIONS
    assert (found[0]["value"], found[19]["value"], found[20]["value"], found[-1]["value"]) == (
        "0",
        "19",
        "4970",
        "4999",
    )


def test_everything_at_once() -> None:
    """When that is still too much, locals and source of causes go first; the last exception keeps its frames."""
    frames = [frame(f"f{n}", vars={"v": "x" * 800, "w": "y" * 800}, pre_context=["p" * 500] * 5) for n in range(90)]
    found = bounded(*[value(str(number), [dict(one) for one in frames]) for number in range(50)])

    assert all("vars" not in one for one in found[0]["stacktrace"]["frames"])
    assert found[-1]["stacktrace"]["frames"][-1]["function"] == "f89"


@pytest.mark.parametrize(
    "odd",
    [
        pytest.param({"value": None, "type": None}, id="no type and value"),
        pytest.param({"value": "lone \ud800 surrogate", "type": "E"}, id="lone surrogate"),
        pytest.param({"type": "E", "value": "v", "stacktrace": None}, id="no stack trace"),
        pytest.param(
            {"type": "E", "value": "v", "stacktrace": {"frames": [frame(vars={"\udfff": 2**70})]}}, id="locals"
        ),
    ],
)
def test_odd_values(odd: dict[str, Any]) -> None:
    """What JSON cannot carry is replaced, what is missing stays missing."""
    (found,) = bounded(odd)

    assert found["type"]
    assert isinstance(found["value"], str)


@pytest.mark.parametrize(
    "event", [{}, {"exception": None}, {"exception": {"values": None}}], ids=["no", "none", "empty"]
)
def test_events_without_exceptions(event: dict[str, Any]) -> None:
    """They are left alone."""
    assert bound_exceptions(event) == 0


LOCALS = st.dictionaries(
    st.text(max_size=5),
    st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=9), st.lists(st.text(max_size=3), max_size=3)),
    max_size=3,
)
VALUES = st.builds(lambda message, found: value(message, [frame(vars=found)]), st.text(max_size=9), LOCALS)


@settings(max_examples=60, deadline=None)
@given(st.lists(VALUES, max_size=3))
def test_any_event_becomes_json(values: list[dict[str, Any]]) -> None:
    """Whatever the locals hold, the event can be written."""
    event = {"exception": {"values": values}}
    bound_exceptions(event)

    assert dumps(event)
