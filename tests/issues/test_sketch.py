"""A sketch becomes what `exceptions` gives at once, later, when the frames are gone."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import sentry_sdk

from otel_sentry.issues import live_exception, sketch
from otel_sentry.issues.sdk import SentrySdk

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.issues.lab import Lab

MECHANISM = {"type": "generic", "handled": True}


def plain() -> None:
    amount, items = 7, [1, "a"]
    raise ValueError("boom", amount, items)


def caused() -> None:
    try:
        plain()
    except ValueError as error:
        raise KeyError("k") from error


def in_context() -> None:
    try:
        plain()
    except ValueError:
        raise KeyError("k")  # noqa: B904  the context is the point


def hidden_context() -> None:
    try:
        plain()
    except ValueError:
        raise KeyError("k") from None


def with_notes() -> None:
    error = ValueError("boom")
    error.__notes__ = ["a note"]  # type: ignore[attr-defined,unused-ignore]
    raise error


def with_errno() -> None:
    Path("/does/not/exist").open().close()


def cyclic() -> None:
    first, second = ValueError("first"), KeyError("second")
    first.__cause__, second.__cause__ = second, first
    raise first


def raised(work: Callable[[], None]) -> tuple[BaseException, list[Any]]:
    """The exception of `work`, and its traceback."""
    with pytest.raises(Exception) as caught:  # noqa: PT011  whatever it is
        work()
    return caught.value, live_exception.entries(caught.value.__traceback__)


def made(error: BaseException, entries: list[Any]) -> sketch.Sketch:
    """A sketch of it."""
    found = SentrySdk().sketch(error, entries, MECHANISM)
    assert found is not None
    return found


@pytest.mark.parametrize(
    "work",
    [plain, caused, in_context, hidden_context, with_notes, with_errno, cyclic],
    ids=lambda work: work.__name__,
)
def test_same_as_at_once(lab: Lab, work: Callable[[], None]) -> None:
    """Type, text, mechanism, chain, frames, locals and source."""
    error, entries = raised(work)
    sdk = SentrySdk()

    assert json.loads(json.dumps(sdk.drawn(made(error, entries)))) == json.loads(
        json.dumps(sdk.exceptions(error, entries, MECHANISM))
    )


def test_locals_are_those_of_the_moment(lab: Lab) -> None:
    """What changes after it was taken down does not show."""
    items = [1]
    try:
        plain()
    except ValueError as error:
        found = made(error, live_exception.entries(error.__traceback__))
    items.append(2)
    (value,) = SentrySdk().drawn(found)

    assert value["stacktrace"]["frames"][0]["vars"]["items"] == ["1"]


def test_frames_that_are_left_later(lab: Lab) -> None:
    """Are put before the others."""
    error, entries = raised(plain)
    found = made(error, entries[1:])
    before = found.size
    found.extend(entries[:1])
    (value,) = SentrySdk().drawn(found)

    assert [frame["function"] for frame in value["stacktrace"]["frames"]] == ["raised", "plain"]
    assert found.size > before


def huge_locals() -> None:
    text = "x" * 100_000
    raise ValueError(len(text))


class Surrogate:
    def __repr__(self) -> str:
        return "\ud800"


def text_that_json_cannot_carry() -> None:
    odd = Surrogate()
    raise ValueError(type(odd))


def long_chain() -> None:
    latest: ValueError | None = None
    for number in range(60):
        try:
            raise ValueError(number) from latest
        except ValueError as error:
            latest = error
    raise ValueError("last") from latest


def group() -> None:
    raise ExceptionGroup("both", [ValueError(1)])  # noqa: F821


@pytest.mark.parametrize(
    "work",
    [huge_locals, text_that_json_cannot_carry, long_chain, *([group] if sys.version_info >= (3, 11) else [])],
    ids=lambda work: work.__name__,
)
def test_is_described_at_once(lab: Lab, work: Callable[[], None]) -> None:
    """What has to be cut, long chains and groups."""
    assert SentrySdk().sketch(*raised(work), MECHANISM) is None


NO_LOCALS: dict[str, Any] = (
    {"include_local_variables": False}
    if sentry_sdk.VERSION.startswith("2.")
    else {"data_collection": {"stack_frame_variables": False}}
)


@pytest.mark.parametrize("options", [{"custom_repr": lambda value: "own"}, NO_LOCALS], ids=["own way", "none"])
def test_options_about_locals_hold(new_lab: Any, options: dict[str, Any]) -> None:
    """Whatever way the payload is made, the application's options rule."""
    lab = new_lab(**options)
    with pytest.raises(ValueError, match="boom"), lab.tracer.start_as_current_span("root"):
        plain()
    shown = lab.event()["exception"]["values"][0]["stacktrace"]["frames"][-1].get("vars")

    assert shown == ({"amount": "own", "items": ["own", "own"]} if "custom_repr" in options else None)
