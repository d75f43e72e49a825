"""Exceptions that refuse to be shown, run in circles, or are far too large: still one valid, bounded event."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import pytest
import sentry_sdk

from otel_sentry.protocol.item_kinds import MAX_EVENT_BYTES
from otel_sentry.protocol.json_text import dumps
from tests.relay import relay_notes

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.issues.lab import Lab


class SilentError(Exception):
    def __str__(self) -> str:
        raise RuntimeError("no text")

    __repr__ = __str__


class ShyError(Exception):
    def __repr__(self) -> str:
        raise RuntimeError("no repr")

    def __str__(self) -> str:
        return "shown"


class EvasiveError(Exception):
    def __getattr__(self, name: str) -> object:
        raise RuntimeError(f"no {name}")


class PickyError(Exception):
    def __new__(cls, *arguments: object) -> PickyError:  # noqa: PYI034  on purpose
        if len(arguments) != 2:
            raise TypeError("two, please")
        return super().__new__(cls, *arguments)


class Unshowable:
    def __repr__(self) -> str:
        raise RuntimeError("no repr")


class Huge:
    def __repr__(self) -> str:
        return "x" * 5_000_000


def silent() -> None:
    raise SilentError


def shy() -> None:
    raise ShyError


def evasive() -> None:
    raise EvasiveError("boom")


def picky() -> None:
    raise PickyError(1, 2)


def cyclic() -> None:
    first, second = ValueError("first"), KeyError("second")
    first.__cause__, second.__cause__ = second, first
    raise first


def its_own_cause() -> None:
    error = ValueError("boom")
    error.__cause__ = error
    raise error


def recursion() -> None:
    recursion()


def long_message() -> None:
    raise ValueError("m" * 5_000_000)


def exploding_locals() -> None:
    unshowable, huge = Unshowable(), Huge()
    many = {f"name {number}": "v" * 10_000 for number in range(1000)}
    nested: Any = "deep"
    for _ in range(1000):
        nested = [nested] * 2
    raise ValueError(f"{len(many)} {type(unshowable)} {type(huge)} {len(nested)}")


def odd_text() -> None:
    lone = "\ud800"
    raise ValueError(f"lone {lone} surrogate, nul \x00, \U0001f600")


def odd_notes() -> None:
    error = ValueError("boom")
    error.__notes__ = 7  # type: ignore[attr-defined,unused-ignore]
    raise error


def long_chain() -> None:
    latest: ValueError | None = None
    for number in range(1000):
        try:
            raise ValueError(number) from latest
        except ValueError as error:
            latest = error
    raise ValueError("last") from latest


def wide_group() -> None:
    raise ExceptionGroup("wide", [ValueError(number) for number in range(3000)])  # noqa: F821


def deep_group() -> None:
    error: Exception = ValueError("leaf")
    for number in range(500):
        error = ExceptionGroup(f"level {number}", [error])  # noqa: F821
    raise error


SINGLE = [
    silent,
    shy,
    evasive,
    picky,
    cyclic,
    its_own_cause,
    recursion,
    long_message,
    exploding_locals,
    odd_text,
    odd_notes,
    long_chain,
]
GROUPS = [wide_group, deep_group] if sys.version_info >= (3, 11) else []


GIVEN_UP = [evasive, *GROUPS[1:], *([] if sentry_sdk.VERSION.startswith("2.") else [long_chain])]
"""What `capture_exception` makes no event of."""


def in_a_span(lab: Lab, work: Callable[[], None]) -> None:
    """Let the exception leave two spans."""
    try:
        with lab.tracer.start_as_current_span("root"), lab.tracer.start_as_current_span("inner"):
            work()
    except Exception:  # noqa: BLE001, S110  whatever it is
        pass


def in_text(lab: Lab, work: Callable[[], None]) -> None:
    """Have it recorded by hand, and gone when the span ends."""
    with lab.tracer.start_as_current_span("root") as root:
        try:
            work()
        except Exception as error:  # noqa: BLE001  whatever it is
            try:
                root.record_exception(error)
            except RuntimeError:
                root.add_event("exception", {"exception.type": type(error).__qualname__})


def by_sentry_sdk(lab: Lab, work: Callable[[], None]) -> None:
    """Have sentry-sdk capture it."""
    with lab.tracer.start_as_current_span("root"):
        try:
            work()
        except Exception as error:  # noqa: BLE001  whatever it is
            sentry_sdk.capture_exception(error)


@pytest.mark.parametrize("way", [in_a_span, in_text, by_sentry_sdk], ids=lambda way: way.__name__)
@pytest.mark.parametrize("work", [*SINGLE, *GROUPS], ids=lambda work: work.__name__)
def test_one_valid_bounded_event(lab: Lab, work: Callable[[], None], way: Callable[..., None]) -> None:
    """One event that fits and that Relay takes without an error."""
    if way is by_sentry_sdk and work in GIVEN_UP:
        pytest.skip("sentry-sdk itself gives up on these")
    way(lab, work)
    event = lab.event()
    errors = [note for note in relay_notes(event) if "!" not in note]

    assert errors == []
    assert len(dumps(event)) < MAX_EVENT_BYTES
    assert event["exception"]["values"][-1]["type"]
